import Foundation
import Logging
import NIOCore
import Settings
import TestSupport
import Testing

@testable import Gateway

/// HTTPS with a real client.
@Suite(.timeLimit(.minutes(1))) struct HTTPSTests {
    /// A folder with certificates that openssl made: `one` and `two`, each with its key.
    private final class Certificates {
        let folder = FileManager.default.temporaryDirectory.appending(path: "https-\(UUID())").path

        init() throws {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for name in ["one", "two"] {
                let made = try Program.runWaiting(
                    "/usr/bin/openssl",
                    [
                        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                        "-keyout", "\(folder)/\(name).key", "-out", "\(folder)/\(name).pem",
                    ])
                #expect(made.status == 0, "\(made.errors)")
            }
            try use("one", "one")
        }

        deinit {
            try? FileManager.default.removeItem(atPath: folder)
        }

        /// What is configured from now on.
        func use(_ certificate: String, _ key: String) throws {
            for (name, source) in [("certificate", "\(certificate).pem"), ("key", "\(key).key")] {
                try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
                try FileManager.default.copyItem(atPath: "\(folder)/\(source)", toPath: "\(folder)/\(name)")
            }
        }

        var settings: [String: String] {
            ["POSTERN_TLS_CERTIFICATE_FILE": folder + "/certificate", "POSTERN_TLS_KEY_FILE": folder + "/key"]
        }
    }

    private func curl(_ bench: Bench, trusting file: String, _ arguments: [String] = []) async throws -> String? {
        let result = try await Program.run(
            "/usr/bin/curl",
            ["-sS", "--max-time", "20", "--cacert", file] + arguments
                + ["https://localhost:\(bench.gateway.address.port)/livez"])
        return result.status == 0 ? result.output : nil
    }

    @Test func servesAndReloads() async throws {
        let certificates = try Certificates()
        let log = LogLines()
        let bench = try await Bench.start(certificates.settings, logger: log.logger, greeting)
        let (one, two) = (certificates.folder + "/one.pem", certificates.folder + "/two.pem")
        #expect(try await curl(bench, trusting: one) == #"{"status":"ok"}"#)
        #expect(try await curl(bench, trusting: two) == nil)
        for version in ["1.2", "1.3"] {
            let only = ["--tlsv\(version)", "--tls-max", version]
            #expect(try await curl(bench, trusting: one, only) == #"{"status":"ok"}"#)
        }
        #expect(try await curl(bench, trusting: one, ["--tls-max", "1.1"]) == nil)
        // Plain HTTP is no way around it.
        let plain = try RawConnection(port: bench.gateway.address.port)
        try plain.send("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(await !plain.readToEnd().contains("HTTP/1.1 200"))

        try certificates.use("two", "two")
        await bench.gateway.reloadCertificates()
        #expect(try await curl(bench, trusting: two) == #"{"status":"ok"}"#)
        #expect(try await curl(bench, trusting: one) == nil)
        // A key that belongs to another certificate: the log says so once, and nothing changes.
        try certificates.use("one", "two")
        await bench.gateway.reloadCertificates()
        await bench.gateway.reloadCertificates()
        #expect(try await curl(bench, trusting: two) == #"{"status":"ok"}"#)
        #expect(log.all.filter { $0.level == .error }.count == 1)
        await bench.stop()
    }

    /// A request that is under way when the certificate changes is answered.
    @Test func noRequestIsLost() async throws {
        let certificates = try Certificates()
        let bench = try await Bench.start(
            certificates.settings,
            greeting + envelope + [.expectEnd("\r\n.\r\n"), .hold, .send("250 2.0.0 Ok\r\n")])
        let port = bench.gateway.address.port
        let one = certificates.folder + "/one.pem"
        async let sending = Program.run(
            "/usr/bin/curl",
            [
                "-sS", "--max-time", "20", "--cacert", one, "-d", simple, "-H", "Content-Type: application/json",
                "https://localhost:\(port)/messages",
            ])
        while bench.relay.received.first?.hasSuffix("\r\n.\r\n") != true { try await Task.sleep(for: .milliseconds(2)) }
        try certificates.use("two", "two")
        await bench.gateway.reloadCertificates()
        #expect(try await curl(bench, trusting: certificates.folder + "/two.pem") != nil)
        bench.relay.release()
        let sent = try await sending
        #expect(sent.status == 0)
        #expect(sent.output.contains(#""status":"accepted""#))
        await bench.stop()
    }

    @Test func aKeyThatDoesNotFitStopsTheStart() async throws {
        let certificates = try Certificates()
        try certificates.use("one", "two")
        await #expect {
            _ = try await Bench.start(certificates.settings, greeting)
        } throws: { error in
            "\(error)".contains("certificate")
        }
    }

    @Test func bothFilesAreNeeded() throws {
        let certificates = try Certificates()
        for name in certificates.settings.keys {
            var environment = certificates.settings
            environment["POSTERN_RELAY_URL"] = "smtp://127.0.0.1"
            environment[name] = nil
            #expect(throws: ConfigurationError.self) {
                try GatewayConfiguration(SettingValues(environment: environment))
            }
        }
    }
}
