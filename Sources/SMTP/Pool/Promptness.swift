internal import NIOCore

/// How fast a server has answered to contents lately.
struct Promptness {
    private let bound: Int64
    /// The running mean in nanoseconds; nil where nothing is known.
    private var mean: Int64?

    /// Each answer counts for an eighth of the mean: a slow one shows, and is forgotten after a few.
    private static let weight: Int64 = 8

    init(bound: Duration) {
        self.bound = TimeAmount(bound).nanoseconds
    }

    /// Whether a content was answered within the bound, on the average.
    var isPrompt: Bool { mean.map { $0 <= bound } ?? false }

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
