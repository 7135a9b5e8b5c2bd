/// Text in the charsets that mail is written in today: UTF-8, and the single-octet ones of Western Europe.
///
/// Text in another charset is read as UTF-8, which many senders label wrongly; octets that do not fit become U+FFFD.
enum ReceivedCharset {
    /// What windows-1252 has between 0x80 and 0x9F, where ISO 8859-1 has controls that nobody sends.
    private static let windows: [UInt16] = [
        0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0xFFFD,
        0x017D, 0xFFFD, 0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A,
        0x0153, 0xFFFD, 0x017E, 0x0178,
    ]
    /// Where ISO 8859-15 differs from ISO 8859-1.
    private static let latin9: [UInt8: UInt16] = [
        0xA4: 0x20AC, 0xA6: 0x0160, 0xA8: 0x0161, 0xB4: 0x017D, 0xB8: 0x017E, 0xBC: 0x0152, 0xBD: 0x0153, 0xBE: 0x0178,
    ]

    /// - Parameter charset: the name in lower case.
    static func text(_ octets: [UInt8], charset: String?) -> String {
        switch charset {
        case "iso-8859-1", "latin1", "windows-1252", "cp1252": single(octets, except: [:])
        case "iso-8859-15", "latin-9": single(octets, except: latin9)
        default: String(decoding: octets, as: UTF8.self)
        }
    }

    private static func single(_ octets: [UInt8], except others: [UInt8: UInt16]) -> String {
        let units = octets.map { octet in
            switch octet {
            case 0x80...0x9F: windows[Int(octet) - 0x80]
            default: others[octet] ?? UInt16(octet)
            }
        }
        return String(decoding: units, as: UTF16.self)
    }
}
