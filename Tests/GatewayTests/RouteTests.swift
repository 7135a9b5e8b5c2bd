import SMTP
import Settings
import Testing

@testable import Gateway

@Suite struct RouteTests {
    private func route(_ text: String) throws -> Route { try Route(text) }

    @Test func conditions() throws {
        let toTwo = try Envelope(from: "ann@Example.org", to: ["bob@a.example.net", "eve@b.example.net"])
        let bounce = try Envelope(from: "", to: ["bob@example.net"])
        #expect(try route("*=a").matches(toTwo, key: nil))
        #expect(try route("key:app=a").matches(toTwo, key: "app"))
        #expect(try !route("key:app=a").matches(toTwo, key: "shop"))
        #expect(try !route("key:app=a").matches(toTwo, key: nil))
        #expect(try route("from:example.org=a").matches(toTwo, key: nil))
        #expect(try !route("from:example.org=a").matches(bounce, key: nil))
        #expect(try route("to:*.example.net=a").matches(toTwo, key: nil))
        #expect(try !route("to:a.example.net=a").matches(toTwo, key: nil))
        #expect(try !route("to:*.example.net=a").matches(bounce, key: nil))
        #expect(try route("to:example.NET = A > b ").relays == ["a", "b"])
    }

    @Test(arguments: [
        "", "a", "=a", "*=", "*=a>", "*=a>a", "from:=a", "from:a@b=c", "to:**.x=a", "who:x=a", "key=a", "*=a=b",
    ]) func whatIsNoRouteNamesTheSetting(_ text: String) {
        let error = #expect(throws: ConfigurationError.self) { try Route(text) }
        #expect(error?.description.hasPrefix("POSTERN_ROUTES: the route ") == true)
    }

    private func plan(_ routes: String, relays: [String]) throws -> RoutePlan {
        try RoutePlan(SettingValues(environment: ["POSTERN_ROUTES": routes]), relays: relays)
    }

    @Test func whatNoRouteMatchesGoesToTheDefault() throws {
        #expect(try plan("", relays: ["default", "b"]).routes.last?.relays == ["default"])
        #expect(try plan("", relays: ["b"]).routes.last?.relays == ["b"])
        #expect(
            try plan("key:x=b,*=b>default", relays: ["default", "b"]).routes.map(\.relays) == [
                ["b"], ["b", "default"],
            ])
    }

    @Test(arguments: [
        ("", ["a", "b"], "nothing of the messages that no route matches"),
        ("*=c", ["a", "b"], "there is no relay \"c\""),
    ]) func plansThatDoNotHold(_ routes: String, _ relays: [String], _ part: String) throws {
        let error = #expect(throws: ConfigurationError.self) { try plan(routes, relays: relays) }
        #expect(error?.description.contains(part) == true)
    }

    @Test func namedRelaysTakeTheGeneralSettingsWhereTheyHaveNone() throws {
        let values = try SettingValues(environment: [
            "POSTERN_RELAY_URL": "smtp://a.example", "POSTERN_RELAY_REPLY_TIMEOUT": "7s",
            "POSTERN_RELAY_B_URL": "smtps://u:p@b.example", "POSTERN_RELAY_B_CONNECTIONS": "2",
            "POSTERN_RELAY_B_RATE": "14",
        ])
        let configuration = try GatewayConfiguration(values)
        #expect(configuration.relays.map(\.name) == ["default", "b"])
        #expect(configuration.relays[1].smtp.port == 465)
        #expect(configuration.relays[1].smtp.timeouts.reply == .seconds(7))
        #expect(configuration.relays.map(\.pool.sessions) == [16, 2])
        #expect(configuration.relays.map(\.rates) == [nil, [Rate("14/s")]])
        #expect(throws: ConfigurationError.self) {
            try GatewayConfiguration(SettingValues(environment: ["POSTERN_RELAY_B_URL": "ftp://x"]))
        }
    }
}
