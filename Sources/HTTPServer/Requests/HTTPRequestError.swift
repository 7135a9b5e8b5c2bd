/// Why a request is refused before any of it is handled: it breaks the syntax of HTTP/1.1, or a limit of the server.
///
/// The connection is closed after the response, because where the next request would begin is not known for sure
/// (RFC 9112, section 9.6).
public struct HTTPRequestError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The status of the response: 400, 408, 414, 431, 501 or 505.
    public let status: Int
    /// What is wrong and what to do about it.
    public let description: String

    init(_ status: Int, _ description: String) {
        self.status = status
        self.description = description
    }

    /// The request does not follow the syntax of RFC 9112.
    static func malformed(_ description: String) -> HTTPRequestError {
        HTTPRequestError(400, description)
    }

    static let requestLine = malformed(
        "the request line is not well formed; send a method, a target and HTTP/1.1, each separated by one space")
    static let bareLineFeed = malformed("a line ends with LF alone; end each line of the header section with CR LF")
    static let controlCharacter = malformed(
        "the header section contains a control character, such as NUL or a CR without LF; remove it")
    static let fieldName = malformed(
        "the name of a header field is not a token; write name: value, without white space before the colon")
    static let foldedField = malformed("a header field continues on a second line; write it on one line")
    static let truncated = malformed("the connection ended before the request was complete; send it again")
    static let host = malformed(
        "the Host field is missing, given twice or not a host name with an optional port; send exactly one")
    static let target = malformed(
        "the request target is not well formed; send a path that begins with a slash, and encode other octets with %")
    static let nullInTarget = malformed("the request target contains %00; remove it")
    static let query = malformed("the query is not UTF-8; encode the octets of UTF-8 with %")
    static let contentLength = malformed("Content-Length is not a whole number of octets; send exactly one, in digits")
    static let twoLengths = malformed(
        "the request has both Content-Length and Transfer-Encoding, so its length is not certain; send one of them")
    static let transferEncoding = malformed(
        "Transfer-Encoding has to be chunked, once, and needs HTTP/1.1; send it so, or send Content-Length")
    static let transferCoding = HTTPRequestError(
        501, "a transfer coding of the request is not supported; send Transfer-Encoding: chunked, or Content-Length")
    static let chunk = malformed(
        "the chunked body is not well formed; send each chunk as its size in hexadecimal digits, CR LF, data, CR LF")
    static let trailer = malformed("the trailer section of the chunked body is not well formed; send no trailer fields")
    static let version = HTTPRequestError(505, "only HTTP/1.1 and HTTP/1.0 are supported; send HTTP/1.1")

    static func targetTooLong(limit: Int) -> HTTPRequestError {
        HTTPRequestError(414, "the request target is too long: the header section may have \(limit) octets in all")
    }

    static func sectionTooLarge(limit: Int) -> HTTPRequestError {
        HTTPRequestError(431, "the header section has more than \(limit) octets; send fewer or shorter fields")
    }

    static func tooManyFields(limit: Int) -> HTTPRequestError {
        HTTPRequestError(431, "the header section has more than \(limit) fields; send fewer")
    }

    /// The client did not send the rest of its request in time.
    static let tooSlow = HTTPRequestError(
        408, "the request did not arrive in time; send it again, on a faster connection")
}
