internal import Foundation

/// The command `postern`, as it was built beside the tests.
public enum PosternCommand {
    /// Where it is.
    public static var path: String {
        // The tests' program stands in the build's folder, and so does the command.
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(filePath: tests).deletingLastPathComponent().appending(path: "postern").path
    }

    /// What a sanitizer has to be told in the command's environment, as in that of the tests; empty where there is none.
    public static var sanitizer: [String] {
        let told = ProcessInfo.processInfo.environment
        return ["ASAN_OPTIONS", "TSAN_OPTIONS", "LD_PRELOAD"].compactMap { name in told[name].map { "\(name)=\($0)" } }
    }

    /// Runs it to its end.
    ///
    /// - Parameter environment: the settings, each in a variable; no others are seen.
    public static func run(
        _ arguments: [String], environment: [String: String] = [:], input: String = ""
    ) async throws -> (status: Int32, output: String, errors: String) {
        let settings = environment.map { "\($0.key)=\($0.value)" }
        return try await Program.run("/usr/bin/env", ["-i"] + sanitizer + settings + [path] + arguments, input: input)
    }
}
