import Foundation

/// Reads one encoded word for itself (RFC 2047); nil when it is not well formed or holds half a character.
enum EncodedWordReader {
    static func decode(_ word: String) -> String? {
        let pieces = word.split(separator: "?", omittingEmptySubsequences: false)
        guard pieces.count == 5, pieces[0] == "=", pieces[1] == "utf-8", pieces[4] == "=" else { return nil }
        if pieces[2] == "b" {
            return Data(base64Encoded: String(pieces[3])).flatMap { String(data: $0, encoding: .utf8) }
        }
        let percent = pieces[3].replacing("_", with: " ").replacing("%", with: "%25").replacing("=", with: "%")
        return percent.removingPercentEncoding
    }
}
