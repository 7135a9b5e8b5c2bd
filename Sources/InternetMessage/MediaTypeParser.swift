/// Reads the value of a `Content-Type` field (RFC 2045, section 5.1) from left to right.
struct MediaTypeParser {
    private let octets: [UInt8]
    private var position = 0

    init(octets: [UInt8]) {
        self.octets = octets
    }

    consuming func parse() throws(HeaderError) -> MediaType {
        skipSpace()
        let type = try name()
        try expect(UInt8(ascii: "/"))
        let subtype = try name()
        var parameters: [MediaType.Parameter] = []
        skipSpace()
        while position < octets.count {
            try expect(UInt8(ascii: ";"))
            skipSpace()
            guard position < octets.count else { break }  // a semicolon at the end is common and means nothing
            let name = try name()
            skipSpace()
            try expect(UInt8(ascii: "="))
            skipSpace()
            let value = try current == UInt8(ascii: "\"") ? quotedString() : token()
            if name.hasSuffix("*") { try Self.checkExtended(name, value) }
            // Two values for one name would be read differently by different receivers.
            guard parameters.count < MediaType.maximumParameters, !parameters.contains(where: { $0.name == name })
            else { throw HeaderError(.invalidMediaType) }
            parameters.append(MediaType.Parameter(name: name, value: value))
            skipSpace()
        }
        return MediaType(type: type, subtype: subtype, parameters: parameters)
    }

    /// Checks the value of a parameter in the extended form (RFC 2231, section 7), which is written as it is.
    private static func checkExtended(_ name: String, _ value: String) throws(HeaderError) {
        let isFirst = !name.dropLast().contains("*") || name.hasSuffix("*0*")
        let quotes = value.utf8.count { $0 == UInt8(ascii: "'") }
        guard !value.isEmpty, value.utf8.count <= HeaderWriter.maximumWordOctets, quotes == (isFirst ? 2 : 0),
            value.utf8.allSatisfy({
                HeaderWriter.isAttributeOctet($0) || $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "'")
            })
        else { throw HeaderError(.invalidMediaType) }
    }

    private var current: UInt8? { position < octets.count ? octets[position] : nil }

    private mutating func skipSpace() {
        while let octet = current, octet == UInt8(ascii: " ") || octet == UInt8(ascii: "\t") { position += 1 }
    }

    private mutating func expect(_ octet: UInt8) throws(HeaderError) {
        guard current == octet else { throw HeaderError(.invalidMediaType) }
        position += 1
    }

    /// A type, subtype or attribute, whose case does not count.
    private mutating func name() throws(HeaderError) -> String {
        let name = try token()
        guard name.utf8.count <= MediaType.maximumNameOctets else { throw HeaderError(.invalidMediaType) }
        return name.lowercased()
    }

    private mutating func token() throws(HeaderError) -> String {
        let start = position
        while let octet = current, HeaderText.isTokenOctet(octet) { position += 1 }
        guard position > start else { throw HeaderError(.invalidMediaType) }
        return String(decoding: octets[start..<position], as: UTF8.self)
    }

    private mutating func quotedString() throws(HeaderError) -> String {
        position += 1
        var content: [UInt8] = []
        while let octet = current {
            position += 1
            if octet == UInt8(ascii: "\"") { return String(decoding: content, as: UTF8.self) }
            if octet == UInt8(ascii: "\\") {
                guard let escaped = current else { break }
                content.append(escaped)
                position += 1
            } else {
                content.append(octet)
            }
        }
        throw HeaderError(.invalidMediaType)
    }
}
