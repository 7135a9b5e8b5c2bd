/// A message that asks for its turn at a relay whose rate all instances share.
public struct TurnRequest: Sendable {
    /// So many turns in any span of this length.
    public struct Window: Hashable, Sendable {
        /// How many turns.
        public let count: Int
        /// The length of the span.
        public let period: Duration

        /// So many turns in any span of that length.
        public init(count: Int, period: Duration) {
            self.count = count
            self.period = period
        }
    }

    /// The relay's name, by which instances share its turns.
    public let relay: String
    /// What limits the turns, all at once.
    public let windows: [Window]
    /// How long the message may wait.
    public let patience: Duration

    /// A request for the next turn.
    public init(relay: String, windows: [Window], patience: Duration) {
        self.relay = relay
        self.windows = windows
        self.patience = patience
    }
}
