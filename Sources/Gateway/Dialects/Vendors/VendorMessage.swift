/// A message as a vendor's API says it.
struct VendorMessage {
    /// The message in our own words.
    var document = MessageDocument()
    /// The fields that are taken and have no effect.
    var ignored: [String] = []

    /// Takes a member that has no effect.
    mutating func ignore(_ members: inout Members) {
        if members.isFilled() { ignored.append(members.name) }
    }

    /// Checks the message.
    ///
    /// - Parameter names: what the vendor calls the members of our own documents.
    /// - Throws: a ``Problem`` that names every bad field as the vendor does.
    func draft(_ names: [String: String] = [:]) throws(Problem) -> Draft {
        var document = document
        document.hasUUID = true
        var errors = document.errors
        document.errors = FieldErrors()
        do throws(Problem) {
            let submission = try Submission(document)
            if errors.isEmpty { return .fields(submission) }
        } catch {
            let areRecipientsBad = errors.listed.contains(where: Self.isAboutRecipients)
            for found in error.errors where !(areRecipientsBad && found.pointer == "/to") {
                // Ours names a member that vendors do not have.
                let detail =
                    found.pointer == "/to" && document.to.isEmpty ? "at least one recipient is needed" : found.detail
                errors.add(FieldError(VendorText.renamed(found.pointer, names), detail))
            }
            if errors.isEmpty { throw error }
        }
        throw .invalid(errors)
    }

    private static func isAboutRecipients(_ error: FieldError) -> Bool {
        let pointer = error.pointer.lowercased()
        return ["/to", "/cc", "/bcc"].contains { pointer.hasPrefix($0) }
    }
}
