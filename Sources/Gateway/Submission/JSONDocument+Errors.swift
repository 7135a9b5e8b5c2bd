internal import JSON

extension JSONDocument {
    /// Checks a body.
    ///
    /// - Throws: a ``Problem`` if it is not JSON.
    convenience init(body: [UInt8]) throws(Problem) {
        if body.isEmpty { throw .emptyBody }
        do throws(JSONSyntaxError) {
            try self.init(body)
        } catch {
            throw .malformedBody("the body is not well-formed JSON: \(error)")
        }
    }

    /// What is wrong with members that stand twice.
    var repeatedErrors: FieldErrors {
        var errors = FieldErrors()
        for index in 0..<repeatedCount {
            // Those behind the first are counted only.
            let path = index < repeated.count ? repeated[index] : []
            errors.add(
                FieldError(
                    path.map { "/" + FieldError.escaped($0) }.joined(),
                    "this is given twice; give it once, and several values as a list"))
        }
        return errors
    }

    /// Checks and decodes a body.
    ///
    /// - Parameter expected: what it has to be, such as "a JSON object".
    /// - Throws: a ``Problem`` if it is something else, or a member stands twice in it.
    static func read<Model: Decodable>(
        _ type: Model.Type, from body: [UInt8], expected: String
    ) throws(Problem) -> Model {
        let document = try JSONDocument(body: body)
        if document.repeatedCount > 0 { throw .invalid(document.repeatedErrors) }
        do {
            return try DocumentCursor.decode(type, from: document)
        } catch {
            throw .invalid([FieldError("", "the body has to be \(expected)")])
        }
    }
}
