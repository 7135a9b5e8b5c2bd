/// The parameters of MAIL that belong to a transaction (RFC 5321, section 4.1.2, Mail-parameters).
struct MailParameters: Hashable {
    /// The size of the content in octets (RFC 1870).
    var size: Int?
    /// SMTPUTF8 (RFC 6531).
    var smtpUTF8 = false
    /// What the message asks for.
    var extensions: MailExtensions?

    func write(into output: inout [UInt8]) {
        if let size {
            output += " SIZE=".utf8
            output += String(size).utf8
        }
        if smtpUTF8 { output += " SMTPUTF8".utf8 }
        if let extensions { Self.write(extensions, into: &output) }
    }

    private static func write(_ extensions: MailExtensions, into output: inout [UInt8]) {
        if let body = extensions.body { output += (" BODY=" + body.rawValue).utf8 }
        if let notification = extensions.notification {
            if let value = notification.returnValue { output += (" RET=" + value).utf8 }
            if let identifier = notification.identifier {
                output += (" ENVID=" + ExtendedText.encode(identifier)).utf8
            }
        }
        if extensions.requiresTLS { output += " REQUIRETLS".utf8 }
        if let deliverBy = extensions.deliverBy { output += (" BY=" + deliverBy.value).utf8 }
        if let release = extensions.release { output += (" HOLDFOR=" + release.value).utf8 }
        if let priority = extensions.priority { output += " MT-PRIORITY=\(priority)".utf8 }
    }
}
