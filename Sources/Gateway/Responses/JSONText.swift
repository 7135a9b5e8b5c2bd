internal import MailAddress
internal import OctetSearch
internal import SMTP

/// Writes JSON text (RFC 8259) piece by piece, without a model in between: an answer is formatted once.
struct JSONText {
    /// The name of a member that stands in the code: nothing in it has to be escaped.
    struct Name: ExpressibleByStringLiteral, CustomStringConvertible, Sendable {
        /// As it is written, with its quotes and the colon.
        let octets: [UInt8]

        init(stringLiteral text: StringLiteralType) {
            octets = Array("\"\(text)\":".utf8)
        }

        var description: String { String(decoding: octets.dropFirst().dropLast(2), as: UTF8.self) }
    }

    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    init() {
        bytes.reserveCapacity(512)
    }

    /// Begins an object that is a line; its members are written next.
    ///
    /// - Parameter capacity: octets for which there is room.
    init(line capacity: Int) {
        bytes.reserveCapacity(capacity)
        open(UInt8(ascii: "{"))
    }

    /// The line that was begun, with its end.
    var line: [UInt8] {
        consuming get {
            close(UInt8(ascii: "}"))
            bytes.append(UInt8(ascii: "\n"))
            return bytes
        }
    }

    /// An object; its members are written in the closure.
    mutating func object(_ members: (inout JSONText) -> Void) {
        open(UInt8(ascii: "{"))
        members(&self)
        close(UInt8(ascii: "}"))
    }

    /// An array with one element for each of the sequence.
    mutating func array<Element>(_ elements: some Sequence<Element>, _ element: (inout JSONText, Element) -> Void) {
        open(UInt8(ascii: "["))
        for value in elements { element(&self, value) }
        close(UInt8(ascii: "]"))
    }

    /// An array with the first elements of a list, as many as begin within a number of octets of the text.
    ///
    /// - Returns: how many there are.
    mutating func beginning<Element>(
        of elements: [Element], within maximum: Int, _ element: (inout JSONText, Element) -> Void
    ) -> Int {
        open(UInt8(ascii: "["))
        var count = 0
        while count < elements.count, bytes.count <= maximum {
            element(&self, elements[count])
            count += 1
        }
        close(UInt8(ascii: "]"))
        return count
    }

    /// An array; its elements are written in the closure.
    mutating func array(_ elements: (inout JSONText) -> Void) {
        open(UInt8(ascii: "["))
        elements(&self)
        close(UInt8(ascii: "]"))
    }

    /// The name of the member whose value comes next.
    mutating func name(_ name: Name) {
        separate()
        bytes.append(copying: name.octets.span)
        needsComma = false
    }

    /// The same for a name that is not known beforehand.
    mutating func name(dynamic name: String) {
        separate()
        string(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    mutating func member(_ name: Name, _ text: String?) {
        self.name(name)
        value(text)
    }

    mutating func member(_ name: Name, _ number: Int?) {
        self.name(name)
        value(number)
    }

    mutating func member(_ name: Name, _ flag: Bool) {
        self.name(name)
        value(flag)
    }

    /// A member whose name is not known beforehand.
    mutating func member(dynamic name: String, _ text: String) {
        self.name(dynamic: name)
        value(text)
    }

    mutating func value(_ text: String?) {
        guard let text else {
            literal("null")
            return
        }
        separate()
        string(text)
    }

    /// Writes a text of printable characters of ASCII, none of which is escaped, up to so many.
    ///
    /// - Returns: whether it is one; otherwise nothing was written.
    mutating func value(plain text: String, upTo maximum: Int) -> Bool {
        let utf8 = text.utf8
        let octets = utf8.span
        guard octets.count <= maximum, OctetSearch.unplainInJSON(in: octets, from: 0) == octets.count else {
            return false
        }
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(copying: octets)
        bytes.append(UInt8(ascii: "\""))
        return true
    }

    mutating func value(_ address: AddrSpec) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        let start = bytes.count
        address.append(to: &bytes)
        // Only a quoted local part has something to escape.
        guard OctetSearch.escapedInJSON(in: bytes.span, from: start) == bytes.count else {
            let octets = Array(bytes[start...])
            bytes.removeLast(octets.count + 1)
            return string(octets.span)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    mutating func value(_ flag: Bool) {
        literal(flag ? "true" : "false")
    }

    mutating func value(_ number: Int?) {
        guard let number else {
            literal("null")
            return
        }
        separate()
        digits(number)
    }

    /// A number with three decimal places.
    mutating func value(thousandths number: Int) {
        separate()
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        digits(number.magnitude / 1000)
        bytes.append(UInt8(ascii: "."))
        let rest = UInt32(truncatingIfNeeded: number.magnitude % 1000)
        digit(rest / 100)
        digit(rest / 10 % 10)
        digit(rest % 10)
    }

    /// A code in its dotted form.
    mutating func value(_ code: EnhancedStatusCode) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        digits(code.statusClass)
        bytes.append(UInt8(ascii: "."))
        digits(code.subject)
        bytes.append(UInt8(ascii: "."))
        digits(code.detail)
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func literal(_ text: String) {
        separate()
        bytes += text.utf8
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    /// The decimal digits of a number: no text is made of it.
    private mutating func digits(_ number: Int) {
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        digits(number.magnitude)
    }

    /// To divide by a number that is known costs little, by another a lot.
    private mutating func digits(_ number: UInt) {
        if number > 9 { digits(number / 10) }
        digit(UInt32(truncatingIfNeeded: number % 10))
    }

    private mutating func digit(_ digit: UInt32) {
        bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit))
    }

    private mutating func string(_ text: String) {
        let utf8 = text.utf8
        string(utf8.span)
    }

    private mutating func string(_ octets: Span<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        var start = 0
        var index = OctetSearch.escapedInJSON(in: octets, from: 0)
        while index < octets.count {
            bytes.append(copying: octets.extracting(start..<index))
            escape(octets[index])
            start = index + 1
            index = OctetSearch.escapedInJSON(in: octets, from: start)
        }
        // Nearly every string has no escape.
        bytes.append(copying: octets.extracting(start...))
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ octet: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch octet {
        case UInt8(ascii: "\n"): bytes.append(UInt8(ascii: "n"))
        case UInt8(ascii: "\r"): bytes.append(UInt8(ascii: "r"))
        case UInt8(ascii: "\t"): bytes.append(UInt8(ascii: "t"))
        case 0..<0x20:
            let hexadecimal = String(octet, radix: 16)
            bytes.append(contentsOf: (hexadecimal.count < 2 ? "u000" : "u00").utf8)
            bytes.append(contentsOf: hexadecimal.utf8)
        default: bytes.append(octet)
        }
    }
}
