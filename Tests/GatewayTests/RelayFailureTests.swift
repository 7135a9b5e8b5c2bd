import SMTP
import TestSupport
import Testing

@testable import Gateway

/// What an error says of the way out, in the words of the settings.
@Suite(.timeLimit(.minutes(1))) struct RelayFailureTests {
    /// What `POST /messages` answers to a relay of that script.
    private static func detail(
        _ steps: [ScriptedRelay.Step], url: (Int) -> String = { "smtp://127.0.0.1:\($0)?tls=none" }
    ) async throws -> String {
        let relay = try await ScriptedRelay.start(scripts: [steps, steps])
        let bench = try await Bench.start(
            ["POSTERN_RELAY_URL": url(relay.port), "POSTERN_RELAY_CONNECT_TIMEOUT": "500ms"], [.silence])
        let answer = try await bench.post(simple)
        await bench.stop()
        await relay.stop()
        #expect(answer.json["outcome"] as? String == "not_sent")
        return try #require(answer.json["detail"] as? String)
    }

    private static let ehlo: [ScriptedRelay.Step] = [.send("220 relay\r\n"), .expect("EHLO gate.example.org\r\n")]

    /// A port that speaks TLS from the first byte says nothing, or hangs up.
    @Test(arguments: [[ScriptedRelay.Step.silence], [.close]]) func aPortThatIsSilentMayWantTLS(
        _ steps: [ScriptedRelay.Step]
    ) async throws {
        let detail = try await Self.detail(steps)
        #expect(detail.contains("write smtps:// in POSTERN_RELAY_URL"), "\(detail)")
    }

    @Test(arguments: [
        "530 5.7.0 Must issue a STARTTLS command first", "530 5.7.1 Authentication required",
    ]) func aRelayThatWantsALoginIsGivenOne(_ reply: String) async throws {
        let detail = try await Self.detail(
            Self.ehlo + [
                .send("250 relay\r\n"), .expectEnd("\r\n"), .send(reply + "\r\n"), .expectEnd("QUIT\r\n"), .close,
            ])
        #expect(detail.contains("smtp://user:password@host in POSTERN_RELAY_URL"), "\(detail)")
    }

    @Test func aRelayThatRefusesTheNameIsGivenAnother() async throws {
        let detail = try await Self.detail(
            Self.ehlo + [
                .send("250 relay\r\n"), .expectEnd("\r\n"),
                .send("504 5.5.2 <gate>: Helo command rejected: need fully-qualified hostname\r\n"),
                .expectEnd("QUIT\r\n"),
                .close,
            ])
        #expect(detail.contains("POSTERN_HELO_NAME"), "\(detail)")
    }

    /// Both ways out work: a relay or port with TLS, and, named in full, none.
    @Test func credentialsWithoutTLSHaveTwoWaysOut() async throws {
        let detail = try await Self.detail(Self.ehlo + [.send("250 AUTH PLAIN\r\n"), .expectEnd("QUIT\r\n"), .close]) {
            "smtp://user:password@127.0.0.1:\($0)"
        }
        #expect(detail.contains("smtps://"), "\(detail)")
        #expect(detail.contains("tls=none") && detail.contains("insecure_auth=true"), "\(detail)")
        #expect(!detail.contains("additionalTrustRoots"))
    }
}
