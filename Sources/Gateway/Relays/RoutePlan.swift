internal import Settings

/// Which relay gets which message, as the settings say it.
struct RoutePlan: Hashable, Sendable {
    /// In the order in which they are tried; the last one matches every message.
    let routes: [Route]

    /// Reads `POSTERN_ROUTES`.
    ///
    /// Messages that no route matches go to the relay of `POSTERN_RELAY_URL`, or to the only one there is.
    ///
    /// - Throws: ``ConfigurationError`` where a route is malformed, names a relay that is not there, or where nothing is
    ///   said of the messages that no route matches.
    init(_ values: SettingValues, relays: [String]) throws(ConfigurationError) {
        var routes: [Route] = []
        for text in values.list(.routes) {
            let route = try Route(text)
            if let unknown = route.relays.first(where: { !relays.contains($0) }) {
                throw ConfigurationError(
                    Setting.routes.name,
                    "there is no relay \(unknown.debugDescription); there are \(relays.joined(separator: ", "))")
            }
            routes.append(route)
        }
        guard routes.count <= Route.bound else {
            throw ConfigurationError(
                Setting.routes.name, "\(routes.count) routes are too many; \(Route.bound) is the most")
        }
        if !routes.contains(where: { $0.condition == .always }) {
            let usual = relays.contains(RelayConfiguration.defaultName) ? RelayConfiguration.defaultName : relays.first
            guard let usual, usual == RelayConfiguration.defaultName || relays.count == 1 else {
                throw ConfigurationError(
                    Setting.routes.name,
                    "it says nothing of the messages that no route matches; add *=\(relays.joined(separator: ">")), or set POSTERN_RELAY_URL"
                )
            }
            routes.append(Route(always: usual))
        }
        self.routes = routes
    }

    /// A message is made for one sender before it is known which relay of its route takes it.
    ///
    /// - Throws: ``ConfigurationError`` if the relays of a route want different senders.
    func checkSenders(of relays: [RelayConfiguration]) throws(ConfigurationError) {
        for route in routes {
            let senders = Set(relays.filter { route.relays.contains($0.name) }.map(\.sender))
            guard senders.count > 1 else { continue }
            throw ConfigurationError(
                Setting.relaySender.name,
                "the relays \(route.relays.joined(separator: ", ")) stand in one route and have different senders; give them "
                    + "the same one, or routes of their own")
        }
    }
}
