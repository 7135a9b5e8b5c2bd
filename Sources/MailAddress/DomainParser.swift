/// Reads the part behind the `@`: a domain name or an address literal (RFC 5321, sections 4.1.2 and 4.1.3).
enum DomainParser {
    /// The longest label of a domain name in octets (RFC 1035, section 2.3.4).
    static let maximumLabelOctets = 63
    /// The longest domain in octets (RFC 5321, section 4.5.3.1.2).
    static let maximumDomainOctets = 255

    /// Reads the domain that begins at `start`, its labels made A-labels where they are not ASCII, and says at which
    /// octet something begins that cannot belong to it.
    static func parse(_ octets: Span<UInt8>, from start: Int) throws(AddressError) -> (domain: String, end: Int) {
        guard start < octets.count else { throw AddressError(.missingDomain, at: start) }
        if octets[start] == Octet.openBracket {
            let end = try literalEnd(octets, from: start)
            return (AddrSpecParser.string(octets, start, end), end)
        }
        var index = start
        var labelStart = start
        var hasALabel = false
        while index < octets.count {
            let octet = octets[index]
            if octet == Octet.dot {
                try checkLabel(octets, labelStart, index)
                hasALabel = hasALabel || isALabel(octets, labelStart, index)
                labelStart = index + 1
            } else if octet >= 0x80 {
                return try international(octets, from: start, firstAt: index)
            } else if !isLetterDigitHyphen(octet) {
                break
            }
            index += 1
        }
        if index == start {
            let isDelimiter = index == octets.count || octets[index] == Octet.greater || octets[index] == Octet.comma
            throw AddressError(isDelimiter ? .missingDomain : .domainCharacter, at: index)
        }
        try checkLabel(octets, labelStart, index)
        guard index - start <= maximumDomainOctets else { throw AddressError(.tooLong, at: start) }
        if hasALabel || isALabel(octets, labelStart, index) {
            guard InternationalDomain.canBeDecoded(octets, start, index) else {
                throw AddressError(.internationalDomain, at: start)
            }
        }
        return (AddrSpecParser.string(octets, start, index), index)
    }

    /// Reads a domain with characters beyond ASCII, the first of them at `first`.
    private static func international(
        _ octets: Span<UInt8>, from start: Int, firstAt first: Int
    ) throws(AddressError) -> (domain: String, end: Int) {
        var end = first
        while end < octets.count {
            let octet = octets[end]
            guard octet >= 0x80 || octet == Octet.dot || isLetterDigitHyphen(octet) else { break }
            end += 1
        }
        guard let labels = InternationalDomain.aLabels(octets, start, end) else {
            throw AddressError(.internationalDomain, at: first)
        }
        // What was mapped to a character that no host name holds, or to a dot where none may be, is refused here.
        let converted = labels.span
        var labelStart = 0
        for index in converted.indices {
            if converted[index] == Octet.dot {
                try checkConvertedLabel(converted, labelStart, index, at: first)
                labelStart = index + 1
            } else if !isLetterDigitHyphen(converted[index]) {
                throw AddressError(.domainCharacter, at: first)
            }
        }
        try checkConvertedLabel(converted, labelStart, converted.count, at: first)
        guard converted.count <= maximumDomainOctets else { throw AddressError(.tooLong, at: start) }
        return (AddrSpecParser.string(converted, 0, converted.count), end)
    }

    private static func isLetterDigitHyphen(_ octet: UInt8) -> Bool {
        Octet.isAlphanumeric(octet) || octet == Octet.hyphen
    }

    /// Whether a label begins with `xn--` (RFC 5890, section 2.3.2.1).
    private static func isALabel(_ octets: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        end - start >= 4 && octets[start + 2] == Octet.hyphen && octets[start + 3] == Octet.hyphen
            && octets[start] | 0x20 == UInt8(ascii: "x") && octets[start + 1] | 0x20 == UInt8(ascii: "n")
    }

    /// Checks a label that is not in the text as it was written.
    private static func checkConvertedLabel(
        _ octets: Span<UInt8>, _ start: Int, _ end: Int, at offset: Int
    ) throws(AddressError) {
        do throws(AddressError) {
            try checkLabel(octets, start, end)
        } catch {
            throw AddressError(error.reason, at: offset)
        }
    }

    private static func checkLabel(_ octets: Span<UInt8>, _ start: Int, _ end: Int) throws(AddressError) {
        guard end > start, end - start <= maximumLabelOctets, octets[start] != Octet.hyphen,
            octets[end - 1] != Octet.hyphen
        else { throw AddressError(.domainLabel, at: start) }
    }

    private static func literalEnd(_ octets: Span<UInt8>, from start: Int) throws(AddressError) -> Int {
        var close = start + 1
        while close < octets.count, octets[close] != Octet.closeBracket, close - start <= maximumDomainOctets {
            guard octets[close] > Octet.space, octets[close] < 0x7F else {
                throw AddressError(
                    Octet.isControl(octets[close]) ? .controlCharacter : .addressLiteral, at: close)
            }
            close += 1
        }
        guard close < octets.count, octets[close] == Octet.closeBracket else {
            throw AddressError(.addressLiteral, at: start)
        }
        // IPv6 is the only tag that IANA has registered, so there is no other general address literal to accept.
        let tag = "IPv6:".utf8
        let isIPv6 =
            close - start > tag.count
            && tag.enumerated().allSatisfy { octets[start + 1 + $0.offset] | 0x20 == $0.element | 0x20 }
        let isValid =
            isIPv6
            ? AddressLiteral.isIPv6(octets, start + 1 + tag.count, close)
            : AddressLiteral.isIPv4(octets, start + 1, close)
        guard isValid else { throw AddressError(.addressLiteral, at: start) }
        return close + 1
    }
}
