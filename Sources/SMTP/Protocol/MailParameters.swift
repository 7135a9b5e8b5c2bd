import NIOCore

/// The parameters of MAIL that belong to a transaction (RFC 5321, section 4.1.2, Mail-parameters).
struct MailParameters: Hashable {
    /// The size of the content in octets (RFC 1870).
    var size: Int?
    /// SMTPUTF8 (RFC 6531).
    var smtpUTF8 = false
    /// What the message asks for.
    var extensions: MailExtensions?

    func write(into output: inout ByteBuffer) {
        if let size {
            output.writeStaticString(" SIZE=")
            output.writeString(String(size))
        }
        if smtpUTF8 { output.writeStaticString(" SMTPUTF8") }
        if let extensions { Self.write(extensions, into: &output) }
    }

    private static func write(_ extensions: MailExtensions, into output: inout ByteBuffer) {
        if let body = extensions.body { output.writeString(" BODY=" + body.rawValue) }
        if let notification = extensions.notification {
            if let value = notification.returnValue { output.writeString(" RET=" + value) }
            if let identifier = notification.identifier {
                output.writeString(" ENVID=" + ExtendedText.encode(identifier))
            }
        }
        if extensions.requiresTLS { output.writeStaticString(" REQUIRETLS") }
        if let deliverBy = extensions.deliverBy { output.writeString(" BY=" + deliverBy.value) }
        if let release = extensions.release { output.writeString(" HOLDFOR=" + release.value) }
        if let priority = extensions.priority { output.writeString(" MT-PRIORITY=\(priority)") }
    }
}
