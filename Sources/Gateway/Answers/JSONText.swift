internal import OctetSearch

/// Writes JSON text (RFC 8259) piece by piece, without a model in between: an answer is formatted once.
struct JSONText {
    /// The name of a member that stands in the code: nothing in it has to be escaped.
    struct Name: ExpressibleByStringLiteral {
        let text: String

        init(stringLiteral text: StringLiteralType) {
            self.text = text
        }
    }

    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    init() {
        bytes.reserveCapacity(512)
    }

    /// The text with an end of line.
    var line: [UInt8] {
        consuming get {
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

    /// An array; its elements are written in the closure.
    mutating func array(_ elements: (inout JSONText) -> Void) {
        open(UInt8(ascii: "["))
        elements(&self)
        close(UInt8(ascii: "]"))
    }

    /// The name of the member whose value comes next.
    mutating func name(_ name: Name) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: name.text.utf8)
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
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
        digits(number / 1000)
        bytes.append(UInt8(ascii: "."))
        let rest = number.magnitude % 1000
        for divisor: UInt in [100, 10, 1] { bytes.append(UInt8(ascii: "0") + UInt8(rest / divisor % 10)) }
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
        let magnitude = number.magnitude
        var divisor: UInt = 1
        while magnitude / divisor > 9 { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: magnitude / divisor % 10))
            divisor /= 10
        }
    }

    private mutating func string(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        let octets = text.utf8.span
        // Nearly every string stands as it is.
        if OctetSearch.escapedInJSON(in: octets, from: 0) == octets.count {
            bytes.append(contentsOf: text.utf8)
            bytes.append(UInt8(ascii: "\""))
            return
        }
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
            case UInt8(ascii: "\r"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "r")]
            case UInt8(ascii: "\t"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "t")]
            case 0..<0x20:
                let hex = String(byte, radix: 16)
                bytes += Array(("\\u00" + (hex.count < 2 ? "0" : "") + hex).utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
