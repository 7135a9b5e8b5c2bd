/// An address with the name of its owner: the mailbox of RFC 5322, section 3.4.
///
///     let mailbox = try Mailbox(parsing: "Ann <ann@example.org>")
///
/// A name never holds CR, LF, NUL or another control character.
public struct Mailbox: Hashable, Sendable, CustomStringConvertible {
    /// The longest name in octets of UTF-8. It bounds what one mailbox adds to a header section.
    public static let maximumNameOctets = 32_768

    /// The display name as plain text, not quoted and not encoded; nil if there is none.
    public let name: String?

    /// The address.
    public let address: AddrSpec

    init(uncheckedName name: String?, address: AddrSpec) {
        self.name = name
        self.address = address
    }

    /// Joins a name and an address. An empty name is none.
    ///
    /// Throws an `AddressError` when the name is too long or holds a control character.
    public init(name: String? = nil, address: AddrSpec) throws(AddressError) {
        if let name, !name.isEmpty {
            let utf8 = name.utf8
            try Self.checkName(utf8.span, 0, utf8.count)
            self.init(uncheckedName: name, address: address)
        } else {
            self.init(uncheckedName: nil, address: address)
        }
    }

    /// Reads exactly one mailbox: `a@b`, `<a@b>`, `Ann <a@b>` or `"Ann, X" <a@b>`.
    ///
    /// What stands in parentheses is part of the name: `Foo (Bar) <a@b>` is named `Foo (Bar)`, and `a@b (Ann)` is named
    /// `Ann`. They may nest 16 deep; inside an address they are refused, because readers disagree about them. An encoded word
    /// is decoded (RFC 2047). Throws an `AddressError` for anything else, also for a list, a group or a route.
    public init(parsing text: String) throws(AddressError) {
        let utf8 = text.utf8
        let octets = utf8.span
        var parser = AddressParser(allowsFolding: false)
        try parser.skipCommentsAndSpace(octets)
        guard parser.position < octets.count else { throw AddressError(.empty, at: parser.position) }
        let mailbox: Mailbox
        switch try parser.next(octets) {
        case .mailbox(let found): mailbox = found
        case .groupStart: throw AddressError(.group, at: parser.position)
        }
        guard parser.position == octets.count else { throw AddressError(.severalAddresses, at: parser.position) }
        let isSpecial = DisplayName.mayBeSpecial(octets)
        self = isSpecial ? try Mailbox(name: DisplayName(octets).text, address: mailbox.address) : mailbox
    }

    /// The mailbox in readable form, the name quoted when it must be. It is not encoded for a header field.
    public var description: String {
        guard let name else { return address.description }
        // Without quotes, what looks like an encoded word is one.
        let isPhrase = name.utf8.allSatisfy { Octet.isAtext($0) || $0 == Octet.space } && !name.contains("=?")
        guard !isPhrase else { return "\(name) <\(address)>" }
        var quoted = ""
        for scalar in name.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { quoted.unicodeScalars.append("\\") }
            quoted.unicodeScalars.append(scalar)
        }
        return "\"\(quoted)\" <\(address)>"
    }

    static func checkName(_ octets: Span<UInt8>, _ start: Int, _ end: Int) throws(AddressError) {
        guard end - start <= maximumNameOctets else { throw AddressError(.nameTooLong, at: start) }
        for index in start..<end {
            guard !Octet.isControl(octets[index]), !Octet.isC1Control(octets, at: index) else {
                throw AddressError(.controlCharacter, at: index)
            }
        }
    }
}
