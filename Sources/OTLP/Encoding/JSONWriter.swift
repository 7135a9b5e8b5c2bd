/// Writes JSON (RFC 8259) as octets. The caller closes what it opens.
struct JSONWriter {
    private(set) var octets: [UInt8] = []

    mutating func beginObject() {
        separate()
        octets.append(UInt8(ascii: "{"))
    }

    mutating func endObject() {
        octets.append(UInt8(ascii: "}"))
    }

    mutating func beginArray() {
        separate()
        octets.append(UInt8(ascii: "["))
    }

    mutating func endArray() {
        octets.append(UInt8(ascii: "]"))
    }

    /// Writes the name of a member; its value comes next.
    mutating func name(_ name: StaticString) {
        separate()
        octets.append(UInt8(ascii: "\""))
        octets += name.description.utf8
        octets += "\":".utf8
    }

    mutating func string(_ text: String) {
        separate()
        octets.append(UInt8(ascii: "\""))
        for octet in text.utf8 {
            switch octet {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                octets.append(UInt8(ascii: "\\"))
                octets.append(octet)
            case 0..<0x20:
                octets += "\\u00".utf8
                octets.append(octet < 0x10 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
                let low = octet & 0xF
                octets.append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10)
            default: octets.append(octet)
            }
        }
        octets.append(UInt8(ascii: "\""))
    }

    mutating func number(_ number: Int) {
        separate()
        octets += String(number).utf8
    }

    mutating func bool(_ value: Bool) {
        separate()
        octets += (value ? "true" : "false").utf8
    }

    /// Writes a number of 64 bits, which is a string in the JSON form of Protocol Buffers.
    mutating func decimal(_ number: some FixedWidthInteger) {
        separate()
        octets.append(UInt8(ascii: "\""))
        octets += String(number).utf8
        octets.append(UInt8(ascii: "\""))
    }

    /// Writes a number, or the string that Protocol Buffers have for what JSON has no number for.
    mutating func double(_ number: Double) {
        if number.isFinite {
            separate()
            octets += String(number).utf8
        } else {
            string(number.isNaN ? "NaN" : number > 0 ? "Infinity" : "-Infinity")
        }
    }

    /// Writes an identifier in hexadecimal, as OTLP wants it, not in Base64.
    mutating func identifier(_ parts: UInt64...) {
        separate()
        octets.append(UInt8(ascii: "\""))
        for part in parts { Hexadecimal.append(part, to: &octets) }
        octets.append(UInt8(ascii: "\""))
    }

    /// Writes a comma, unless the last octet says that nothing comes before. (A string ends in a quotation mark.)
    private mutating func separate() {
        switch octets.last {
        case nil, UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ":"): break
        default: octets.append(UInt8(ascii: ","))
        }
    }
}
