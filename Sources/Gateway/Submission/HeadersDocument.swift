/// The member `headers`: an object of strings, each of which may be wrong for itself.
struct HeadersDocument: DecodableWithErrors {
    /// Names and values, in the order of the names.
    private(set) var headers: [(name: String, value: String)] = []
    private(set) var errors = FieldErrors()

    init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: MemberName.self)
        for key in object.allKeys.sorted(by: { $0.stringValue < $1.stringValue }) {
            if let value = try? object.decode(String.self, forKey: key) {
                headers.append((key.stringValue, value))
            } else {
                errors.add(
                    FieldError("/" + FieldError.escaped(key.stringValue), "the value of a header has to be a string"))
            }
        }
    }
}
