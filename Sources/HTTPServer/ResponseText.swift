internal import CMicrohttpd

/// A response as it is written (RFC 9112, section 4), for those that libmicrohttpd does not write.
enum ResponseText {
    /// The octets of a response after which the connection is closed.
    ///
    /// - Parameters:
    ///   - id: the id of the request.
    ///   - hasBody: false for a response to HEAD, which tells the length and no more.
    static func octets(of response: HTTPResponse, id: String, hasBody: Bool) -> [UInt8] {
        let reason = unsafe String(cString: MHD_get_reason_phrase_for(UInt32(response.status)))
        var text = "HTTP/1.1 \(response.status) \(reason)\r\nDate: \(date())\r\nConnection: close\r\n"
        text += "Content-Length: \(response.body.count)\r\n\(RequestIdentifier.field): \(id)\r\n"
        for field in response.headers { text += "\(field.name): \(field.value)\r\n" }
        return Array((text + "\r\n").utf8) + (hasBody ? response.body : [])
    }

    /// The octets of a date, with the NUL behind it.
    private static let dateLength = 30

    private static func date() -> String {
        var date = [CChar](repeating: 0, count: dateLength)
        unsafe cmicrohttpd_date(&date)
        return String(decoding: date.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
