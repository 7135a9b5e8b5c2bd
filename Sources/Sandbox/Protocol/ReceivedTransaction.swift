/// A complete message, but for what only the inbox knows: its ID and the time.
struct ReceivedTransaction: Equatable {
    var helloName: String
    var transaction: Transaction
    /// The content, dots undone.
    var raw: [UInt8]
}
