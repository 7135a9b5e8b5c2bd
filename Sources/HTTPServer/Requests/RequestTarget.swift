/// The target of a request (RFC 9112, section 3.2): path and query, decoded, and the authority if the target names one.
struct RequestTarget {
    /// The path, percent-decoded. An encoded slash stays `%2F`: it is data of a segment and separates nothing.
    let path: String
    let query: HTTPQuery
    /// Host and port of an absolute target. They stand in for the Host field (RFC 9112, section 3.2.2).
    let authority: String?

    /// Reads a target, which holds no control character and no space.
    ///
    /// - Throws: ``HTTPRequestError`` with 400.
    init(_ target: Span<UInt8>, method: String) throws(HTTPRequestError) {
        var start = 0
        var authority: String?
        if target[0] == UInt8(ascii: "*") {
            guard target.count == 1, method == "OPTIONS" else { throw .target }
        } else if target[0] != UInt8(ascii: "/") {
            guard let end = Self.schemeEnd(target) else { throw .target }
            start = end
            while start < target.count, target[start] != UInt8(ascii: "/"), target[start] != UInt8(ascii: "?") {
                start += 1
            }
            let host = target.extracting(end..<start)
            guard !host.isEmpty, HostField.isValid(host) else { throw .target }
            authority = host.text
        }
        var question = start
        var isPlain = true
        while question < target.count, target[question] != UInt8(ascii: "?") {
            switch target[question] {
            case UInt8(ascii: "%"): isPlain = false
            case UInt8(ascii: "#"): throw .target
            default: break
            }
            question += 1
        }
        let path = target.extracting(start..<question)
        if path.isEmpty {
            // `OPTIONS http://host` asks about the server as a whole (RFC 9112, section 3.2.4).
            self.path = method == "OPTIONS" && question == target.count ? "*" : "/"
        } else {
            self.path = isPlain ? path.text : try Self.decodedPath(path)
        }
        query =
            question < target.count
            ? try Self.query(target.extracting((question + 1)..<target.count)) : HTTPQuery()
        self.authority = authority
    }

    /// Where the authority of an absolute target with http or https begins; nil for any other target.
    private static func schemeEnd(_ target: Span<UInt8>) -> Int? {
        for scheme in ["http://", "https://"] where target.count > scheme.utf8.count {
            if target.extracting(0..<scheme.utf8.count).isSame(scheme) { return scheme.utf8.count }
        }
        return nil
    }

    private static func decodedPath(_ path: Span<UInt8>) throws(HTTPRequestError) -> String {
        var octets: [UInt8] = []
        octets.reserveCapacity(path.count)
        var index = 0
        while index < path.count {
            guard path[index] == UInt8(ascii: "%") else {
                octets.append(path[index])
                index += 1
                continue
            }
            let octet = try escaped(path, at: index)
            if octet == UInt8(ascii: "/") { octets += "%2F".utf8 } else { octets.append(octet) }
            index += 3
        }
        return String(decoding: octets, as: UTF8.self)
    }

    private static func query(_ text: Span<UInt8>) throws(HTTPRequestError) -> HTTPQuery {
        var query = HTTPQuery()
        var start = 0
        while start <= text.count {
            var end = start
            while end < text.count, text[end] != UInt8(ascii: "&") {
                if text[end] == UInt8(ascii: "#") { throw .target }
                end += 1
            }
            if end > start {
                var equals = start
                while equals < end, text[equals] != UInt8(ascii: "=") { equals += 1 }
                query.append(
                    name: try decoded(text.extracting(start..<equals)),
                    value: equals < end ? try decoded(text.extracting((equals + 1)..<end)) : "")
            }
            start = end + 1
        }
        return query
    }

    /// A name or value of the query, written as a form's are: a plus sign is a space.
    private static func decoded(_ text: Span<UInt8>) throws(HTTPRequestError) -> String {
        var octets: [UInt8] = []
        octets.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "+"): octets.append(Octet.space)
            case UInt8(ascii: "%"):
                octets.append(try escaped(text, at: index))
                index += 2
            case let octet: octets.append(octet)
            }
            index += 1
        }
        guard let decoded = String(validating: octets, as: UTF8.self) else { throw .query }
        return decoded
    }

    private static func escaped(_ text: Span<UInt8>, at index: Int) throws(HTTPRequestError) -> UInt8 {
        guard index + 2 < text.count, let high = Octet.hexadecimal(text[index + 1]),
            let low = Octet.hexadecimal(text[index + 2])
        else { throw .target }
        guard high | low != 0 else { throw .nullInTarget }
        return high << 4 | low
    }
}
