import Foundation
import NIOSSL
import SMTP
import TestSupport
import Testing

/// A real relay on loopback, started by its script in scripts/, that delivers into mailboxes of its own folder.
final class RealRelay: Sendable {
    enum Kind: String, Sendable {
        case postfix, exim, opensmtpd, aiosmtpd
    }

    /// How a session is set up.
    enum Way: CaseIterable, Sendable {
        case plain, startTLS, implicit
    }

    /// What a relay is known to offer.
    struct Offer: Sendable {
        var mechanisms: [AuthenticationMechanism] = []
        var pipelining = false
        var chunking = false
        var smtpUTF8 = false
        var dsn = false
        var enhancedStatusCodes = false
        /// What a notification says of an envelope identifier, given itself and its xtext; nil for nothing.
        var returnedIdentifier: (@Sendable (String, String) -> String)?
    }

    /// The relay of the suite that runs.
    @TaskLocal static var current: RealRelay?

    static let user = "ann"
    static let password = "secret,horse=4"

    let kind: Kind
    let version: String
    let port: Int
    let tlsPort: Int
    let authorityFile: String
    /// An access token for the user, where the relay takes one.
    let token: String?
    private let folder: String
    private let script: String

    init(_ kind: Kind) async throws {
        self.kind = kind
        script = Program.project + "/scripts/relay-\(kind.rawValue)"
        folder = FileManager.default.temporaryDirectory.appending(path: "postern-\(kind)-\(UUID().uuidString)").path
        let started = try await Program.run(script, ["start", folder] + (kind == .postfix ? ["--tls"] : []))
        // A relay that cannot be had is a failure: what was not tried is not known to work.
        try #require(started.status == 0, "\(started.errors)")
        let folder = folder
        func text(_ file: String) throws -> String {
            try String(contentsOfFile: folder + "/" + file, encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines)
        }
        version = try text("version")
        port = try #require(Int(text("port")))
        tlsPort = try #require(Int(text("port-tls")))
        authorityFile = folder + "/authority.pem"
        token = try? text("token")
    }

    func stop() async throws {
        let stopped = try await Program.run(script, ["stop", folder, "--remove"])
        #expect(stopped.status == 0, "\(stopped.errors)")
    }

    var offer: Offer {
        switch kind {
        case .postfix:
            Offer(
                mechanisms: [.scramSHA256, .cramMD5, .plain, .login, .oauthBearer, .xoauth2], pipelining: true,
                chunking: true, smtpUTF8: true, dsn: true, enhancedStatusCodes: true,
                returnedIdentifier: { identifier, _ in "Original-Envelope-Id: \(identifier)\n" })
        case .exim:
            Offer(
                mechanisms: [.cramMD5, .plain, .login], pipelining: true, chunking: true, smtpUTF8: true, dsn: true,
                // It leaves the xtext as it came.
                returnedIdentifier: { _, xtext in "Original-Envelope-ID: \(xtext)\n" })
        case .opensmtpd: Offer(mechanisms: [.plain, .login], dsn: true, enhancedStatusCodes: true)
        case .aiosmtpd: Offer(mechanisms: [.plain, .login], smtpUTF8: true)
        }
    }

    /// Whether its TLS works. OpenSMTPD 6.8 as Debian 12 has it ends every handshake with an internal error: it does not
    /// go together with OpenSSL 3 (its issue 1171).
    var hasWorkingTLS: Bool { kind != .opensmtpd || !version.hasPrefix("OpenSMTPD 6.") }

    // MARK: Sessions

    func configuration(
        _ way: Way, _ credentials: SMTPCredentials? = nil, trusted: Bool = true
    ) throws -> SMTPConfiguration {
        var tls = SMTPSecurity.standardTLS
        if trusted {
            tls.additionalTrustRoots = [.certificates(try NIOSSLCertificate.fromPEMFile(authorityFile))]
        }
        let security: SMTPSecurity =
            switch way {
            case .plain: .none
            case .startTLS: try .required(tls)
            case .implicit: try .implicit(tls)
            }
        var configuration = SMTPConfiguration(
            host: "127.0.0.1", port: way == .implicit ? tlsPort : port,
            identity: try #require(ClientDomain("client.example.org")), security: security, credentials: credentials)
        configuration.timeouts.connect = .seconds(20)
        configuration.timeouts.greeting = .seconds(20)
        configuration.timeouts.reply = .seconds(20)
        return configuration
    }

    func connect(_ way: Way, _ credentials: SMTPCredentials? = nil, trusted: Bool = true) async throws -> SMTPSession {
        try await SMTPSession.connect(configuration(way, credentials, trusted: trusted))
    }

    // MARK: Mailboxes

    /// The delivered messages of a mailbox whose text holds a mark, when so many have arrived: without the fields that
    /// the relay put on top, and with the line ends of the file system.
    func delivered(to mailbox: String, with mark: String, count: Int = 1) async throws -> [Data] {
        let needle = Data(mark.utf8)
        var found: [String: Data] = [:]
        var others: Set<String> = []
        for _ in 0..<600 {
            // In a folder of the root that the relay runs in, for some.
            let new = URL(filePath: folder + "/mail").resolvingSymlinksInPath().path + "/\(mailbox)/new/"
            for file in (try? FileManager.default.contentsOfDirectory(atPath: new)) ?? []
            where found[file] == nil && !others.contains(file) {
                guard let data = FileManager.default.contents(atPath: new + file) else { continue }
                if data.range(of: needle) != nil { found[file] = data } else { others.insert(file) }
            }
            if found.count >= count { return Array(found.values) }
            try await Task.sleep(for: .milliseconds(50))
        }
        return Array(found.values)
    }
}

/// Starts a relay before the tests of a suite, and stops it after them.
struct RelayTrait: SuiteTrait, TestScoping {
    let kind: RealRelay.Kind

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        let relay = try await RealRelay(kind)
        do {
            try await RealRelay.$current.withValue(relay) { try await function() }
        } catch {
            try await relay.stop()
            throw error
        }
        try await relay.stop()
    }
}

extension Trait where Self == RelayTrait {
    static func relay(_ kind: RealRelay.Kind) -> RelayTrait { RelayTrait(kind: kind) }
}
