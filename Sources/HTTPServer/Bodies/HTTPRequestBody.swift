/// The body of a request, read while it arrives.
///
/// A client that is faster than its reader is made to wait. When the last reference goes away, what has not been read is
/// dropped.
public final class HTTPRequestBody: Sendable {
    private let stream: BodyStream

    init(_ stream: BodyStream) {
        self.stream = stream
    }

    deinit {
        stream.abandon()
    }

    /// The next octets, one at least, or nil at the end of the body. To be called by one task at a time.
    ///
    /// - Throws: ``HTTPBodyError`` where the body does not come to its end.
    public func next() async throws(HTTPBodyError) -> [UInt8]? {
        let result = await withCheckedContinuation { stream.next($0) }
        return try result.get()
    }
}
