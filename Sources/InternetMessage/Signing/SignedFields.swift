internal import Crypto

/// Which fields of a header section are signed, and their hash so far (RFC 6376, sections 5.4 and 5.4.2).
struct SignedFields {
    /// Fields that no message has twice, or that change what a reader sees. Each is named once more than it is there, so
    /// that none can be added on the way without the signature showing it.
    private static let oversigned = [
        "from", "reply-to", "subject", "date", "message-id", "to", "cc", "in-reply-to", "references", "mime-version",
        "content-type", "content-transfer-encoding",
    ]
    /// Fields that are signed where they are there; lists and those who send a message again may add theirs.
    private static let signed: Set<String> = [
        "sender", "auto-submitted", "importance", "priority", "feedback-id", "tls-required",
        "disposition-notification-to",
    ]
    private static let signedPrefixes = ["resent-", "list-"]

    /// The names for the tag `h=`, in the order in which the fields are hashed.
    private(set) var names: [String] = []
    /// The hash of the fields.
    private(set) var hasher = SHA256()

    init(_ section: ComposedFields) {
        // Of fields with one name the last is signed first (section 5.4.2).
        var remaining: [String: [ComposedFields.Field]] = [:]
        var order = Self.oversigned
        for field in section.fields {
            if remaining[field.name] == nil, Self.isSigned(field.name) { order.append(field.name) }
            remaining[field.name, default: []].append(field)
        }
        for name in order {
            for field in (remaining[name] ?? []).reversed() {
                names.append(name)
                var canonical: [UInt8] = []
                RelaxedHeader.append(field.octets.span, to: &canonical)
                canonical += "\r\n".utf8
                hasher.update(data: canonical)
            }
            // A name without a field adds nothing to the hash.
            if Self.oversigned.contains(name) { names.append(name) }
        }
    }

    private static func isSigned(_ name: String) -> Bool {
        signed.contains(name) || signedPrefixes.contains(where: name.hasPrefix)
    }
}
