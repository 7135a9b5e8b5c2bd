internal import MailAddress
internal import OctetSearch

/// Writes header fields, folded where they may be (RFC 5322, section 2.2.3).
///
/// A line is folded at 78 octets wherever there is white space, and never has more than 998: what has no white space
/// for that long is encoded.
struct HeaderWriter {
    /// The line length that is kept where it can be (RFC 5322, section 2.1.1).
    static let preferredLineOctets = 78
    /// The longest run without white space that is written as it is.
    static let maximumWordOctets = 900
    /// The longest name of a mailbox that stands on one line unencoded; beyond it encoded words fold better.
    static let maximumPlainNameOctets = 64

    /// What has been written.
    var octets: [UInt8] = []
    /// Where the current line begins.
    private var lineStart = 0
    /// Where the value of the current field begins.
    private var valueStart = 0

    init(capacity: Int) {
        octets.reserveCapacity(capacity)
    }

    /// Octets on the current line.
    var column: Int { octets.count - lineStart }

    mutating func append(_ text: String) {
        let utf8 = text.utf8
        octets.append(copying: utf8.span)
    }

    mutating func beginField(_ name: String) {
        lineStart = octets.count
        append(name)
        octets.append(UInt8(ascii: ":"))
        valueStart = octets.count
    }

    mutating func endLine() {
        octets.append(UInt8(ascii: "\r"))
        octets.append(UInt8(ascii: "\n"))
        lineStart = octets.count
    }

    /// Writes the space in front of something that may not be split, and a line break before it if it would not fit. Behind the
    /// field's name there is none: some readers take a value that begins on the next line for an empty one.
    mutating func separate(before count: Int) {
        if column + 1 + count > Self.preferredLineOctets, octets.count > valueStart { endLine() }
        octets.append(UInt8(ascii: " "))
    }

    /// Writes something that may not be split.
    mutating func item(_ text: String) {
        separate(before: text.utf8.count)
        append(text)
    }

    /// Writes something in three pieces that may not be split.
    mutating func item(_ first: String, _ middle: String, _ last: String) {
        separate(before: first.utf8.count + middle.utf8.count + last.utf8.count)
        append(first)
        append(middle)
        append(last)
    }

    /// Writes a whole field of a fixed, short value.
    mutating func field(_ name: String, _ value: String) {
        beginField(name)
        octets.append(UInt8(ascii: " "))
        append(value)
        endLine()
    }

    mutating func field(_ field: HeaderField) {
        switch field.content {
        case .unstructured(let text):
            unstructuredField(field.name, text)
        case .items(let items):
            beginField(field.name)
            for item in items { self.item(item) }
            endLine()
        case .phrase(let phrase, let identifier):
            beginField(field.name)
            if !phrase.isEmpty { self.phrase(phrase) }
            item(identifier)
            endLine()
        case .date(let date):
            self.field(field.name, date.description)
        case .messageID(let identifier):
            self.field(field.name, identifier.description)
        case .mailboxes(let mailboxes):
            mailboxesField(field.name, mailboxes)
        }
    }

    /// Writes free text: as it is when it is ASCII and can be folded, and as encoded words otherwise.
    mutating func unstructuredField(_ name: String, _ text: String) {
        beginField(name)
        let count = text.utf8.count
        if count > 0 {
            if !Self.isPlain(text) {
                encodedWords(text)
            } else if column + 1 + count <= Self.preferredLineOctets {
                octets.append(UInt8(ascii: " "))
                append(text)
            } else {
                foldedWords(text)
            }
        }
        endLine()
    }

    mutating func mailboxesField(_ name: String, _ mailboxes: [Mailbox]) {
        guard !mailboxes.isEmpty else { return }
        beginField(name)
        let last = mailboxes.count - 1
        for index in mailboxes.indices {
            mailbox(mailboxes[index], hasSuccessor: index < last)
        }
        endLine()
    }

    private mutating func mailbox(_ mailbox: Mailbox, hasSuccessor: Bool) {
        let addressCount = mailbox.address.octetCount + (hasSuccessor ? 1 : 0)
        if let name = mailbox.name {
            phrase(name)
            separate(before: addressCount + 2)
            octets.append(UInt8(ascii: "<"))
            mailbox.address.append(to: &octets)
            octets.append(UInt8(ascii: ">"))
        } else {
            separate(before: addressCount)
            mailbox.address.append(to: &octets)
        }
        if hasSuccessor { octets.append(UInt8(ascii: ",")) }
    }

    /// Writes the name of a mailbox: atoms, a quoted string or encoded words, in this order of preference.
    private mutating func phrase(_ name: String) {
        let count = name.utf8.count
        guard count <= Self.maximumPlainNameOctets, Self.isPlain(name) else { return encodedWords(name) }
        var isAtoms = true
        var escapes = 0
        var previous: UInt8 = 0
        for octet in name.utf8 {
            let isSpace = octet == UInt8(ascii: " ")
            // White space between atoms has no width; only a quoted string keeps two spaces apart.
            isAtoms = isAtoms && (isSpace ? previous != octet : EncodedWord.isSafeOctet(octet))
            if octet == UInt8(ascii: "\"") || octet == UInt8(ascii: "\\") { escapes += 1 }
            previous = octet
        }
        guard !isAtoms else { return item(name) }
        separate(before: count + escapes + 2)
        quotedString(name)
    }

    /// Writes a quoted string (RFC 5322, section 3.2.4).
    mutating func quotedString(_ text: String) {
        octets.append(UInt8(ascii: "\""))
        for octet in text.utf8 {
            if octet == UInt8(ascii: "\"") || octet == UInt8(ascii: "\\") { octets.append(UInt8(ascii: "\\")) }
            octets.append(octet)
        }
        octets.append(UInt8(ascii: "\""))
    }

    /// Writes words with their white space, folding in front of it. The text is plain.
    private mutating func foldedWords(_ text: String) {
        let octetsOfText = Array(text.utf8)
        octets.append(UInt8(ascii: " "))
        var index = 0
        while index < octetsOfText.count {
            let spaceStart = index
            while index < octetsOfText.count, octetsOfText[index] <= 0x20 { index += 1 }
            while index < octetsOfText.count, octetsOfText[index] > 0x20 { index += 1 }
            if spaceStart > 0, column + index - spaceStart > Self.preferredLineOctets { endLine() }
            octets.append(contentsOf: octetsOfText[spaceStart..<index])
        }
    }

    /// Whether text means itself in a header field: ASCII that no reader takes for encoded words, no white space at
    /// its ends, where it would be lost, and no white space with the word behind it that is too long for a line.
    private static func isPlain(_ text: String) -> Bool {
        let utf8 = text.utf8
        let octets = utf8.span
        var pieceStart = 0
        var previous = UInt8(ascii: " ")
        for index in octets.indices {
            let octet = octets[index]
            if octet &- 0x21 < 0x5E {
                if octet == UInt8(ascii: "?"), previous == UInt8(ascii: "=") { return false }
            } else {
                guard octet < 0x80, index > 0 else { return false }
                if previous > 0x20 { pieceStart = index }
            }
            guard index - pieceStart < maximumWordOctets else { return false }
            previous = octet
        }
        return previous > 0x20
    }
}
