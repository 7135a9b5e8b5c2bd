/// Reads the part behind the `@`: a domain name or an address literal (RFC 5321, sections 4.1.2 and 4.1.3).
enum DomainParser {
    /// The longest label of a domain name in octets (RFC 1035, section 2.3.4).
    static let maximumLabelOctets = 63
    /// The longest domain in octets (RFC 5321, section 4.5.3.1.2).
    static let maximumDomainOctets = 255

    /// The index behind the domain that begins at `start`: the first octet that cannot belong to it.
    static func end(_ octets: Span<UInt8>, from start: Int) throws(AddressError) -> Int {
        guard start < octets.count else { throw AddressError(.missingDomain, at: start) }
        if octets[start] == Octet.openBracket { return try literalEnd(octets, from: start) }
        var index = start
        var labelStart = start
        while index < octets.count {
            let octet = octets[index]
            if octet == Octet.dot {
                try checkLabel(octets, labelStart, index)
                labelStart = index + 1
            } else if octet >= 0x80 {
                throw AddressError(.internationalDomain, at: index)
            } else if !Octet.isAlphanumeric(octet), octet != Octet.hyphen {
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
        return index
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
