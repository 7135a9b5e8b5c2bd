import Foundation
import InternetMessage
import MailAddress
import Testing

/// Messages made at random are read by a reader that others wrote: the email package of Python.
@Suite struct RoundTripTests {
    private static let count = 400

    private static let python: URL? = {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        let candidates = folders.map { URL(fileURLWithPath: "\($0)/python3") }
        return candidates.first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }()

    @Test(.enabled(if: python != nil))
    func pythonReadsWhatWentIn() throws {
        var samples = RandomMessages(seed: 20_250_701)
        let cases = try (0..<Self.count).map { try samples.next(id: $0) }
        let file = FileManager.default.temporaryDirectory.appending(path: "postern-messages-\(UUID().uuidString).json")
        try JSONEncoder().encode(cases).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "Resources/read_messages.py")
        let process = Process()
        let python: URL = try #require(Self.python)
        process.executableURL = python
        process.arguments = [script.path, file.path]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(text)")
        #expect(text.hasSuffix("\(Self.count) messages, 0 differences\n"))
    }
}
