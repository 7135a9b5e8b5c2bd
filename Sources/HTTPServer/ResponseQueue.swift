internal import CMicrohttpd

/// Hands an answer to libmicrohttpd, which writes it.
enum ResponseQueue {
    static func queue(
        _ response: HTTPResponse, to head: HTTPRequestHead, on connection: OpaquePointer, closes: Bool
    ) -> MHD_Result {
        // The body is copied, so that the array need not outlive the call.
        let created = unsafe response.body.withUnsafeBytes { bytes in
            unsafe MHD_create_response_from_buffer(
                bytes.count, UnsafeMutableRawPointer(mutating: bytes.baseAddress), .RESPMEM_MUST_COPY)
        }
        guard let prepared = unsafe created else { return .NO }
        // libmicrohttpd keeps a reference of its own for as long as it writes.
        defer { unsafe MHD_destroy_response(prepared) }
        unsafe add(RequestIdentifier.field, head.id, to: prepared)
        for field in response.headers { unsafe add(field.name, field.value, to: prepared) }
        if closes { unsafe add("Connection", "close", to: prepared) }
        return unsafe MHD_queue_response(connection, UInt32(response.status), prepared)
    }

    /// Adds a field, which is copied. Without `withCString` the compiler makes an array of each text.
    private static func add(_ name: String, _ value: String, to response: OpaquePointer) {
        unsafe name.withCString { name in
            unsafe value.withCString { value in
                _ = unsafe MHD_add_response_header(response, name, value)
            }
        }
    }
}
