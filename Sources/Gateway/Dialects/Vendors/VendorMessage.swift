/// A message as a vendor's API says it.
struct VendorMessage {
    /// The message in our own words.
    var document = MessageDocument()
    /// The fields that are taken and have no effect.
    var ignored: [String] = []

    /// Checks the message.
    ///
    /// - Throws: a ``Problem`` that names every bad field.
    func draft() throws(Problem) -> Draft {
        var document = document
        document.hasUUID = true
        return .fields(try Submission(document))
    }
}
