/// The encoding of values that stand in parameters of MAIL and RCPT (RFC 3461, section 4).
enum ExtendedText {
    /// The text as xtext: what is not printable ASCII, and `+` and `=`, is written as `+` and two hexadecimal digits.
    static func encode(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        encoded.reserveCapacity(text.utf8.count)
        for octet in text.utf8 {
            if octet > 0x20, octet < 0x7F, octet != UInt8(ascii: "+"), octet != UInt8(ascii: "=") {
                encoded.append(octet)
            } else {
                encoded += [UInt8(ascii: "+"), digits[Int(octet >> 4)], digits[Int(octet & 0xF)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// The text for an address that is not ASCII, as utf-8-addr-xtext (RFC 6533, section 3).
    static func encodeUTF8(_ text: String) -> String {
        var encoded = ""
        for scalar in text.unicodeScalars {
            let isPlain = scalar.value > 0x20 && scalar.value < 0x7F && !["+", "=", "\\"].contains(scalar)
            if isPlain {
                encoded.unicodeScalars.append(scalar)
            } else {
                encoded += "\\x{" + String(scalar.value, radix: 16, uppercase: true) + "}"
            }
        }
        return encoded
    }
}
