internal import Foundation

/// Base64 (RFC 4648, section 4), as SASL wants it: without line breaks.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var encoded: [UInt8] = []
        encoded.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(0) { $0 << 8 | UInt32($1) } << (8 * UInt32(3 - group.count))
            for position in 0..<4 {
                let value = Int(bits >> UInt32(18 - 6 * position)) & 0x3F
                encoded.append(position <= group.count ? alphabet[value] : UInt8(ascii: "="))
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// The octets of a text, or nil if it is not base64. White space around it, and padding that is missing, are
    /// forgiven: servers send such challenges.
    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var text = text.trimmingCharacters(in: .whitespacesAndNewlines)
        let missing = -text.utf8.count & 3
        if missing < 3, !text.hasSuffix("=") { text += String(repeating: "=", count: missing) }
        return Data(base64Encoded: text).map(Array.init)
    }
}
