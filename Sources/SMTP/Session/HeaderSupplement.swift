internal import Foundation
internal import MailAddress

/// Supplies `From:` and `Date:` to a text that does not bring its own (RFC 5322, section 3.6). A value without I/O.
///
/// It holds the text back until the header section is over. A text whose beginning is no header section becomes the body.
struct HeaderSupplement {
    /// Octets of header section that are held at most; what comes later is not looked at.
    static let bound = 256 * 1024

    private let from: String
    private let date: Date
    private var held: [UInt8] = []
    private var lineStart = 0
    private var hasFrom = false
    private var hasDate = false

    init(from reversePath: AddrSpec?, date: Date = Date()) {
        // The null reverse-path names nobody; a header field has to (RFC 5322, section 3.6.2).
        from = reversePath?.description ?? "MAILER-DAEMON@localhost"
        self.date = date
    }

    /// Takes a piece of the text.
    ///
    /// - Returns: all that was held, completed, once the header section is over; nil while it is not.
    mutating func take(_ bytes: [UInt8]) -> [UInt8]? {
        held += bytes
        return scan(isFinal: false)
    }

    /// The text is at its end.
    mutating func finish() -> [UInt8] {
        scan(isFinal: true) ?? completed(separator: "")
    }

    private mutating func scan(isFinal: Bool) -> [UInt8]? {
        let carriageReturn = UInt8(ascii: "\r")
        let lineFeed = UInt8(ascii: "\n")
        while let end = held[lineStart...].firstIndex(where: { $0 == lineFeed || $0 == carriageReturn })
            ?? (isFinal && lineStart < held.count ? held.count : nil)
        {
            // A CR at the end of what has come may have its LF still to come.
            if end == held.count - 1, held[end] == carriageReturn, !isFinal { break }
            let line = held[lineStart..<end]
            if line.isEmpty { return completed(separator: "") }
            let isContinuation = line.first == UInt8(ascii: " ") || line.first == UInt8(ascii: "\t")
            if !(isContinuation && lineStart > 0) {
                guard let name = Self.fieldName(line) else { return completed(separator: "\r\n") }
                hasFrom = hasFrom || name == "from"
                hasDate = hasDate || name == "date"
            }
            let next = end + 1 < held.count && held[end] == carriageReturn && held[end + 1] == lineFeed ? 2 : 1
            lineStart = min(end + next, held.count)
        }
        return held.count > Self.bound ? completed(separator: "") : nil
    }

    /// The name in lower case, or nil if the line is no header field.
    private static func fieldName(_ line: ArraySlice<UInt8>) -> String? {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex else { return nil }
        let name = line[line.startIndex..<colon]
        guard name.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        return String(decoding: name, as: UTF8.self).lowercased()
    }

    /// The supplied fields, and what was held. The separator goes between the header section and a body that came
    /// without the empty line before it.
    private func completed(separator: String) -> [UInt8] {
        var fields: [UInt8] = []
        if !hasFrom { fields += Array("From: <\(from)>\r\n".utf8) }
        if !hasDate { fields += Array("Date: \(Self.dateTime(date))\r\n".utf8) }
        return fields + held[..<lineStart] + Array(separator.utf8) + held[lineStart...]
    }

    /// A date-time of RFC 5322, section 3.3, in UTC.
    static func dateTime(_ date: Date) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = calendar.dateComponents([.year, .month, .day, .weekday, .hour, .minute, .second], from: date)
        func two(_ value: Int?) -> String { String((value ?? 0) + 100).suffix(2).description }
        let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let day = "\(weekdays[(parts.weekday ?? 1) - 1]), \(parts.day ?? 1) \(months[(parts.month ?? 1) - 1])"
        return "\(day) \(parts.year ?? 1970) \(two(parts.hour)):\(two(parts.minute)):\(two(parts.second)) +0000"
    }
}
