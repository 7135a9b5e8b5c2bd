internal import CMicrohttpd

/// Reads the header section out of libmicrohttpd's connection into values.
enum RequestReader {
    /// The context of the iterators. It lives on the stack of `head` for as long as they run.
    private struct Collected {
        var headers = HTTPHeaders()
        var query = HTTPQuery()
    }

    static func head(
        _ connection: OpaquePointer, of client: ClientConnection, url: UnsafePointer<CChar>,
        method: UnsafePointer<CChar>
    ) -> HTTPRequestHead {
        var collected = Collected()
        unsafe withUnsafeMutablePointer(to: &collected) { pointer in
            _ = unsafe MHD_get_connection_values(
                connection, .HEADER_KIND,
                { context, _, name, value in
                    guard let context = unsafe context, let name = unsafe name else { return .YES }
                    unsafe context.assumingMemoryBound(to: Collected.self).pointee.headers.append(
                        name: String(cString: name), value: RequestReader.text(value))
                    return .YES
                }, pointer)
            _ = unsafe MHD_get_connection_values(
                connection, .GET_ARGUMENT_KIND,
                { context, _, name, value in
                    guard let context = unsafe context, let name = unsafe name else { return .YES }
                    unsafe context.assumingMemoryBound(to: Collected.self).pointee.query.append(
                        name: String(cString: name), value: RequestReader.text(value))
                    return .YES
                }, pointer)
        }
        let length = collected.headers["Content-Length"].flatMap { Int($0) }
        return unsafe HTTPRequestHead(
            id: RequestIdentifier.of(collected.headers), client: client.address, method: String(cString: method),
            path: String(cString: url),
            query: collected.query,
            headers: collected.headers, contentLength: length,
            hasBody: length ?? 0 > 0 || collected.headers["Transfer-Encoding"] != nil)
    }

    private static func text(_ value: UnsafePointer<CChar>?) -> String {
        if let value = unsafe value { unsafe String(cString: value) } else { "" }
    }
}
