internal import SMTP

/// The member `dsn`: when the sender is told what became of the message, and how (RFC 3461).
struct NotificationDocument: DecodableWithErrors {
    private(set) var notification: DeliveryStatusNotification?
    private(set) var errors = FieldErrors()

    /// The word that asks never to be told; it stands alone.
    private static let never = "never"

    init(from decoder: any Decoder) throws {
        var members = try Members(of: decoder, known: ["notify", "return", "id"])
        let conditions = Self.conditions(&members)
        var content: DeliveryStatusNotification.Content?
        if let text: String = members.value("return", expected: "\"full\" or \"headers\"") {
            content = DeliveryStatusNotification.Content(rawValue: text)
            if content == nil { members.add(FieldError("/return", "this has to be \"full\" or \"headers\"")) }
        }
        let identifier: String? = members.value("id", expected: "a string")
        do throws(SMTPError) {
            notification = try DeliveryStatusNotification(of: conditions, returning: content, identifier: identifier)
        } catch {
            members.add(FieldError("/id", error.detail))
        }
        errors = members.errors
    }

    private static func conditions(_ members: inout Members) -> Set<DeliveryStatusNotification.Condition>? {
        let expected = "a list of \"success\", \"failure\" and \"delay\", or [\"never\"]"
        guard let list: WordList = members.value("notify", expected: expected) else { return nil }
        let words = list.words
        if words == [never] { return [] }
        let conditions = words.compactMap(DeliveryStatusNotification.Condition.init(rawValue:))
        if conditions.isEmpty || conditions.count != words.count {
            members.add(FieldError("/notify", "this has to be \(expected)"))
        }
        return Set(conditions)
    }
}
