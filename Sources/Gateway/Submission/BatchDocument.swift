/// The JSON document of `POST /messages/batch`: a list of messages, each with errors of its own.
struct BatchDocument: Decodable {
    /// Messages in a batch at most: what Resend's users know.
    static let maximumMessages = 100

    /// A message, or nil where an element is no object.
    private(set) var messages: [MessageDocument?] = []
    /// Whether there are more messages than allowed; those are not read.
    private(set) var isTooLong = false

    init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        while !list.isAtEnd {
            guard messages.count < Self.maximumMessages else {
                isTooLong = true
                return
            }
            if let message = try? list.decode(MessageDocument.self) {
                messages.append(message)
            } else {
                messages.append(nil)
                // The element that could not be read is ignored.
                _ = try list.decode(Anything.self)
            }
        }
    }
}
