internal import MailAddress

/// Finds what keeps a message from being composed.
extension Message {
    /// Everything that `Composer.compose` would refuse, in the order of the properties; it throws the first.
    ///
    /// The content of parts is not looked at, so a part that is a message may still fail to be composed.
    public var problems: [CompositionError] {
        var problems: [CompositionError] = []
        if from.isEmpty { problems.append(.missingAuthor) }
        if from.count > 1, sender == nil, !headers.contains(where: { $0.isNamed("sender") }) {
            problems.append(.missingSender)
        }
        checkCount(of: from, "from", &problems)
        checkCount(of: replyTo, "replyTo", &problems)
        checkCount(of: to, "to", &problems)
        checkCount(of: cc, "cc", &problems)
        if let subject { Self.check(subject, "subject", &problems) }
        checkParts(&problems)
        checkHeaders(&problems)
        return problems
    }

    private func checkCount(of mailboxes: [Mailbox], _ field: String, _ problems: inout [CompositionError]) {
        if mailboxes.count > Self.maximumMailboxes {
            problems.append(.tooMany(field, maximum: Self.maximumMailboxes))
        }
    }

    private static func check(_ text: String, _ field: String, _ problems: inout [CompositionError]) {
        switch HeaderText.problem(text, allowsTab: true) {
        case .controlCharacter: problems.append(.controlCharacter(field))
        case .tooLong: problems.append(.tooLong(field, maximum: maximumTextOctets))
        case nil: break
        }
    }

    private func checkParts(_ problems: inout [CompositionError]) {
        if alternatives.count > Self.maximumParts {
            problems.append(.tooMany("alternatives", maximum: Self.maximumParts))
        }
        if attachments.count > Self.maximumParts {
            problems.append(.tooMany("attachments", maximum: Self.maximumParts))
        }
        for (index, alternative) in alternatives.enumerated() {
            let field = "alternatives/\(index)/contentType"
            if alternative.contentType.type == "multipart" { problems.append(.unusableMediaType(field)) }
            if case .text = alternative.content, alternative.contentType.contradictsUTF8 {
                problems.append(.charset(field))
            }
        }
        var identifiers: Set<ContentID> = []
        for (index, attachment) in attachments.enumerated() {
            if let identifier = attachment.contentID, !identifiers.insert(identifier).inserted {
                problems.append(.duplicateContentID("attachments/\(index)/contentID"))
            }
            if attachment.contentType.type == "multipart" {
                problems.append(.unusableMediaType("attachments/\(index)/contentType"))
            }
            guard let filename = attachment.filename else { continue }
            Self.check(filename, "attachments/\(index)/filename", &problems)
        }
    }

    private func checkHeaders(_ problems: inout [CompositionError]) {
        guard !headers.isEmpty else { return }
        if headers.count > Self.maximumHeaders {
            problems.append(.tooMany("headers", maximum: Self.maximumHeaders))
        }
        var seen: Set<String> = []
        if sender != nil { seen.insert("sender") }
        if messageID != nil { seen.insert("message-id") }
        for (index, header) in headers.enumerated() where !HeaderPolicy.syntax(of: header.name).isRepeatable {
            if !seen.insert(header.name.lowercased()).inserted { problems.append(.duplicateHeader(index)) }
        }
        if let index = headers.firstIndex(where: { $0.place == .resentBlock }), !seen.contains("resent-from") {
            problems.append(.missingResentFrom(index))
        }
        if let index = headers.firstIndex(where: { $0.isNamed("list-unsubscribe-post") }), !hasOneClickLink {
            problems.append(.missingOneClickLink(index))
        }
    }
}

extension Message {
    /// Whether there is a link to which the request of a single click can go (RFC 8058, section 3.1).
    private var hasOneClickLink: Bool {
        headers.contains {
            $0.isNamed("list-unsubscribe") && $0.value.lowercased().contains("<https:")
        }
    }
}

extension HeaderField {
    /// Whether the field has that name, given in lower case.
    func isNamed(_ lowercased: String) -> Bool { name.lowercased() == lowercased }
}
