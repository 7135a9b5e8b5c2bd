/// The form in which stores keep a response: status, fields and body, each text with its length before it.
extension KeptResponse {
    /// The first octet: the form's version.
    private static let version: UInt8 = 1

    /// The response as octets.
    var octets: [UInt8] {
        var octets = [Self.version]
        octets.reserveCapacity(size + 32)
        Self.append(status, to: &octets)
        Self.append(fields.count, to: &octets)
        for field in fields {
            for text in [field.name, field.value] {
                Self.append(text.utf8.count, to: &octets)
                octets += text.utf8
            }
        }
        return octets + body
    }

    /// Reads a response that a store has kept; nil if it was not written by ``octets``.
    init?(octets: [UInt8]) {
        var rest = octets[...]
        guard rest.popFirst() == Self.version, let status = Self.number(&rest), let count = Self.number(&rest),
            count <= octets.count
        else { return nil }
        var fields: [Field] = []
        for _ in 0..<count {
            guard let name = Self.text(&rest), let value = Self.text(&rest) else { return nil }
            fields.append(Field(name, value))
        }
        self.init(status: status, fields: fields, body: Array(rest))
    }

    private static func append(_ number: Int, to octets: inout [UInt8]) {
        for shift in [24, 16, 8, 0] { octets.append(UInt8(truncatingIfNeeded: number >> shift)) }
    }

    private static func number(_ octets: inout ArraySlice<UInt8>) -> Int? {
        guard octets.count >= 4 else { return nil }
        defer { octets = octets.dropFirst(4) }
        return octets.prefix(4).reduce(0) { $0 << 8 | Int($1) }
    }

    private static func text(_ octets: inout ArraySlice<UInt8>) -> String? {
        guard let count = number(&octets), count <= octets.count else { return nil }
        defer { octets = octets.dropFirst(count) }
        return String(validating: octets.prefix(count), as: UTF8.self)
    }
}
