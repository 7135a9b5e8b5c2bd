/// Reads the fields at the beginning of a message (RFC 5322, section 2.2), and takes what is wrong with them as it is:
/// lines may end in a lone LF, and what is not UTF-8 is replaced.
enum HeaderSection {
    /// The fields in their order, unfolded, without the white space around names and values. They end at the first empty
    /// line, and at the first that is no field.
    static func fields(_ message: [UInt8]) -> [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        var field: [UInt8] = []
        var start = 0
        while start < message.count {
            let end = Octets.index(of: Octets.lineFeed, in: message, from: start)
            var line = message[start..<end]
            start = end + 1
            if line.last == Octets.carriageReturn { line.removeLast() }
            guard let first = line.first else { break }
            if isWhiteSpace(first), !field.isEmpty {
                field += line
                continue
            }
            append(field, to: &fields)
            field = Array(line)
            guard !isWhiteSpace(first), line.contains(Octets.colon) else {
                field = []
                break
            }
        }
        append(field, to: &fields)
        return fields
    }

    private static func append(_ field: [UInt8], to fields: inout [(name: String, value: String)]) {
        guard let colon = field.firstIndex(of: Octets.colon) else { return }
        fields.append((text(field[..<colon]), text(field[(colon + 1)...])))
    }

    private static func text(_ octets: ArraySlice<UInt8>) -> String {
        var octets = octets.drop(while: isWhiteSpace)
        while let last = octets.last, isWhiteSpace(last) { octets.removeLast() }
        return String(decoding: octets, as: UTF8.self)
    }

    private static func isWhiteSpace(_ octet: UInt8) -> Bool {
        octet == Octets.space || octet == Octets.tab
    }
}
