import Foundation

/// Shows on a terminal how much of a large message has been sent.
struct ProgressBar {
    /// Octets from which on a message is large: less is sent before anyone could read it.
    private static let large = 1 << 20
    private static let width = 30

    private let total: Int?
    private let isTerminal: Bool
    private var done = 0
    private var shown = 0

    /// - Parameter total: the size of all in octets, or nil if it is not known.
    init(total: Int?) {
        self.total = total
        isTerminal = isatty(FileHandle.standardError.fileDescriptor) == 1
    }

    /// So many more octets have been sent.
    mutating func advance(by count: Int) {
        done += count
        guard isTerminal, done >= Self.large, total.map({ $0 >= Self.large }) ?? true else { return }
        // A line for each megabyte or hundredth is enough.
        guard done - shown >= max(1 << 20, (total ?? 0) / 100) || done == total else { return }
        shown = done
        write("\r" + Self.text(done: done, total: total))
    }

    /// Leaves the line, where there is one.
    func finish() {
        if shown > 0 { write("\r\u{1B}[K") }
    }

    static func text(done: Int, total: Int?) -> String {
        let megabytes = String(format: "%.1f MB", Double(done) / 1_000_000)
        guard let total, total > 0 else { return megabytes }
        let part = min(done, total)
        let filled = part * width / total
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled)
        return "[\(bar)] \(part * 100 / total) % \(megabytes)"
    }

    private func write(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}
