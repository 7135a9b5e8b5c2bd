internal import NIOCore

/// What carries a request to a collector. ``HTTPOTLPTransport`` does it by HTTP.
protocol OTLPTransport: Sendable {
    /// Sends a body in JSON by POST, and returns the answer, whatever its status is. Redirects are not followed.
    ///
    /// It ends soon after its task is cancelled.
    func post(_ body: ByteBuffer) async throws(OTLPTransportError) -> OTLPResponse

    /// Closes what is open. Nothing is sent after that.
    func shutdown() async
}
