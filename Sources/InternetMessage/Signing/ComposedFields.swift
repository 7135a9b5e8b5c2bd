/// Where the fields of a composed message stand, and where its body begins.
struct ComposedFields {
    /// A field from its name to the end of its last line, without that line's CRLF.
    struct Field {
        /// The name in lower case.
        let name: String
        let octets: ArraySlice<UInt8>
    }

    /// The fields from top to bottom.
    let fields: [Field]
    /// The index of the first octet of the body.
    let bodyStart: Int

    init(_ message: [UInt8]) {
        var fields: [Field] = []
        var start = 0
        while start < message.count, message[start] != UInt8(ascii: "\r") {
            let end = Self.fieldEnd(message, from: start)
            let field = message[start..<end]
            let name = field.prefix { $0 != UInt8(ascii: ":") }
            fields.append(Field(name: String(decoding: name, as: UTF8.self).lowercased(), octets: field))
            start = end + 2
        }
        self.fields = fields
        bodyStart = min(start + 2, message.count)
    }

    /// The index of the CRLF that no folded line follows.
    private static func fieldEnd(_ message: [UInt8], from start: Int) -> Int {
        var index = start
        while index + 1 < message.count {
            if message[index] == UInt8(ascii: "\r"), message[index + 1] == UInt8(ascii: "\n") {
                let next = index + 2 < message.count ? message[index + 2] : 0
                if next != UInt8(ascii: " "), next != UInt8(ascii: "\t") { return index }
            }
            index += 1
        }
        return message.count
    }
}
