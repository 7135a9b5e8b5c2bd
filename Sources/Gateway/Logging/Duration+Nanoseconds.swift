extension Duration {
    /// Whole nanoseconds; durations here are hours at most.
    var nanoseconds: Int {
        // Nearly all are of less than nine seconds, and need no division of 128 bits.
        if let attoseconds = Int(exactly: attoseconds) { return attoseconds / 1_000_000_000 }
        let (seconds, attoseconds) = components
        return Int(seconds) * 1_000_000_000 + Int(attoseconds) / 1_000_000_000
    }
}
