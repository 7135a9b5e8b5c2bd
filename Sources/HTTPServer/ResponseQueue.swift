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
        _ = unsafe MHD_add_response_header(prepared, RequestIdentifier.field, head.id)
        for field in response.headers { _ = unsafe MHD_add_response_header(prepared, field.name, field.value) }
        if closes { _ = unsafe MHD_add_response_header(prepared, "Connection", "close") }
        return unsafe MHD_queue_response(connection, UInt32(response.status), prepared)
    }
}
