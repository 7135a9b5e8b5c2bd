internal import MailAddress
internal import SMTP

/// The texts of responses in the forms of vendors.
enum VendorText {
    /// The most errors and refused recipients that a text names.
    static let maximumListed = 20
    /// The most characters of a text.
    static let maximumCharacters = 4_000
    /// The most characters of a reply.
    private static let maximumReply = 400

    /// A reply in one line of ASCII, fit for a header field: `550 5.1.1 User unknown`.
    static func line(_ reply: Reply) -> String {
        ascii(FieldError.shortened(self.reply(reply), to: maximumReply))
    }

    /// A text with a question mark in place of each character that is no printable ASCII.
    static func ascii(_ text: String) -> String {
        guard !text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) else { return text }
        let octets = text.unicodeScalars.map { (0x20..<0x7F).contains($0.value) ? UInt8($0.value) : UInt8(ascii: "?") }
        return String(decoding: octets, as: UTF8.self)
    }

    /// A reply in one line: `550 5.1.1 User unknown`.
    static func reply(_ reply: Reply) -> String {
        var line = String(reply.code)
        if let code = reply.enhancedCode { line += " " + code.description }
        if !reply.text.isEmpty { line += " " + reply.text }
        return line.utf8.contains(UInt8(ascii: "\n")) ? line.replacing("\n", with: " ") : line
    }

    /// All that a problem says, in one text.
    ///
    /// - Parameter name: what the vendor's users call a member, by the pointer to it.
    static func text(of problem: Problem, name: (String) -> String) -> String {
        FieldError.shortened(whole(problem, name), to: maximumCharacters)
    }

    private static func whole(_ problem: Problem, _ name: (String) -> String) -> String {
        if problem.outcome == .unknown {
            return
                "The relay may have the message: it did not confirm it, and it may be delivered twice if you send it again. "
                + FieldError.shortened(problem.detail, to: maximumReply)
        }
        if let reply = problem.reply {
            let refused = problem.rejected.prefix(maximumListed).map {
                "\($0.address) (\(FieldError.shortened(self.reply($0.reply), to: 200)))"
            }
            let text = "\(problem.title): \(FieldError.shortened(self.reply(reply), to: maximumReply))"
            return refused.isEmpty ? text : text + "; refused: " + refused.joined(separator: ", ")
        }
        guard !problem.errors.isEmpty else { return "\(problem.title): \(problem.detail)" }
        var parts = problem.errors.prefix(maximumListed).map { error in
            let member = name(error.pointer)
            return member.isEmpty ? error.detail : "`\(member)`: \(error.detail)"
        }
        let unlisted = problem.errors.count + problem.unlistedErrors - parts.count
        if unlisted > 0 { parts.append("and \(unlisted) more") }
        return parts.joined(separator: "; ")
    }

    /// A member as the vendor's users know it: `attachments.0.Name`.
    static func name(_ pointer: String) -> String {
        parts(of: pointer).joined(separator: ".")
    }

    /// The parts of a pointer (RFC 6901, section 3).
    static func parts(of pointer: String) -> [String] {
        pointer.split(separator: "/").map { String($0).replacing("~1", with: "/").replacing("~0", with: "~") }
    }

    /// A pointer with the names that a vendor has for its parts. That of a header field is the client's.
    static func renamed(_ pointer: String, _ names: [String: String]) -> String {
        let parts = pointer.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        return parts.enumerated().map { index, part in
            index > 1 && parts[1] == "headers" ? part : names[part] ?? part
        }.joined(separator: "/")
    }
}
