/// The known member that an unknown one resembles: a slip of the pen, another notation, or the name in another API.
enum MemberSuggestion {
    /// The longest name that is compared with the known ones; the longest known one has 16 characters.
    private static let maximumOctets = 40
    /// How many letters may differ, be missing or be swapped, at one in three or more.
    private static let maximumDistance = 2

    /// Names in other APIs and libraries, in lower case and without separators.
    private static let others: [String: [String]] = [
        "from": ["sender", "fromemail", "fromaddress", "mailfrom"],
        "to": ["recipient", "recipients", "toemail", "toaddress", "rcptto"],
        "reply_to": ["replytolist", "replytoemail"],
        "subject": ["title"],
        "text": ["textbody", "plaintext", "plain", "body", "textpart", "textcontent", "message"],
        "html": ["htmlbody", "htmlpart", "htmlcontent", "bodyhtml"],
        "headers": ["customheaders", "header", "tags", "tag", "metadata"],
        "attachments": ["file", "files", "inline", "attach"],
        "filename": ["name", "file", "path"],
        "content": ["data", "base64", "contentbytes", "base64content", "body"],
        "content_type": ["type", "mimetype", "mime", "mediatype"],
        "content_id": ["cid", "inlineid"],
        "address": ["mail", "addr"],
        "name": ["displayname"],
        "envelope": ["returnpath"],
        "require_tls": ["tls"],
    ]

    /// The known name that a name resembles most, or nil if it resembles none.
    static func suggestion(for name: String, among known: Set<String>) -> String? {
        guard name.utf8.count <= maximumOctets else { return nil }
        let plain = plain(name)
        let candidates = known.sorted()
        if let same = candidates.first(where: { Self.plain($0) == plain }) { return same }
        if let other = candidates.first(where: { others[$0]?.contains(plain) == true }) { return other }
        let distances = candidates.map { (name: $0, distance: distance(Array(plain.utf8), Array(Self.plain($0).utf8))) }
        guard let nearest = distances.min(by: { $0.distance < $1.distance }), nearest.distance <= maximumDistance,
            nearest.distance * 3 <= plain.utf8.count
        else { return nil }
        return nearest.name
    }

    private static func plain(_ name: String) -> String {
        name.lowercased().filter { $0 != "_" && $0 != "-" && $0 != " " }
    }

    /// How many octets have to be changed, added, removed or swapped with their neighbours.
    private static func distance(_ one: [UInt8], _ other: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...other.count)
        for index in one.indices {
            var row = [index + 1]
            for place in other.indices {
                var cost = min(row[place], last[place + 1]) + 1
                cost = min(cost, last[place] + (one[index] == other[place] ? 0 : 1))
                if index > 0, place > 0, one[index] == other[place - 1], one[index - 1] == other[place] {
                    cost = min(cost, beforeLast[place - 1] + 1)
                }
                row.append(cost)
            }
            beforeLast = last
            last = row
        }
        return last[other.count]
    }
}
