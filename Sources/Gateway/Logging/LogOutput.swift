internal import Foundation
internal import Synchronization

/// Gathers log lines and writes them from a thread of its own, so that a message does not wait for whoever reads them.
///
/// What is gathered is bounded: lines beyond it are counted, and the count is written once there is room.
final class LogOutput: Sendable {
    private struct State {
        var pending: [UInt8] = []
        var dropped = 0
        var isWriting = false
    }

    /// Octets of lines that wait at most.
    static let bound = 4 * 1024 * 1024
    /// How long lines are gathered before they are written.
    static let delay = 0.02

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "postern.log")
    private let destination: FileHandle

    init(_ destination: FileHandle) {
        self.destination = destination
    }

    /// Adds a line, its end included.
    func write(_ line: [UInt8], now: Bool) {
        let starts = state.withLock { state in
            if state.pending.count + line.count > Self.bound {
                state.dropped += 1
                return false
            }
            state.pending += line
            if state.isWriting { return false }
            state.isWriting = true
            return true
        }
        if starts { queue.asyncAfter(deadline: .now() + Self.delay) { self.drain() } }
        if now { flush() }
    }

    /// Writes all that waits.
    func flush() {
        queue.sync { drain() }
    }

    private func drain() {
        while true {
            let (lines, dropped) = state.withLock { state in
                let taken = (state.pending, state.dropped)
                state.pending = []
                state.dropped = 0
                if taken.0.isEmpty, taken.1 == 0 { state.isWriting = false }
                return taken
            }
            if lines.isEmpty, dropped == 0 { return }
            // A destination that is gone cannot be told about.
            try? destination.write(contentsOf: Data(lines))
            if dropped > 0 { try? destination.write(contentsOf: Data("\(dropped) log lines were dropped\n".utf8)) }
        }
    }
}
