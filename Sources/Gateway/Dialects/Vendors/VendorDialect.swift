internal import HTTPServer
internal import MailAddress
internal import SMTP

/// What the dialects of vendors' APIs have in common: header fields that say what the vendor's own form of response has no
/// place for, and one text for everything that went wrong.
protocol VendorDialect: Dialect {
    /// What the vendor calls the members that a problem points to.
    var memberNames: [String: String] { get }
}

extension VendorDialect {
    var memberNames: [String: String] { [:] }

    /// The id of a message: its Message-ID without the domain, which is a UUID unless the client chose another.
    func identifier(_ messageID: String) -> String {
        String(messageID.dropFirst().prefix { $0 != "@" })
    }

    // MARK: Header fields

    /// The fields of the response to a message.
    func fields(_ outcome: MessageOutcome, _ notes: ReadingNotes) -> [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        switch outcome {
        case .accepted(_, let receipt):
            fields.append(("X-Postern-Reply", VendorText.line(receipt.reply)))
            fields.append(("X-Postern-Outcome", receipt.status))
        case .failed(let problem): fields += self.fields(problem)
        case .composed: break
        }
        return fields + ignored(notes)
    }

    /// The fields of the response to a problem.
    func fields(_ problem: Problem) -> [(name: String, value: String)] {
        var fields = problem.headers
        if let reply = problem.reply { fields.append(("X-Postern-Reply", VendorText.line(reply))) }
        if let outcome = problem.outcome { fields.append(("X-Postern-Outcome", outcome.rawValue)) }
        return fields
    }

    /// The field that names what was taken and has no effect.
    func ignored(_ notes: ReadingNotes) -> [(name: String, value: String)] {
        notes.ignored.isEmpty ? [] : [("X-Postern-Ignored", notes.ignored.joined(separator: ", "))]
    }

    // MARK: Text

    /// All that a problem says, in one text.
    func text(of problem: Problem) -> String {
        VendorText.text(of: problem, memberNames)
    }
}
