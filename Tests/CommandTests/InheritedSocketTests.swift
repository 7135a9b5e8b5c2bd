import Foundation
import TestSupport
import Testing

/// A socket that a service manager listens on and passes to the gateway (sd_listen_fds(3)), by a stand-in.
@Suite(.timeLimit(.minutes(2))) struct InheritedSocketTests {
    /// Listens, and runs the command twice, one after the other, as systemd does with a unit of `postern.socket`.
    private static let manager = """
        import os, socket, sys
        kind, place, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])
        if kind == "unix":
            listener = socket.socket(socket.AF_UNIX); listener.bind(place)
        elif kind == "datagram":
            listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); listener.bind(("127.0.0.1", int(place)))
        else:
            listener = socket.socket(); listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((kind, int(place)))
        if kind != "datagram": listener.listen(16)
        status = 0
        for run in range(runs):
            child = os.fork()
            if child == 0:
                os.dup2(listener.fileno(), 3)
                os.set_inheritable(3, True)
                os.environ["LISTEN_PID"] = str(os.getpid() if "OTHER" not in os.environ else 1)
                os.environ.setdefault("LISTEN_FDS", "1")
                os.execv(sys.argv[4], sys.argv[4:])
            print("child", child, file=sys.stderr, flush=True)
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.exit(status)
        """

    private final class Manager {
        let folder = FileManager.default.temporaryDirectory.appending(path: "manager-\(UUID().uuidString)").path
        let program: Program

        init(_ kind: String, _ place: String, runs: Int = 1, settings: [String] = []) throws {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            program = try Program(
                "/usr/bin/env",
                ["-i", "PATH=/usr/bin"] + PosternCommand.sanitizer + settings + [
                    "/usr/bin/python3", "-c", InheritedSocketTests.manager, kind, place, String(runs),
                    PosternCommand.path, "serve", "--sandbox",
                ], errors: folder + "/log")
        }

        deinit {
            program.stop()
            try? FileManager.default.removeItem(atPath: folder)
        }

        var log: String { (try? String(contentsOfFile: folder + "/log", encoding: .utf8)) ?? "" }

        /// Waits until the log holds a text: "serving" with the address comes when signals are handled.
        func wait(for text: String) async throws {
            while !log.contains(text) { try await Task.sleep(for: .milliseconds(5)) }
        }

        func child(_ index: Int) async throws -> Int32 {
            while true {
                let children = log.split(separator: "\n").filter { $0.hasPrefix("child ") }
                    .compactMap { Int32($0.dropFirst("child ".count)) }
                if children.count > index { return children[index] }
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }

    private func livez(_ arguments: [String]) async throws -> String {
        try await Program.run("/usr/bin/curl", ["-sS", "--max-time", "30"] + arguments).output
    }

    /// A request that comes while no gateway runs waits for the next one.
    @Test func theSocketOutlivesTheProcess() async throws {
        let port = try Program.freePort()
        // The setting is for a start without the service manager.
        let manager = try Manager("127.0.0.1", String(port), runs: 2, settings: ["POSTERN_LISTEN=127.0.0.1:1"])
        let url = "http://127.0.0.1:\(port)/livez"
        try await manager.wait(for: "127.0.0.1:\(port)")
        #expect(try await livez([url]).contains("ok"))
        let first = try await manager.child(0)
        async let answers = withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    try await Task.sleep(for: .milliseconds(.random(in: 0..<1500)))
                    return try await livez([url])
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        kill(first, SIGTERM)
        let second = try await manager.child(1)
        #expect(second != first)
        let all = try await answers
        #expect(all.count == 20)
        #expect(all.allSatisfy { $0.contains("ok") }, "\(all)")
        kill(second, SIGTERM)
        #expect(try await manager.program.exitStatus() == 0)
    }

    @Test func aSocketOfTheFileSystemStays() async throws {
        let path = "/tmp/postern-\(UUID().uuidString.prefix(8))"
        let manager = try Manager("unix", path)
        try await manager.wait(for: "unix:\(path)")
        #expect(try await livez(["--unix-socket", path, "http://localhost/livez"]).contains("ok"))
        kill(try await manager.child(0), SIGTERM)
        #expect(try await manager.program.exitStatus() == 0)
        #expect(FileManager.default.fileExists(atPath: path))
        try FileManager.default.removeItem(atPath: path)
    }

    /// Whether keys are needed follows from the address of the socket, not from the setting.
    @Test func aSocketThatOthersCanReachNeedsKeys() async throws {
        let port = try Program.freePort()
        let manager = try Manager("0.0.0.0", String(port))
        #expect(try await manager.program.exitStatus() == 78)
        #expect(manager.log.contains("POSTERN_API_KEYS"))
    }

    @Test(arguments: [
        ("datagram", "LISTEN_FDS=1", "cannot be used"), ("127.0.0.1", "LISTEN_FDS=2", "passed 2 sockets"),
    ])
    func aSocketThatCannotBeServedIsAnError(_ kind: String, _ setting: String, _ said: String) async throws {
        let manager = try Manager(kind, String(try Program.freePort()), settings: [setting])
        #expect(try await manager.program.exitStatus() == 78)
        #expect(manager.log.contains(said), "\(manager.log)")
    }

    /// It is for whom the service manager started, and not for what that starts in turn.
    @Test func aSocketForAnotherProcessIsLeftAlone() async throws {
        let port = try Program.freePort()
        let own = try Program.freePort()
        let manager = try Manager(
            "127.0.0.1", String(port), settings: ["OTHER=1", "POSTERN_LISTEN=127.0.0.1:\(own)"])
        try await manager.wait(for: "127.0.0.1:\(own)")
        #expect(try await livez(["http://127.0.0.1:\(own)/livez"]).contains("ok"))
        kill(try await manager.child(0), SIGTERM)
        #expect(try await manager.program.exitStatus() == 0)
    }
}
