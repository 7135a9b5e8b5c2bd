internal import HTTPServer
internal import MailAddress
internal import SMTP

/// What the dialects of vendors' APIs have in common: header fields that say what the vendor's own form of response has no
/// place for, and one text for everything that went wrong.
protocol VendorDialect: Dialect {
    /// What the vendor calls the members of our own documents.
    static var memberNames: [String: String] { get }
    /// How a client sends its key.
    var keyAdvice: String { get }

    /// What the vendor's users call a member.
    func memberName(_ pointer: String) -> String
}

extension VendorDialect {
    static var memberNames: [String: String] { [:] }
    var keyAdvice: String { "Authorization: Bearer KEY" }

    func memberName(_ pointer: String) -> String { VendorText.name(pointer) }

    /// The id of a message: the UUID in its Message-ID, or all of one that the client chose.
    func identifier(_ messageID: String) -> String {
        let text = messageID.utf8.dropFirst().dropLast()
        let local = text.prefix { $0 != UInt8(ascii: "@") }
        let isUUID =
            local.count == 36
            && local.enumerated().allSatisfy { index, octet in
                [8, 13, 18, 23].contains(index)
                    ? octet == UInt8(ascii: "-")
                    : (0x30...0x39).contains(octet) || (0x61...0x66).contains(octet | 0x20)
            }
        return String(decoding: isUUID ? local : text, as: UTF8.self)
    }

    // MARK: Header fields

    /// The fields of the response to a message.
    func fields(_ outcome: MessageOutcome, _ notes: ReadingNotes) -> [(name: String, value: String)] {
        switch outcome {
        case .accepted(_, let receipt):
            [(VendorField.reply, VendorText.line(receipt.reply)), (VendorField.outcome, receipt.status)]
                + rejected(receipt) + ignored(notes)
        case .failed(let problem): fields(problem) + ignored(notes)
        case .composed: ignored(notes)
        }
    }

    /// The fields of the response to a problem.
    func fields(_ problem: Problem) -> [(name: String, value: String)] {
        var problem = problem
        if problem.isRetryable == true, problem.outcome == .notSent,
            !problem.headers.contains(where: { $0.name == "Retry-After" })
        {
            problem = problem.retryLater()
        }
        var fields = problem.headers
        if let reply = problem.reply { fields.append((VendorField.reply, VendorText.line(reply))) }
        if let outcome = problem.outcome { fields.append((VendorField.outcome, outcome.rawValue)) }
        return fields
    }

    /// The fields of the response to several messages: what became of them together, and the first reply to one that was
    /// not accepted.
    func fields(_ responses: [MessageResponse], _ notes: ReadingNotes) -> [(name: String, value: String)] {
        let outcomes = responses.map { VendorField.outcome(of: $0.response) }
        let replies = responses.map { VendorField.value(VendorField.reply, in: $0.response) }
        let decisive = outcomes.firstIndex { $0 != "accepted" } ?? 0
        var fields: [(name: String, value: String)] = []
        if let reply = decisive < replies.count ? replies[decisive] : nil {
            fields.append((VendorField.reply, reply))
        }
        if let outcome = VendorField.together(outcomes) { fields.append((VendorField.outcome, outcome)) }
        let rejected = responses.compactMap { VendorField.value(VendorField.rejected, in: $0.response) }
        if !rejected.isEmpty { fields.append((VendorField.rejected, VendorField.list(rejected))) }
        return fields + ignored(notes)
    }

    /// The field that names the recipients who were not accepted.
    private func rejected(_ receipt: Receipt) -> [(name: String, value: String)] {
        let items =
            receipt.rejected.map { "\($0.address) \(VendorText.reply($0.reply))" }
            + receipt.failed.map { "\($0.address) \($0.error.outcome.rawValue)" }
        return items.isEmpty ? [] : [(VendorField.rejected, VendorField.list(items))]
    }

    /// The field that names what was taken and has no effect.
    func ignored(_ notes: ReadingNotes) -> [(name: String, value: String)] {
        notes.ignored.isEmpty ? [] : [(VendorField.ignored, VendorField.list(notes.ignored))]
    }

    // MARK: Text

    /// What a problem says of a message. Of several messages, of which there may be hundreds, the first has all of it, and
    /// the further back another stands the less.
    ///
    /// - Parameter index: its place among several; nil for a message of its own.
    func text(of problem: Problem, at index: Int?) -> String {
        let text = text(of: problem)
        switch index ?? 0 {
        case 0: return text
        case ..<100: return FieldError.shortened(text, to: 100)
        default: return FieldError.shortened(text, to: 40)
        }
    }

    /// All that a problem says, in one text.
    func text(of problem: Problem) -> String {
        if problem.status == 401, problem.label == "unauthorized", problem.variant != "repeated-key" {
            return problem.variant == "missing-key"
                ? "The request carries no key; send it as \(keyAdvice)"
                : "The key is not one of this gateway's; send it as \(keyAdvice)"
        }
        // Who may send what is checked in our own words.
        let names = problem.label == "forbidden" ? Self.memberNames : [:]
        return VendorText.text(of: problem) { memberName(VendorText.renamed($0, names)) }
    }
}
