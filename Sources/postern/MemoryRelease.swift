/// When memory that is free in the allocator is given back to the system. A value without a clock: it is asked in intervals.
struct MemoryRelease {
    /// The time between two questions.
    static let interval: Duration = .seconds(5)

    /// Fewer messages than that leave nothing behind that is worth the trouble.
    private static let leastPeak = 256
    /// How often memory is given back after a peak: connections that are closed later leave memory, too.
    private static let times = 12

    private var peak = 0
    private var left = 0

    /// Whether memory is to be given back now.
    ///
    /// - Parameters:
    ///   - inFlight: how many messages are under way.
    ///   - most: the most that were since the last question.
    mutating func isDue(inFlight: Int, most: Int) -> Bool {
        peak = max(peak, most)
        if peak >= Self.leastPeak, inFlight < peak / 4 {
            peak = inFlight
            left = Self.times
        }
        guard left > 0, inFlight < Self.leastPeak else { return false }
        left -= 1
        return true
    }
}
