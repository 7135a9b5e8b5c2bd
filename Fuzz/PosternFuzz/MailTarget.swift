import InternetMessage

/// Whatever arrives as a message can be shown, and its parts hold no more than the message does.
enum MailTarget {
    static func run(_ input: [UInt8]) {
        let message = ReceivedMessage(input)
        let parts = [message.text, message.html].compactMap { $0 } + message.attachments
        let octets = parts.reduce(0) { $0 + $1.content.count }
        ensure(octets <= input.count, "\(octets) octets in the parts of a message of \(input.count)")
        let fields = message.fields.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
        // An octet that is no UTF-8 becomes three.
        ensure(fields <= 3 * input.count, "\(fields) octets in the fields of a message of \(input.count)")
        for part in parts { ensure(part.text.utf8.count <= 3 * input.count, "a text grew") }
    }
}
