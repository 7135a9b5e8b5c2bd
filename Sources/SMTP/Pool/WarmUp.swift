/// Somebody who waits for sessions to be set up before there are messages.
struct WarmUp {
    /// The number by which the answer is told.
    let number: Int
    /// How many sessions there are to be.
    let sessions: Int
}
