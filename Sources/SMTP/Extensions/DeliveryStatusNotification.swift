/// When the sender of a message is told what became of it, and how (RFC 3461).
public struct DeliveryStatusNotification: Hashable, Sendable {
    /// What the sender wants to be told of (RFC 3461, section 4.1).
    public enum Condition: String, Hashable, Sendable, CaseIterable {
        /// The message was delivered.
        case success
        /// The message could not be delivered.
        case failure
        /// The message has been waiting for some time.
        case delay
    }

    /// How much of the message comes back with a failure (RFC 3461, section 4.3).
    public enum Content: String, Hashable, Sendable, CaseIterable {
        /// All of it.
        case full
        /// Its header section.
        case headers
    }

    /// The longest envelope identifier in characters (RFC 3461, section 4.4).
    public static let maximumIdentifierLength = 100

    /// The conditions; an empty set asks never to be told, nil leaves it to the server.
    public var conditions: Set<Condition>?
    /// How much comes back; nil leaves it to the server.
    public var content: Content?
    /// The identifier that comes back with each notification, or nil.
    public let identifier: String?

    /// A request for notifications.
    ///
    /// - Parameters:
    ///   - conditions: what the sender wants to be told of; an empty set asks never to be told.
    ///   - content: how much of the message comes back.
    ///   - identifier: printable ASCII, ``maximumIdentifierLength`` characters at most.
    /// - Throws: ``SMTPError`` with the reason `invalidUse` where the identifier is not of that form.
    public init(
        of conditions: Set<Condition>? = nil, returning content: Content? = nil, identifier: String? = nil
    ) throws(SMTPError) {
        if let identifier {
            guard !identifier.isEmpty, identifier.utf8.count <= Self.maximumIdentifierLength,
                identifier.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F })
            else {
                throw SMTPError(
                    .invalidUse, stage: .mail,
                    detail: "the envelope identifier has to be 1 to \(Self.maximumIdentifierLength) characters of "
                        + "printable ASCII")
            }
        }
        self.conditions = conditions
        self.content = content
        self.identifier = identifier
    }

    /// The value of NOTIFY, in a fixed order.
    var notifyValue: String? {
        guard let conditions else { return nil }
        if conditions.isEmpty { return "NEVER" }
        return Condition.allCases.filter(conditions.contains).map { $0.rawValue.uppercased() }.joined(separator: ",")
    }

    /// The value of RET.
    var returnValue: String? {
        switch content {
        case .full: "FULL"
        case .headers: "HDRS"
        case nil: nil
        }
    }
}
