import Foundation
import SMTP
import TestSupport
import Testing

/// A real proxy on loopback: microsocks for SOCKS 5, tinyproxy for CONNECT.
final class RealProxy {
    private static let user = "ann"
    private static let password = "proxy-secret"

    private let kind: SMTPProxy.Kind
    private let port: Int
    private let needsLogin: Bool
    private let program: Program
    private let folder: URL

    init(_ kind: SMTPProxy.Kind, needsLogin: Bool) async throws {
        self.kind = kind
        self.needsLogin = needsLogin
        let installed = try await Program.run(Program.project + "/scripts/install-test-relays", ["proxies"])
        try #require(installed.status == 0, "\(installed.errors)")
        port = try Program.freePort()
        folder = FileManager.default.temporaryDirectory.appending(path: "postern-proxy-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        switch kind {
        case .socks5:
            program = try Program(
                "/usr/bin/microsocks",
                ["-i", "127.0.0.1", "-p", "\(port)"]
                    + (needsLogin ? ["-u", Self.user, "-P", Self.password] : []))
        case .http:
            let file = folder.appending(path: "tinyproxy.conf")
            let login = needsLogin ? "BasicAuth \(Self.user) \(Self.password)\n" : ""
            try Data("Port \(port)\nListen 127.0.0.1\nMaxClients 20\n\(login)".utf8).write(to: file)
            program = try Program("/usr/bin/tinyproxy", ["-d", "-c", file.path])
        }
        try await Program.waitForPort(port)
    }

    deinit {
        program.stop()
        try? FileManager.default.removeItem(at: folder)
    }

    /// The proxy as a client is told of it.
    var client: SMTPProxy {
        needsLogin
            ? SMTPProxy(kind, host: "127.0.0.1", port: port, user: Self.user, password: Self.password) : anonymous
    }
    /// The same without a login, and with a wrong one.
    var anonymous: SMTPProxy { SMTPProxy(kind, host: "127.0.0.1", port: port) }
    var wrong: SMTPProxy { SMTPProxy(kind, host: "127.0.0.1", port: port, user: Self.user, password: "wrong") }
}
