@testable import MailAddress

/// What is taken for an address can be written, and is the same address when it is read again.
enum AddressesTarget {
    static func run(_ input: [UInt8]) {
        let text = String(decoding: input, as: UTF8.self)
        if let address = try? AddrSpec(text) {
            let written = address.description
            ensure(isLine(written), "no line: \(written.debugDescription)")
            ensure((try? AddrSpec(written)) == address, "read again: \(written.debugDescription)")
        }
        if let mailbox = try? Mailbox(parsing: text) {
            ensure(isLine(mailbox.address.description), "no line: \(mailbox)")
            ensure(isLine(mailbox.name ?? ""), "no line: \(mailbox)")
        }
        if let list = try? AddressList(parsing: text) {
            for mailbox in list.mailboxes { ensure(isLine(mailbox.address.description), "no line: \(mailbox)") }
        }
    }

    private static func isLine(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }
}
