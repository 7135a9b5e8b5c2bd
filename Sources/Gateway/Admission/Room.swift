internal import Synchronization

/// How many messages are under way, and whether there is room for another.
final class Room: Sendable {
    private let maximum: Int
    private let count = Atomic<Int>(0)
    /// The most messages that were under way since it was asked for.
    private let peak = Atomic<Int>(0)
    private let isClosed = Atomic<Bool>(false)

    init(maximum: Int) {
        self.maximum = maximum
    }

    /// Messages that are under way.
    var inFlight: Int { count.load(ordering: .relaxed) }

    /// Counts a message that starts.
    func enter() {
        let now = count.wrappingAdd(1, ordering: .relaxed).newValue
        // Two that come at once may leave the lower of two numbers, which makes no difference.
        if now > peak.load(ordering: .relaxed) { peak.store(now, ordering: .relaxed) }
    }

    /// Returns the most messages that were under way since the last call.
    func takePeak() -> Int { peak.exchange(inFlight, ordering: .relaxed) }

    /// Counts a message that is finished.
    func leave() { count.wrappingSubtract(1, ordering: .relaxed) }

    /// From now on there is no room: the gateway shuts down.
    func close() { isClosed.store(true, ordering: .relaxed) }

    /// Whether there is room for a message.
    ///
    /// - Parameter isCounted: whether the message is among those that are under way.
    /// - Throws: a ``Problem`` with 503.
    func check(isCounted: Bool = false) throws(Problem) {
        if isClosed.load(ordering: .relaxed) { throw .draining }
        if inFlight - (isCounted ? 1 : 0) >= maximum { throw .full(limit: maximum) }
    }
}
