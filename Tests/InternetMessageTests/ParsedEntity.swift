/// A message or body part taken apart by a reader of its own, as strict about line breaks as an SMTP server.
struct ParsedEntity {
    struct Field {
        let name: String
        let raw: String
    }

    struct Malformed: Error {
        let reason: String
    }

    private(set) var fields: [Field] = []
    private(set) var parts: [ParsedEntity] = []
    private(set) var content = ""

    var names: [String] { fields.map(\.name) }

    func raw(_ name: String) -> String { fields.first { $0.name == name }?.raw ?? "" }

    init(_ octets: [UInt8]) throws {
        for index in octets.indices {
            let isCR = octets[index] == 13
            guard isCR || octets[index] == 10 else { continue }
            let partner = isCR ? index + 1 : index - 1
            let hasPartner = octets.indices.contains(partner) && octets[partner] == (isCR ? 10 : 13)
            guard hasPartner else { throw Malformed(reason: "CR or LF alone at \(index)") }
        }
        try self.init(lines: Self.lines(octets)[...])
    }

    private init(lines: ArraySlice<String>) throws {
        guard let empty = lines.firstIndex(of: "") else { throw Malformed(reason: "no empty line") }
        for line in lines[..<empty] {
            guard line.utf8.count <= 998 else { throw Malformed(reason: "line of \(line.utf8.count)") }
            if line.hasPrefix(" ") || line.hasPrefix("\t"), let last = fields.popLast() {
                guard line.contains(where: { $0 != " " && $0 != "\t" }) else { throw Malformed(reason: "blank fold") }
                fields.append(Field(name: last.name, raw: last.raw + "\r\n" + line))
            } else {
                guard let colon = line.firstIndex(of: ":") else { throw Malformed(reason: "no colon: \(line)") }
                fields.append(Field(name: String(line[..<colon]), raw: line))
            }
        }
        let body = lines[(empty + 1)...]
        let type = raw("Content-Type")
        guard type.hasPrefix("Content-Type: multipart/") else {
            content = body.joined(separator: "\r\n")
            return
        }
        guard let start = type.firstRange(of: "boundary=\"")?.upperBound else { throw Malformed(reason: "no boundary") }
        let boundary = type[start...].prefix { $0 != "\"" }
        var partStart: Int?
        for index in body.indices where body[index].hasPrefix("--\(boundary)") {
            // The line break in front of a boundary belongs to the boundary.
            if let partStart { parts.append(try ParsedEntity(lines: body[partStart..<index])) }
            partStart = index + 1
            if body[index] == "--\(boundary)--" { return }
            guard body[index] == "--\(boundary)" else { throw Malformed(reason: "text behind a boundary") }
        }
        throw Malformed(reason: "multipart without end")
    }

    private static func lines(_ octets: [UInt8]) -> [String] {
        var lines: [String] = []
        var start = 0
        for index in octets.indices where octets[index] == 10 {
            lines.append(String(decoding: octets[start..<(index - 1)], as: UTF8.self))
            start = index + 1
        }
        lines.append(String(decoding: octets[start...], as: UTF8.self))
        return lines
    }
}
