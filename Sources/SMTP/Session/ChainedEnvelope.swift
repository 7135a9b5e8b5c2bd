/// An envelope that goes out behind the content of the message before it.
struct ChainedEnvelope {
    let envelope: Envelope
    /// How long the server may take for the reply to its MAIL, or nil for as long as for any reply.
    let patience: Duration?
    let completion: Connection.OpenCompletion
}
