internal import Foundation

/// A program that runs beside a test and ends with it.
///
/// It is started and waited for by system calls: Foundation's `Process` waits in a run loop, which does not go together
/// with the threads on which tests run.
public final class Program {
    /// A program that could not be started.
    public struct Failure: Error {
        let path: String
        let code: Int32
    }

    private var identifier: pid_t = 0

    /// Starts a program. Its output goes nowhere, and what it writes to standard error into a file.
    public init(_ path: String, _ arguments: [String], errors: String = "/dev/null") throws {
        identifier = try Self.spawn(path, arguments, ["/dev/null", "/dev/null", errors])
    }

    /// Sends a signal to the program.
    public func send(_ signal: Int32) {
        if identifier > 0 { kill(identifier, signal) }
    }

    /// Waits until the program has ended by itself.
    ///
    /// - Returns: its exit status; nil where a signal ended it, or it has not been started.
    public func exitStatus() async throws -> Int32? {
        let process = identifier
        guard process > 0 else { return nil }
        let status = try await onThread {
            var status: Int32 = 0
            waitpid(process, &status, 0)
            return status
        }
        identifier = 0
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : nil
    }

    deinit {
        stop()
    }

    /// Ends the program, and waits until it has.
    public func stop() {
        guard identifier > 0 else { return }
        kill(identifier, SIGTERM)
        for _ in 0..<500 {
            if waitpid(identifier, nil, WNOHANG) != 0 {
                identifier = 0
                return
            }
            usleep(10_000)
        }
        kill(identifier, SIGKILL)
        waitpid(identifier, nil, 0)
        identifier = 0
    }

    /// Runs a program to its end, without holding a thread on which tests run.
    public static func run(
        _ path: String, _ arguments: [String], input: String = ""
    ) async throws -> (status: Int32, output: String, errors: String) {
        try await onThread { try runWaiting(path, arguments, input: input) }
    }

    /// Runs a program to its end.
    ///
    /// - Returns: its exit status, and what it wrote to standard output and standard error.
    public static func runWaiting(
        _ path: String, _ arguments: [String], input: String = ""
    ) throws -> (status: Int32, output: String, errors: String) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "postern-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        // Files and not pipes: a pipe that nobody reads stops the program when it is full.
        let files = ["input", "output", "errors"].map { folder + "/" + $0 }
        try Data(input.utf8).write(to: URL(filePath: files[0]))
        var status: Int32 = 0
        waitpid(try spawn(path, arguments, files), &status, 0)
        func text(_ file: String) -> String {
            String(decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self)
        }
        return ((status >> 8) & 0xFF, text(files[1]), text(files[2]))
    }

    private static func spawn(_ path: String, _ arguments: [String], _ files: [String]) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, files[0], O_RDONLY, 0)
        for descriptor in [1, 2] {
            posix_spawn_file_actions_addopen(
                &actions, Int32(descriptor), files[descriptor], O_WRONLY | O_CREAT, 0o600)
        }
        // The threads on which tests run block signals, and a program would inherit that.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var identifier: pid_t = 0
        let code = posix_spawn(&identifier, path, &actions, &attributes, &words, environ)
        guard code == 0 else { throw Failure(path: path, code: code) }
        return identifier
    }

    /// A port of 127.0.0.1 that is free now.
    public static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(descriptor, $0, length)
                _ = getsockname(descriptor, $0, &length)
            }
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// Waits until something listens on a port of 127.0.0.1.
    public static func waitForPort(_ port: Int) async throws {
        for _ in 0..<500 {
            if (try? RawConnection(port: port)) != nil { return }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// The project's folder.
    public static var project: String {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .path
    }
}
