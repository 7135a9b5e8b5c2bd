/// Hexadecimal digits.
enum Hexadecimal {
    /// The value of a lower-case digit.
    static func lowerCase(_ octet: UInt8) -> UInt8? {
        switch octet {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): octet - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): octet - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    /// The value of a digit.
    static func anyCase(_ octet: UInt8) -> UInt8? {
        switch octet {
        case UInt8(ascii: "A")...UInt8(ascii: "F"): octet - UInt8(ascii: "A") + 10
        default: lowerCase(octet)
        }
    }

    /// The number of lower-case digits, or nil if one of them is something else. There are 16 digits at most.
    static func number(_ digits: some Sequence<UInt8>) -> UInt64? {
        var number: UInt64 = 0
        for digit in digits {
            guard let value = lowerCase(digit) else { return nil }
            number = number << 4 | UInt64(value)
        }
        return number
    }

    /// Appends the 16 lower-case digits of a number.
    static func append(_ number: UInt64, to octets: inout [UInt8]) {
        for shift in stride(from: 60, through: 0, by: -4) {
            let value = UInt8(truncatingIfNeeded: number >> UInt64(shift)) & 0xF
            octets.append(value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10)
        }
    }
}
