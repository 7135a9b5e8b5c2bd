internal import Foundation

/// SASLprep (RFC 4013): names and passwords that look the same are the same octets.
///
/// Code points that Unicode 3.2 had not assigned are let through, as they may be in what a user gives (RFC 3454,
/// section 7).
enum PreparedString {
    /// The prepared form of a text.
    ///
    /// - Parameter name: what the text is, for the error, which never shows the text.
    static func prepare(_ text: String, as name: String) throws(AuthenticationFailure) -> String {
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
        var mapped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars where !isMappedToNothing(scalar) {
            mapped.append(scalar.properties.generalCategory == .spaceSeparator ? " " : scalar)
        }
        let prepared = String(mapped).precomposedStringWithCompatibilityMapping
        let scalars = prepared.unicodeScalars
        guard !scalars.contains(where: isProhibited) else {
            throw .credentials("\(name) holds a character that SASLprep forbids, such as a control character")
        }
        // RFC 3454, section 6: text from right to left begins and ends so, and has no letters of the other direction.
        if scalars.contains(where: isRightToLeft) {
            guard let first = scalars.first, let last = scalars.last, isRightToLeft(first), isRightToLeft(last),
                !scalars.contains(where: { isLetter($0) && !isRightToLeft($0) })
            else { throw .credentials("\(name) mixes directions of writing, which SASLprep forbids") }
        }
        return prepared
    }

    /// RFC 3454, table B.1.
    private static func isMappedToNothing(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0xAD, 0x34F, 0x1806, 0x180B...0x180D, 0x200B...0x200D, 0x2060, 0xFE00...0xFE0F, 0xFEFF: true
        default: false
        }
    }

    /// RFC 3454, tables C.1.2 and C.2.1 to C.9, as far as they are not mapped away.
    private static func isProhibited(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x6DD, 0x70F, 0x180E, 0x2028...0x202E, 0x206A...0x206F, 0x2061...0x2063, 0xFFF9...0xFFFD, 0x340, 0x341,
            0x200E, 0x200F, 0x2FF0...0x2FFB, 0x1D173...0x1D17A, 0xE0001, 0xE0020...0xE007F:
            return true
        default: break
        }
        if scalar.properties.isNoncharacterCodePoint { return true }
        switch scalar.properties.generalCategory {
        case .control, .privateUse, .surrogate: return true
        case .spaceSeparator: return scalar != " "
        default: return false
        }
    }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
        default: false
        }
    }

    /// RFC 3454, table D.1.
    private static func isRightToLeft(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x5BE, 0x5C0, 0x5C3, 0x5D0...0x5EA, 0x5F0...0x5F4, 0x61B, 0x61F, 0x621...0x63A, 0x640...0x64A,
            0x66D...0x66F, 0x671...0x6D5, 0x6DD, 0x6E5...0x6E6, 0x6FA...0x6FE, 0x700...0x70D, 0x710, 0x712...0x72C,
            0x780...0x7A5, 0x7B1, 0x200F, 0xFB1D, 0xFB1F...0xFB28, 0xFB2A...0xFB36, 0xFB38...0xFB3C, 0xFB3E,
            0xFB40...0xFB41, 0xFB43...0xFB44, 0xFB46...0xFBB1, 0xFBD3...0xFD3D, 0xFD50...0xFD8F, 0xFD92...0xFDC7,
            0xFDF0...0xFDFC, 0xFE70...0xFE74, 0xFE76...0xFEFC:
            true
        default: false
        }
    }
}
