public import Foundation
public import Logging

/// Where a session writes down what was said: a line for each line of the protocol, `C:` for the client's and `S:` for
/// the server's. Credentials are never in it, and content only if it is asked for.
public struct SMTPTranscript: Sendable {
    let write: @Sendable (String) -> Void
    /// Whether the content of messages is written down, line by line; otherwise only its size is.
    public var includesContent = false

    /// A transcript that hands each line, without an end of line, to a closure. It is called on an event loop and
    /// must not block.
    public init(_ write: @escaping @Sendable (String) -> Void) {
        self.write = write
    }

    /// The transcript on standard error.
    public static let standardError = fileHandle(.standardError)

    /// The transcript in a file or another place that a file handle stands for.
    public static func fileHandle(_ handle: FileHandle) -> SMTPTranscript {
        SMTPTranscript { line in
            // One call a line keeps the lines of several sessions apart. A handle that is closed loses them.
            try? handle.write(contentsOf: Data((PrintableText.shown(line) + "\n").utf8))
        }
    }

    /// The transcript as messages of a logger.
    ///
    /// - Parameters:
    ///   - logger: where they go.
    ///   - level: their level.
    public static func logger(_ logger: Logger, level: Logger.Level = .trace) -> SMTPTranscript {
        SMTPTranscript { line in logger.log(level: level, "\(PrintableText.shown(line))") }
    }
}
