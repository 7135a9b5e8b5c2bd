/// Reads mailboxes and the beginnings of groups from left to right (RFC 5322, section 3.4).
///
/// Each octet is looked at a fixed number of times, and nothing recurses.
struct AddressParser {
    enum Element {
        case mailbox(Mailbox)
        case groupStart(name: String)
    }

    /// How deep comments may nest. RFC 5322 knows no limit; mail has no use for more.
    static let maximumCommentDepth = 16

    /// Whether CRLF before a space or tab is white space, as in a header section.
    let allowsFolding: Bool
    /// The octet that is looked at next.
    var position = 0

    init(allowsFolding: Bool) {
        self.allowsFolding = allowsFolding
    }

    /// Reads one element. Afterwards the position is at the first octet that belongs to neither it nor a comment.
    mutating func next(_ octets: Span<UInt8>) throws(AddressError) -> Element {
        let start = position
        var words = 0
        var phraseEnd = position
        // A phrase of atoms with one space between them is its own text and needs no second look.
        var isPlain = true
        while position < octets.count {
            let octet = octets[position]
            if octet == Octet.quote {
                isPlain = false
                try skipQuotedString(octets)
            } else if Octet.isAtext(octet) || octet == Octet.dot {
                skipAtoms(octets)
            } else {
                break
            }
            if words == 0, position < octets.count, octets[position] == Octet.at {
                return .mailbox(try bareMailbox(octets, from: start))
            }
            words += 1
            phraseEnd = position
            try skipCommentsAndSpace(octets)
            if position > phraseEnd + 1 || (position > phraseEnd && octets[phraseEnd] != Octet.space) {
                // White space in front of "<" does not count.
                isPlain = isPlain && position < octets.count && octets[position] == Octet.less
            }
        }
        guard position < octets.count else {
            throw AddressError(words == 1 ? .missingAt : .unexpectedCharacter, at: position)
        }
        switch octets[position] {
        case Octet.less:
            let address = try angleAddress(octets)
            guard words > 0 else { return .mailbox(Mailbox(uncheckedName: nil, address: address)) }
            let name = try phrase(octets, start, phraseEnd, isPlain: isPlain)
            return .mailbox(Mailbox(uncheckedName: name.isEmpty ? nil : name, address: address))
        case Octet.colon where words > 0:
            let name = try phrase(octets, start, phraseEnd, isPlain: isPlain)
            position += 1
            return .groupStart(name: name)
        case let octet where Octet.isControl(octet):
            throw AddressError(.controlCharacter, at: position)
        case Octet.at where words == 0:
            throw AddressError(.missingLocalPart, at: position)
        case Octet.comma, Octet.semicolon:
            throw AddressError(isInName(octets) ? .separatorInName : .missingAt, at: position)
        default:
            throw AddressError(.unexpectedCharacter, at: position)
        }
    }

    /// Whether a name with an address goes on behind a comma or semicolon, as in `Doe, John <a@b>`.
    private func isInName(_ octets: Span<UInt8>) -> Bool {
        var index = position + 1
        while index < octets.count, Octet.isAtext(octets[index]) || " .\t".utf8.contains(octets[index]) { index += 1 }
        return index < octets.count && octets[index] == Octet.less
    }

    private mutating func bareMailbox(_ octets: Span<UInt8>, from start: Int) throws(AddressError) -> Mailbox {
        let (address, end) = try AddrSpecParser.parse(octets, from: start)
        position = end
        // An underscore, say: the domain goes on with what no domain may hold.
        if end < octets.count, Octet.isAtext(octets[end]) || octets[end] == Octet.dot {
            throw AddressError(.domainCharacter, at: end)
        }
        try skipCommentsAndSpace(octets)
        try checkEnd(octets)
        return Mailbox(uncheckedName: nil, address: address)
    }

    private mutating func angleAddress(_ octets: Span<UInt8>) throws(AddressError) -> AddrSpec {
        let open = position
        position += 1
        try skipCommentsAndSpace(octets)
        guard position < octets.count else { throw AddressError(.unclosedAngle, at: open) }
        if octets[position] == Octet.greater { throw AddressError(.empty, at: position) }
        if octets[position] == Octet.at { throw AddressError(.sourceRoute, at: position) }
        let (address, end) = try AddrSpecParser.parse(octets, from: position)
        position = end
        try skipCommentsAndSpace(octets)
        guard position < octets.count else { throw AddressError(.unclosedAngle, at: open) }
        guard octets[position] == Octet.greater else {
            throw AddressError(AddrSpecParser.reason(forTrailing: octets[position]), at: position)
        }
        position += 1
        try skipCommentsAndSpace(octets)
        try checkEnd(octets)
        return address
    }

    /// Only a separator may follow a mailbox; what it means is the caller's business.
    private func checkEnd(_ octets: Span<UInt8>) throws(AddressError) {
        guard position < octets.count else { return }
        switch octets[position] {
        case Octet.comma, Octet.semicolon: return
        case Octet.less: throw AddressError(.severalAddresses, at: position)
        case let octet where Octet.isControl(octet): throw AddressError(.controlCharacter, at: position)
        default: throw AddressError(.unexpectedCharacter, at: position)
        }
    }

    /// Checks that an element of a list is followed by a comma, the end, or the end of its group.
    mutating func checkElementEnd(_ octets: Span<UInt8>, inGroup: Bool) throws(AddressError) {
        try skipCommentsAndSpace(octets)
        guard position < octets.count, octets[position] != Octet.comma else { return }
        guard inGroup, octets[position] == Octet.semicolon else {
            throw AddressError(.unexpectedCharacter, at: position)
        }
    }

    /// The text of a phrase: words with one space between them, quotes and comments gone.
    private func phrase(
        _ octets: Span<UInt8>, _ start: Int, _ end: Int, isPlain: Bool
    ) throws(AddressError) -> String {
        if isPlain {
            try Mailbox.checkName(octets, start, end)
            return AddrSpecParser.string(octets, start, end)
        }
        for index in start..<end where Octet.isC1Control(octets, at: index) {
            throw AddressError(.controlCharacter, at: index)
        }
        var text = ""
        var words = AddressParser(allowsFolding: allowsFolding)
        words.position = start
        while words.position < end {
            let wordStart = words.position
            if !text.isEmpty { text += " " }
            if octets[wordStart] == Octet.quote {
                try words.skipQuotedString(octets)
                text += AddrSpecParser.unquoted(octets, wordStart + 1, words.position - 1)
            } else {
                words.skipAtoms(octets)
                text += AddrSpecParser.string(octets, wordStart, words.position)
            }
            try words.skipCommentsAndSpace(octets)
        }
        guard text.utf8.count <= Mailbox.maximumNameOctets else { throw AddressError(.nameTooLong, at: start) }
        return text
    }
}
