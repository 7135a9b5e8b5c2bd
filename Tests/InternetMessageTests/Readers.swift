import Foundation
import Testing

/// Programs that others wrote and that read messages: scripts in Resources/ for the system's Python and Perl.
enum Readers {
    private static let python = "/usr/bin/python3"
    private static let perl = "/usr/bin/perl"

    /// Whether the system's Python has a module.
    static func has(_ imports: String) -> Bool {
        (try? run(python, ["-c", imports]))?.status == 0
    }

    /// Whether the system's Perl has a module.
    static func perlHas(_ module: String) -> Bool {
        (try? run(perl, ["-M\(module)", "-e", "1"]))?.status == 0
    }

    /// Runs a script on a file with cases, and returns what it prints.
    static func read(_ cases: some Encodable, with script: String) throws -> (status: Int32, output: String) {
        let file = FileManager.default.temporaryDirectory.appending(path: "postern-cases-\(UUID().uuidString).json")
        try JSONEncoder().encode(cases).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let resources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Resources")
        return try run(script.hasSuffix(".pl") ? perl : python, [resources.appending(path: script).path, file.path])
    }

    private static func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }
}
