internal import Foundation
internal import HTTPServer
internal import InternetMessage

/// Content of a mail, which may be hostile. In a browser it is shown in an origin of its own, where it can run and fetch
/// nothing; and what it says of its type is believed, never guessed.
extension HTTPResponse {
    static let noContent = HTTPResponse(status: 204, headers: [], body: [])

    private static let policy =
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
        + "frame-ancestors 'self'"

    /// - Parameters:
    ///   - type: the value of Content-Type.
    ///   - filename: the name under which a browser saves it; nil if it may show it.
    static func content(_ octets: [UInt8], type: String, filename: String? = nil) -> HTTPResponse {
        var headers = [
            ("Content-Type", type), ("Content-Security-Policy", policy), ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"), ("Cache-Control", "no-store"),
        ]
        if let filename { headers.append(("Content-Disposition", disposition(filename))) }
        return HTTPResponse(status: 200, headers: headers, body: octets)
    }

    /// The name in the form that takes any character (RFC 6266, section 5; RFC 8187).
    private static func disposition(_ filename: String) -> String {
        let allowed = CharacterSet(charactersIn: "-._~").union(.alphanumerics)
        var encoded = ""
        // A path is nobody's file name.
        for octet in (filename.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last ?? "attachment").utf8.prefix(255)
        {
            let character = Unicode.Scalar(octet)
            if octet < 0x80, allowed.contains(character) {
                encoded.unicodeScalars.append(character)
            } else {
                encoded += "%" + (octet < 16 ? "0" : "") + String(octet, radix: 16, uppercase: true)
            }
        }
        return "attachment; filename*=UTF-8''\(encoded)"
    }
}

extension ReceivedPart {
    /// The media type with its charset, as far as both can stand in a header field of HTTP.
    var safeType: String {
        let names = mediaType.split(separator: "/", omittingEmptySubsequences: false)
        let isType = names.count == 2 && names.allSatisfy(Self.isName)
        let type = isType ? mediaType : "application/octet-stream"
        guard type.hasPrefix("text/") else { return type }
        return "\(type); charset=\(charset.flatMap { Self.isName($0) ? $0 : nil } ?? "utf-8")"
    }

    private static func isName(_ text: some StringProtocol) -> Bool {
        (1...127).contains(text.utf8.count)
            && text.utf8.allSatisfy { octet in
                switch octet {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
                default: "!#$&-^_.+".utf8.contains(octet)
                }
            }
    }
}
