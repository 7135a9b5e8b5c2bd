internal import Crypto
internal import Foundation

/// The console: one page without anything from elsewhere.
enum ConsolePage {
    static let page = EmbeddedPage(
        html, contentType: "text/html; charset=utf-8",
        headers: [
            ("Content-Security-Policy", policy), ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"),
            ("Referrer-Policy", "no-referrer"), ("Cross-Origin-Opener-Policy", "same-origin"),
        ])

    private static let style = String(decoding: PackageResources.console_css, as: UTF8.self)
    private static let script = String(decoding: PackageResources.console_js, as: UTF8.self)

    /// Mail that the console shows inherits this policy: only the styles that the console marks with this nonce apply. It is
    /// letters and digits, as it stands in the page without quotes.
    private static let nonce = (0..<4).map { _ in String(UInt32.random(in: .min ... .max), radix: 16) }.joined()

    private static var html: [UInt8] {
        let page = String(decoding: PackageResources.console_html, as: UTF8.self)
        return Array(
            page.replacing("/*nonce*/", with: nonce).replacing("/*style*/", with: style).replacing(
                "/*script*/", with: script
            ).utf8)
    }

    /// The one style and the one script of the page may run, named by their digests, and it may talk to this gateway alone.
    private static var policy: String {
        [
            "default-src 'none'", "style-src '\(digest(style))' 'nonce-\(nonce)'", "script-src '\(digest(script))'",
            "connect-src 'self'", "img-src data:", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
        ].joined(separator: "; ")
    }

    private static func digest(_ text: String) -> String {
        "sha256-" + Data(SHA256.hash(data: Array(text.utf8))).base64EncodedString()
    }
}
