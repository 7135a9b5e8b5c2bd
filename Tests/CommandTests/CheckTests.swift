import TestSupport
import Testing

/// `postern check` as a shell runs it.
@Suite(.timeLimit(.minutes(2))) struct CheckTests {
    private func check(_ url: String) async throws -> (status: Int32, lines: [String]) {
        let result = try await PosternCommand.run(
            ["check"], environment: ["POSTERN_RELAY_URL": url, "POSTERN_HELO_NAME": "gate.example.org"])
        return (result.status, result.output.split(separator: "\n").map(String.init))
    }

    @Test func aRelayThatAnswers() async throws {
        let relay = try await ScriptedRelay.start([
            .send("220 relay\r\n"), .expect("EHLO gate.example.org\r\n"),
            .send("250-relay\r\n250-PIPELINING\r\n250-X-Strange thing\r\n250 AUTH PLAIN\r\n"),
            .expect("AUTH PLAIN AHVzZXIAc2VjcmV0\r\n"), .send("235 welcome\r\n"), .expect("QUIT\r\n"),
            .send("221 bye\r\n"), .close,
        ])
        let (status, lines) = try await check(
            "smtp://user:secret@127.0.0.1:\(relay.port)?tls=none&insecure_auth=true")
        #expect(status == 0)
        #expect(lines.map { $0.prefix { $0 != " " } } == ["configuration", "store", "connect", "ehlo", "tls", "auth"])
        #expect(lines[1].contains("lost at a restart"))
        #expect(lines[3].contains("offers PIPELINING X-STRANGE AUTH"))
        #expect(lines[4].contains("in clear"))
        #expect(lines[5].contains("as user, by PLAIN"))
        #expect(!lines.joined().contains("secret"))
        #expect(relay.complaints == [])
        await relay.stop()
    }

    @Test func theStageThatFailsIsTheLast() async throws {
        let relay = try await ScriptedRelay.start([
            .send("220 relay\r\n"), .expect("EHLO gate.example.org\r\n"), .send("250-relay\r\n250 AUTH PLAIN\r\n"),
            .expect("AUTH PLAIN AHVzZXIAc2VjcmV0\r\n"), .send("535 5.7.8 wrong\r\n"),
        ])
        let (status, lines) = try await check(
            "smtp://user:secret@127.0.0.1:\(relay.port)?tls=none&insecure_auth=true")
        #expect(status == 1)
        #expect(lines.last?.hasPrefix("auth           FAILED  ") == true)
        #expect(lines.last?.contains("535 5.7.8 wrong") == true)
        #expect(lines.dropLast().allSatisfy { $0.contains(" ok ") })
        #expect(!lines.joined().contains("secret"))
        await relay.stop()
    }

    @Test func aCertificateThatIsNotTrusted() async throws {
        let tls = try await TestCertificates.made.value.selfSigned.serverContext()
        let relay = try await ScriptedRelay.start([
            .send("220 relay\r\n"), .expect("EHLO gate.example.org\r\n"), .send("250-relay\r\n250 STARTTLS\r\n"),
            .expect("STARTTLS\r\n"), .send("220 go\r\n"), .startTLS(tls), .expect("EHLO gate.example.org\r\n"),
            .send("250 relay\r\n"), .expect("QUIT\r\n"), .send("221 bye\r\n"), .close,
        ])
        var (status, lines) = try await check("smtp://127.0.0.1:\(relay.port)")
        #expect(status == 1)
        #expect(lines.last?.hasPrefix("tls            FAILED") == true)
        for part in ["self-signed", "POSTERN_RELAY_CA_FILE", "verify=false", "tls=none"] {
            #expect(lines.last?.contains(part) == true, "\(lines)")
        }
        (status, lines) = try await check("smtp://127.0.0.1:\(relay.port)?verify=false")
        #expect(status == 0)
        #expect(lines.contains { $0.hasPrefix("tls") && $0.contains("certificate not verified") }, "\(lines)")
        await relay.stop()
    }

    @Test func everyRelayIsAsked() async throws {
        let relay = try await ScriptedRelay.start([
            .send("220 relay\r\n"), .expect("EHLO gate.example.org\r\n"), .send("250 relay\r\n"), .expect("QUIT\r\n"),
            .send("221 bye\r\n"), .close,
        ])
        let closed = try ClosedPort()
        let result = try await PosternCommand.run(
            ["check"],
            environment: [
                "POSTERN_RELAY_URL": "smtp://127.0.0.1:\(closed.port)", "POSTERN_HELO_NAME": "gate.example.org",
                "POSTERN_RELAY_SES_URL": "smtp://127.0.0.1:\(relay.port)",
            ])
        #expect(result.status == 1)
        let lines = result.output.split(separator: "\n").map {
            $0.split(separator: " ").prefix(2).joined(separator: " ")
        }
        #expect(
            lines == [
                "configuration ok", "store ok", "relay default", "connect FAILED", "relay ses", "connect ok", "ehlo ok",
                "tls ok",
                "auth ok",
            ])
        await relay.stop()
    }

    /// A store that cannot be used fails the check and stops the start, in one line without its password.
    @Test func aStoreThatCannotBeUsed() async throws {
        let closed = try ClosedPort()
        for (store, words) in [
            ("sqlite:/nonexistent/postern.db", "/nonexistent does not exist"),
            ("postgresql://ann:hunter2@127.0.0.1:\(closed.port)/mail", "PostgreSQL: "),
        ] {
            let environment = ["POSTERN_RELAY_URL": "smtp://127.0.0.1:\(closed.port)", "POSTERN_STORE": store]
            let result = try await PosternCommand.run(["check"], environment: environment)
            let line = result.output.split(separator: "\n").first { $0.hasPrefix("store") } ?? ""
            #expect(line.contains("FAILED") && line.contains(words), "\(line)")
            #expect(!result.output.contains("hunter2"))
        }
        let result = try await PosternCommand.run(
            ["serve"],
            environment: [
                "POSTERN_RELAY_URL": "smtp://127.0.0.1:\(closed.port)", "POSTERN_LISTEN": "127.0.0.1:0",
                "POSTERN_STORE": "sqlite:/nonexistent/postern.db",
            ])
        #expect(result.status == 78)
        #expect(result.errors.split(separator: "\n").count == 1)
        #expect(result.errors.contains("POSTERN_STORE"))
    }

    @Test func noRelayAndNoConfiguration() async throws {
        let closed = try ClosedPort()
        var (status, lines) = try await check("smtp://127.0.0.1:\(closed.port)")
        #expect(status == 1)
        #expect(
            lines.last == "connect        FAILED  no connection to 127.0.0.1:\(closed.port): it refused the connection")
        (status, lines) = try await check("http://127.0.0.1")
        #expect(status == 1)
        #expect(lines.count == 1)
        #expect(lines.first?.hasPrefix("configuration  FAILED") == true)
    }
}
