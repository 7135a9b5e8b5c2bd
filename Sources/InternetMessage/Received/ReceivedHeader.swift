internal import MailAddress

/// The header fields of a message or of a body part, and what comes after them (RFC 5322, section 2.2), read leniently.
struct ReceivedHeader {
    /// Most fields that are read; what comes after them is taken for the body.
    private static let maximumFields = 10_000

    /// In their order, unfolded, without the white space around names and values.
    let fields: [(name: String, value: String)]
    /// What follows the empty line.
    let body: ArraySlice<UInt8>

    /// Reads the fields. They end at the first empty line, and before the first line that is no field.
    init(_ octets: ArraySlice<UInt8>) {
        var fields: [(name: String, value: String)] = []
        var field: [UInt8] = []
        var lines = ReceivedLines(octets)
        var body = octets[octets.endIndex...]
        while let line = lines.next() {
            let content = octets[line.content]
            guard let first = content.first else {
                body = octets[line.end...]
                break
            }
            if Self.isWhiteSpace(first), !field.isEmpty {
                field += content
                continue
            }
            guard !Self.isWhiteSpace(first), content.contains(UInt8(ascii: ":")), fields.count < Self.maximumFields
            else {
                body = octets[line.content.lowerBound...]
                break
            }
            Self.append(field, to: &fields)
            field = Array(content)
        }
        Self.append(field, to: &fields)
        self.fields = fields
        self.body = body
    }

    /// The value of the first field of a name, which is given in lower case.
    func first(_ name: String) -> String? {
        fields.first { $0.name.lowercased() == name }?.value
    }

    /// The mailboxes of all fields of a name, which is given in lower case.
    func addresses(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name && !$0.value.isEmpty }.flatMap { field in
            guard let list = try? AddressList(parsing: field.value) else {
                return [EncodedWordReader.decoded(field.value)]
            }
            return list.mailboxes.map { mailbox in
                guard let name = mailbox.name, !name.isEmpty else { return mailbox.address.description }
                return "\(EncodedWordReader.decoded(name)) <\(mailbox.address)>"
            }
        }
    }

    private static func append(_ field: [UInt8], to fields: inout [(name: String, value: String)]) {
        guard let colon = field.firstIndex(of: UInt8(ascii: ":")) else { return }
        fields.append((text(field[..<colon]), text(field[(colon + 1)...])))
    }

    private static func text(_ octets: ArraySlice<UInt8>) -> String {
        var octets = octets.drop(while: isWhiteSpace)
        while let last = octets.last, isWhiteSpace(last) { octets.removeLast() }
        return String(decoding: octets, as: UTF8.self)
    }

    private static func isWhiteSpace(_ octet: UInt8) -> Bool {
        octet == UInt8(ascii: " ") || octet == UInt8(ascii: "\t")
    }
}
