/// Reads local part, `@` and domain in one pass (RFC 5321, section 4.1.2), and says where the domain ends.
enum AddrSpecParser {
    /// Reads an address that begins at `start`. What follows the domain is left to the caller.
    static func parse(_ octets: Span<UInt8>, from start: Int) throws(AddressError) -> (AddrSpec, end: Int) {
        guard start < octets.count else { throw AddressError(.empty, at: start) }
        let isQuoted = octets[start] == Octet.quote
        let at = try isQuoted ? quotedStringEnd(octets, from: start) : dotAtomEnd(octets, from: start)
        guard at < octets.count, octets[at] == Octet.at else {
            throw AddressError(reason(forMissingAt: octets, at: at), at: at)
        }
        guard at - start <= AddrSpec.maximumLocalPartOctets else { throw AddressError(.localPartTooLong, at: start) }
        let (domain, end) = try DomainParser.parse(octets, from: at + 1)
        guard at + 1 - start + domain.utf8.count <= AddrSpec.maximumOctets else {
            throw AddressError(.tooLong, at: start)
        }
        guard isQuoted else {
            return (AddrSpec(localPart: string(octets, start, at), domain: domain, isQuoted: false), end)
        }
        let content = unquoted(octets, start + 1, at - 1)
        return (AddrSpec(localPart: content, domain: domain, isQuoted: !isDotAtom(content)), end)
    }

    /// Why an octet behind a complete address is wrong.
    static func reason(forTrailing octet: UInt8) -> AddressError.Reason {
        if Octet.isControl(octet) { return .controlCharacter }
        return octet == Octet.comma || octet == Octet.semicolon ? .severalAddresses : .domainCharacter
    }

    private static func reason(forMissingAt octets: Span<UInt8>, at index: Int) -> AddressError.Reason {
        guard index < octets.count else { return .missingAt }
        return Octet.isControl(octets[index]) ? .controlCharacter : .localPartCharacter
    }

    private static func dotAtomEnd(_ octets: Span<UInt8>, from start: Int) throws(AddressError) -> Int {
        var index = start
        var atomStart = start
        while index < octets.count {
            let octet = octets[index]
            if octet == Octet.dot {
                guard index > atomStart else { throw AddressError(.localPartDots, at: index) }
                atomStart = index + 1
            } else if octet >= 0x80 {
                try checkCharacter(octets, at: index)
            } else if !Octet.isAtext(octet) {
                break
            }
            index += 1
        }
        if index == start, index < octets.count, octets[index] == Octet.at {
            throw AddressError(.missingLocalPart, at: index)
        }
        if index == atomStart, index > start { throw AddressError(.localPartDots, at: index - 1) }
        return index
    }

    /// The index behind the closing quote.
    private static func quotedStringEnd(_ octets: Span<UInt8>, from start: Int) throws(AddressError) -> Int {
        var index = start + 1
        while index < octets.count {
            var octet = octets[index]
            if octet == Octet.quote { return index + 1 }
            if octet == Octet.backslash {
                index += 1
                guard index < octets.count else { break }
                octet = octets[index]
                // A quoted pair holds one printable ASCII character (quoted-pairSMTP).
                guard octet < 0x80 else { throw AddressError(.localPartCharacter, at: index) }
            }
            guard !Octet.isControl(octet) else { throw AddressError(.controlCharacter, at: index) }
            if octet >= 0x80 { try checkCharacter(octets, at: index) }
            index += 1
        }
        throw AddressError(.unclosedQuote, at: start)
    }

    /// Refuses what is a control or a line break in Unicode, and the three characters that NFC turns into ASCII.
    private static func checkCharacter(_ octets: Span<UInt8>, at index: Int) throws(AddressError) {
        if Octet.isC1Control(octets, at: index) { throw AddressError(.controlCharacter, at: index) }
        guard index + 1 < octets.count else { return }
        let second = octets[index + 1]
        let third = index + 2 < octets.count ? octets[index + 2] : 0
        switch (octets[index], second, third) {
        case (0xE2, 0x80, 0xA8), (0xE2, 0x80, 0xA9):  // U+2028 and U+2029, line and paragraph separator
            throw AddressError(.controlCharacter, at: index)
        case (0xCD, 0xBE, _), (0xE1, 0xBF, 0xAF), (0xE2, 0x84, 0xAA):  // U+037E ";", U+1FEF "`", U+212A "K"
            throw AddressError(.ambiguousCharacter, at: index)
        default:
            return
        }
    }

    static func unquoted(_ octets: Span<UInt8>, _ start: Int, _ end: Int) -> String {
        var content: [UInt8] = []
        content.reserveCapacity(end - start)
        var index = start
        while index < end {
            if octets[index] == Octet.backslash, index + 1 < end { index += 1 }
            content.append(octets[index])
            index += 1
        }
        return String(decoding: content, as: UTF8.self)
    }

    static func string(_ octets: Span<UInt8>, _ start: Int, _ end: Int) -> String {
        // Cuts are made at ASCII octets only, so the piece is UTF-8 as the whole is.
        guard let piece = try? UTF8Span(validating: octets.extracting(start..<end)) else { return "" }
        return String(copying: piece)
    }

    private static func isDotAtom(_ text: String) -> Bool {
        var previous = Octet.dot
        for octet in text.utf8 {
            guard Octet.isAtext(octet) || (octet == Octet.dot && previous != Octet.dot) else { return false }
            previous = octet
        }
        return previous != Octet.dot
    }
}
