import NIOCore

/// The parameters of MAIL that belong to a transaction (RFC 5321, section 4.1.2, Mail-parameters).
struct MailParameters: Hashable {
    /// The size of the content in octets (RFC 1870).
    var size: Int?
    /// BODY=8BITMIME (RFC 6152).
    var eightBitMIME = false
    /// SMTPUTF8 (RFC 6531).
    var smtpUTF8 = false

    func write(into output: inout ByteBuffer) {
        if let size {
            output.writeStaticString(" SIZE=")
            output.writeString(String(size))
        }
        if eightBitMIME { output.writeStaticString(" BODY=8BITMIME") }
        if smtpUTF8 { output.writeStaticString(" SMTPUTF8") }
    }
}
