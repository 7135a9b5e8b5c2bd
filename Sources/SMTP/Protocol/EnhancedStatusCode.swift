/// An enhanced mail system status code: class, subject and detail, as in `5.1.1` (RFC 3463, RFC 2034).
public struct EnhancedStatusCode: Hashable, Sendable, CustomStringConvertible {
    /// The class: 2 for success, 4 for a persistent transient failure, 5 for a permanent failure.
    public let statusClass: Int
    /// The subject, 0 to 999: 1 is addressing, 2 the mailbox, 3 the mail system, and so on.
    public let subject: Int
    /// The detail within the subject, 0 to 999.
    public let detail: Int

    /// The dotted form, such as `5.1.1`.
    public var description: String { "\(statusClass).\(subject).\(detail)" }

    init(statusClass: Int, subject: Int, detail: Int) {
        self.statusClass = statusClass
        self.subject = subject
        self.detail = detail
    }

    /// Reads a code at the start of a reply line's text.
    ///
    /// A code counts only if its class is the first digit of the reply code and 2, 4 or 5 (RFC 2034, section 4);
    /// everything else is text.
    ///
    /// - Returns: the code and how many bytes it took, its following space included; nil if there is none.
    static func parse(_ bytes: Span<UInt8>, from start: Int, to end: Int, replyCode: Int) -> (Self, length: Int)? {
        let replyClass = replyCode / 100
        guard replyClass == 2 || replyClass == 4 || replyClass == 5, end - start >= 5,
            Int(bytes[start]) == 0x30 + replyClass, bytes[start + 1] == UInt8(ascii: ".")
        else { return nil }
        var index = start + 2
        guard let subject = number(bytes, &index, end), index < end, bytes[index] == UInt8(ascii: ".") else {
            return nil
        }
        index += 1
        guard let detail = number(bytes, &index, end) else { return nil }
        if index < end {
            guard bytes[index] == UInt8(ascii: " ") else { return nil }
            index += 1
        }
        return (Self(statusClass: replyClass, subject: subject, detail: detail), index - start)
    }

    /// One to three digits.
    private static func number(_ bytes: Span<UInt8>, _ index: inout Int, _ end: Int) -> Int? {
        var value = 0
        var digits = 0
        while index < end, case let digit = bytes[index], digit >= 0x30, digit <= 0x39 {
            value = value * 10 + Int(digit - 0x30)
            digits += 1
            index += 1
            if digits > 3 { return nil }
        }
        return digits > 0 ? value : nil
    }
}
