import Foundation
import Logging
import Synchronization
import Testing

@testable import SMTP

@Suite struct TranscriptTests {
    @Test func toAFileHandle() throws {
        let pipe = Pipe()
        let transcript = SMTPTranscript.fileHandle(pipe.fileHandleForWriting)
        transcript.write("S: 220 \u{1B}[31mred\r\n")
        try pipe.fileHandleForWriting.close()
        #expect(try pipe.fileHandleForReading.readToEnd() == Data("S: 220 \\x1b[31mred\\x0d\\x0a\n".utf8))
        // A handle that is closed loses the line, and nothing else happens.
        transcript.write("C: QUIT")
    }

    @Test func toALogger() {
        let recorder = Recorder()
        var logger = Logger(label: "smtp") { _ in recorder }
        logger.logLevel = .trace
        SMTPTranscript.logger(logger, level: .debug).write("C: QUIT")
        #expect(recorder.lines.withLock { $0 } == ["debug C: QUIT"])
    }
}

/// Keeps what is logged.
private struct Recorder: LogHandler {
    final class Lines: Sendable {
        let state = Mutex<[String]>([])
        func withLock<Value: Sendable>(_ body: (inout [String]) -> Value) -> Value { state.withLock { body(&$0) } }
    }

    let lines = Lines()
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        lines.withLock { $0.append("\(event.level) \(event.message)") }
    }
}
