/// A message within the span of its request.
struct MessageTrace: Sendable {
    let request: RequestSpan
    /// Its Message-ID.
    let id: String
    /// Its place in a batch.
    let index: Int?

    func exchange(with relay: Relay) -> ExchangeSpan {
        request.exchange(with: relay, about: self)
    }
}
