internal import Foundation

/// Base64 for URLs, without padding (RFC 7515, section 2).
enum Base64URL {
    static func text(_ octets: some Sequence<UInt8>) -> String {
        let text = Data(octets).base64EncodedString()
        return String(
            text.compactMap { character in
                switch character {
                case "+": "-"
                case "/": "_"
                case "=": nil
                default: character
                }
            })
    }
}
