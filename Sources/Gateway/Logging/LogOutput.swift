internal import Foundation
internal import Synchronization

/// Gathers log lines and writes them from a thread of its own, so that a message does not wait for whoever reads them.
///
/// What is gathered is bounded: lines beyond it are counted, and the count is written once there is room. If nobody reads,
/// that thread waits in its write, and no other one waits for it without a bound.
final class LogOutput: Sendable {
    private struct State {
        var pending: [UInt8] = []
        var dropped = 0
        var isWriting = false
        /// Whether the last line that was written may lack its end.
        var isTorn = false
    }

    /// Octets of lines that wait at most.
    static let bound = 4 * 1024 * 1024
    /// How long lines are gathered before they are written.
    static let delay = 0.02

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "postern.log")
    /// How long the end of the process waits for whoever reads the lines.
    static let patience = 2.0

    private let destination: FileHandle
    private let droppedLine: @Sendable (Int) -> [UInt8]

    /// - Parameter droppedLine: makes the line that says how many were dropped.
    init(_ destination: FileHandle, droppedLine: @escaping @Sendable (Int) -> [UInt8]) {
        self.destination = destination
        self.droppedLine = droppedLine
    }

    /// Adds a line, its end included.
    ///
    /// - Parameter soon: whether it is written without waiting for further lines.
    func write(_ line: [UInt8], soon: Bool) {
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
        if soon { queue.async { self.drain() } }
    }

    /// Writes all that waits, as far as somebody reads it within ``patience``.
    func flush() {
        let isDone = DispatchSemaphore(value: 0)
        queue.async {
            self.drain()
            isDone.signal()
        }
        _ = isDone.wait(timeout: .now() + Self.patience)
    }

    private func drain() {
        while true {
            let (lines, dropped, isTorn) = state.withLock { state in
                let taken = (state.pending, state.dropped, state.isTorn)
                state.pending = []
                state.dropped = 0
                if taken.0.isEmpty, taken.1 == 0 { state.isWriting = false }
                return taken
            }
            if lines.isEmpty, dropped == 0 { return }
            let newline = isTorn ? [UInt8(ascii: "\n")] : []
            do {
                try destination.write(contentsOf: Data(newline + lines + (dropped > 0 ? droppedLine(dropped) : [])))
                if isTorn { state.withLock { $0.isTorn = false } }
            } catch {
                // A full disk has room again some time, and then the number of lines that are missing is told with the next one.
                state.withLock { state in
                    state.dropped += dropped + lines.count { $0 == UInt8(ascii: "\n") }
                    state.isTorn = true
                    // Lines that came meanwhile are tried with the next one, or at the end.
                    state.isWriting = false
                }
                return
            }
        }
    }
}
