/// The field `tracestate` (W3C Trace Context, section 3.3): what other systems want to be passed on with a trace.
struct TraceState: Sendable, Hashable {
    /// The members with commas between them; empty if there are none.
    let text: String

    /// No members.
    static let none = TraceState(text: "")

    /// What has to be passed on at least (section 3.3.1.5), and is passed on at most.
    private static let maximumLength = 512
    /// The length from which a member goes first if the field is too long (the same section).
    private static let longMember = 128
    private static let maximumMembers = 32

    private init(text: String) {
        self.text = text
    }

    /// Reads the field. If it is malformed, nothing of it is kept.
    init(_ field: String) {
        var members: [Substring] = []
        var keys: Set<Substring> = []
        for element in field.split(separator: ",") {
            let member = element.trimmed
            if member.isEmpty { continue }
            guard members.count < Self.maximumMembers, let mark = member.firstIndex(of: "="),
                Self.isKey(member[..<mark]), Self.isValue(member[member.index(after: mark)...]),
                keys.insert(member[..<mark]).inserted
            else {
                self = .none
                return
            }
            members.append(member)
        }
        self.init(text: Self.shortened(members).joined(separator: ","))
    }

    private static func shortened(_ members: [Substring]) -> [Substring] {
        var members = members
        // With the comma that follows, of which the last member has none.
        var length = members.reduce(-1) { $0 + $1.utf8.count + 1 }
        while length > maximumLength, let index = members.lastIndex(where: { $0.utf8.count > longMember }) {
            length -= members.remove(at: index).utf8.count + 1
        }
        while length > maximumLength, let last = members.popLast() { length -= last.utf8.count + 1 }
        return members
    }

    /// Section 3.3.1.3.1: a simple key, or `tenant@system`.
    private static func isKey(_ key: Substring) -> Bool {
        let parts = key.split(separator: "@", omittingEmptySubsequences: false)
        switch parts.count {
        case 1: return isName(parts[0], upTo: 256, mayBeginWithDigit: false)
        case 2:
            return isName(parts[0], upTo: 241, mayBeginWithDigit: true)
                && isName(parts[1], upTo: 14, mayBeginWithDigit: false)
        default: return false
        }
    }

    private static func isName(_ name: Substring, upTo limit: Int, mayBeginWithDigit: Bool) -> Bool {
        guard let first = name.utf8.first, name.utf8.count <= limit else { return false }
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard letters.contains(first) || (mayBeginWithDigit && digits.contains(first)) else { return false }
        return name.utf8.allSatisfy { letters.contains($0) || digits.contains($0) || "_-*/".utf8.contains($0) }
    }

    /// Section 3.3.1.3.2. White space at its end was removed before.
    private static func isValue(_ value: Substring) -> Bool {
        !value.isEmpty && value.utf8.count <= 256
            && value.utf8.allSatisfy { $0 >= 0x20 && $0 <= 0x7E && $0 != UInt8(ascii: "=") }
    }
}
