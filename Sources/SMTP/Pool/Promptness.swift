internal import NIOCore

/// How fast a server has answered to contents lately.
struct Promptness {
    private let bound: Int64
    private let chainBound: Int64
    /// The running mean in nanoseconds; nil if nothing is known.
    private var mean: Int64?

    /// Each answer counts for an eighth of the mean: a slow one shows, and is forgotten after a few.
    private static let weight: Int64 = 8

    /// - Parameters:
    ///   - bound: how fast a prompt server answers.
    ///   - chainBound: how fast a server answers behind whose contents another envelope may wait.
    init(bound: Duration, chainBound: Duration) {
        self.bound = TimeAmount(bound).nanoseconds
        self.chainBound = TimeAmount(chainBound).nanoseconds
    }

    /// Whether a content was answered within the bound, on the average.
    var isPrompt: Bool { mean.map { $0 <= bound } ?? false }

    /// Whether an envelope that goes out behind a content is likely to get its turn soon. Not before the server has answered
    /// once: what is taken back costs a session.
    var allowsChaining: Bool { mean.map { $0 <= chainBound } ?? false }

    /// A content has not been answered for so long: that counts at once, before its answer comes.
    mutating func waits(_ duration: TimeAmount) {
        mean = max(mean ?? 0, duration.nanoseconds)
    }

    mutating func took(_ duration: TimeAmount) {
        guard let mean else {
            self.mean = duration.nanoseconds
            return
        }
        self.mean = mean + (duration.nanoseconds - mean) / Self.weight
    }

    mutating func forget() {
        mean = nil
    }
}
