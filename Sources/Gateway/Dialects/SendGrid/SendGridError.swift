/// One thing that went wrong, in the form of SendGrid's API.
struct SendGridError: Decodable {
    let message: String
    /// The member that it is about; nil if none.
    let field: String?

    init(_ message: String, field: String? = nil) {
        self.message = message
        self.field = field?.isEmpty == true ? nil : field
    }
}
