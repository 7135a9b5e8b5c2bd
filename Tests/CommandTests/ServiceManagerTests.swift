import Foundation
import Synchronization
import TestSupport
import Testing

/// What a service manager such as systemd is told (sd_notify(3)), by a stand-in of its socket.
@Suite(.timeLimit(.minutes(2))) struct ServiceManagerTests {
    /// The socket that a service manager listens on, and what came to it.
    private final class Listener: Sendable {
        let path = FileManager.default.temporaryDirectory.appending(path: "notify-\(UUID().uuidString.prefix(8))").path
        private let states = Mutex<[String]>([])
        private let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)

        init() throws {
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            let bound = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(bound == 0)
        }

        deinit {
            close(descriptor)
            unlink(path)
        }

        /// What has come so far.
        var all: [String] {
            states.withLock { states in
                var octets = [UInt8](repeating: 0, count: 1024)
                while true {
                    let count = recv(descriptor, &octets, octets.count, Int32(MSG_DONTWAIT))
                    guard count > 0 else { return states }
                    states.append(String(decoding: octets[..<count], as: UTF8.self))
                }
            }
        }

        func wait(for state: String, count: Int = 1) async throws {
            while all.count(where: { $0.hasPrefix(state) }) < count { try await Task.sleep(for: .milliseconds(5)) }
        }
    }

    @Test func itHearsOfEveryState() async throws {
        let listener = try Listener()
        let port = try Program.freePort()
        let gateway = try Program(
            "/usr/bin/env",
            ["-i"] + PosternCommand.sanitizer + [
                "NOTIFY_SOCKET=\(listener.path)", "WATCHDOG_USEC=200000", "POSTERN_LISTEN=127.0.0.1:\(port)",
                PosternCommand.path,
                "serve", "--sandbox",
            ])
        try await listener.wait(for: "READY=1")
        // It listens already.
        _ = try RawConnection(port: port)
        try await listener.wait(for: "WATCHDOG=1", count: 2)
        gateway.send(SIGHUP)
        try await listener.wait(for: "RELOADING=1\nMONOTONIC_USEC=")
        try await listener.wait(for: "READY=1", count: 2)
        gateway.send(SIGTERM)
        #expect(try await gateway.exitStatus() == 0)
        let states = listener.all
        #expect(states.first == "READY=1")
        #expect(states.contains("STOPPING=1"))
    }

    /// A socket that is not there keeps nothing from serving.
    @Test func itNeedNotBeThere() async throws {
        let port = try Program.freePort()
        let gateway = try Program(
            "/usr/bin/env",
            ["-i"] + PosternCommand.sanitizer + [
                "NOTIFY_SOCKET=/nonexistent/notify", "POSTERN_LISTEN=127.0.0.1:\(port)", PosternCommand.path, "serve",
                "--sandbox",
            ])
        try await Program.waitForPort(port)
        _ = try RawConnection(port: port)
        gateway.send(SIGTERM)
        #expect(try await gateway.exitStatus() == 0)
    }
}
