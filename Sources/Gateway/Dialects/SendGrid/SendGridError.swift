/// What SendGrid's clients are told of one thing that went wrong.
struct SendGridError: Decodable {
    let message: String
    /// The member that it is about; nil if none.
    let field: String?

    init(_ message: String, field: String? = nil) {
        self.message = message
        self.field = field?.isEmpty == true ? nil : field
    }
}
