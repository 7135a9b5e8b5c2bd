/// How often something may happen: so many times in a period, and as many at once.
public struct Rate: Hashable, Sendable {
    /// How many times.
    public let count: Int
    /// In which time.
    public let period: Duration
    /// The period in nanoseconds. It is stored, as is the interval: both are asked for with each message.
    public let nanoseconds: Int64
    /// The time that one of them takes, in nanoseconds.
    public let interval: Int64

    /// Reads `100/s`, `600/m`, `5000/h` or `20000/d`; nil if it is none of these.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let periods: [Substring: Duration] = [
            "s": .seconds(1), "m": .seconds(60), "h": .seconds(3600), "d": .seconds(86_400),
        ]
        guard parts.count == 2, let count = Int(parts[0]), (1...1_000_000).contains(count),
            let period = periods[parts[1]]
        else { return nil }
        self.count = count
        self.period = period
        nanoseconds = period.components.seconds * 1_000_000_000
        interval = nanoseconds / Int64(count)
    }

    /// What to say about a text that is none.
    public static let expectation = "write 100/s, 600/m, 5000/h or 20000/d"
}
