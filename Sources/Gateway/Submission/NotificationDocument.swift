internal import SMTP

/// The member `dsn`: when the sender is told what became of the message, and how (RFC 3461).
struct NotificationDocument: DecodableWithErrors {
    private enum Member: String, MemberName { case notify, `return`, id }

    private(set) var notification: DeliveryStatusNotification?
    private(set) var errors = FieldErrors()

    /// The word that asks never to be told; it stands alone.
    private static let never = "never"
    /// The most words: some more than a list can hold, as one may stand twice.
    private static let maximumWords = 16

    init(from decoder: any Decoder) throws {
        var members = try Members(of: decoder)
        var conditions: Set<DeliveryStatusNotification.Condition>?
        var content: DeliveryStatusNotification.Content?
        var identifier: String?
        while let member: Member = members.next() {
            switch member {
            case .notify: conditions = Self.conditions(&members)
            case .return: content = members.word("\"full\" or \"headers\"")
            case .id: identifier = members.text()
            }
        }
        do throws(SMTPError) {
            notification = try DeliveryStatusNotification(of: conditions, returning: content, identifier: identifier)
        } catch {
            members.add(FieldError("/id", error.detail))
        }
        errors = members.errors
    }

    private static func conditions(_ members: inout Members) -> Set<DeliveryStatusNotification.Condition>? {
        let expected = "a list of \"success\", \"failure\" and \"delay\", or [\"never\"]"
        guard let words = members.words(maximum: maximumWords, expected) else { return nil }
        if words == [never] { return [] }
        let conditions = words.compactMap(DeliveryStatusNotification.Condition.init(rawValue:))
        if conditions.isEmpty || conditions.count != words.count { members.refuse("this has to be \(expected)") }
        return Set(conditions)
    }
}
