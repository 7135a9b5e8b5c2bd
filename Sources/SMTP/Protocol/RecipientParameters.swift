import MailAddress

/// The parameters of RCPT (RFC 5321, section 4.1.2, Rcpt-parameters): those of DSN.
///
/// ORCPT goes with NOTIFY always: the notification then names the address that the sender knows, whatever the servers
/// on the way make of it (RFC 3461, section 4.2).
struct RecipientParameters {
    let notification: DeliveryStatusNotification
    let recipient: AddrSpec

    /// The longest value of ORCPT (RFC 3461, section 4.2). An address that does not fit goes without.
    private static let maximumOriginalRecipient = 500

    func write(into output: inout [UInt8]) {
        if let value = notification.notifyValue { output += (" NOTIFY=" + value).utf8 }
        let address = recipient.description
        let original =
            address.utf8.allSatisfy { $0 < 0x80 }
            ? "rfc822;" + ExtendedText.encode(address) : "utf-8;" + ExtendedText.encodeUTF8(address)
        if original.utf8.count <= Self.maximumOriginalRecipient { output += (" ORCPT=" + original).utf8 }
    }
}
