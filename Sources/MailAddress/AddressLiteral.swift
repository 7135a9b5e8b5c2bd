/// The syntax of IP addresses in address literals (RFC 5321, section 4.1.3).
enum AddressLiteral {
    /// Groups of 16 bits in an IPv6 address.
    private static let groupCount = 8
    /// Groups that an IPv4 address at the end stands for.
    private static let groupsOfIPv4 = 2
    /// The zero groups that `::` stands for at least.
    private static let minimumElided = 2

    static func isIPv4(_ octets: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        var numbers = 0
        var index = start
        while index <= end {
            var value = 0
            var digits = 0
            while index < end, Octet.isDigit(octets[index]), digits < 4 {
                value = value * 10 + Int(octets[index] - UInt8(ascii: "0"))
                digits += 1
                index += 1
            }
            guard (1...3).contains(digits), value <= 255 else { return false }
            numbers += 1
            guard index < end else { break }
            guard octets[index] == Octet.dot, numbers < 4 else { return false }
            index += 1
        }
        return numbers == 4
    }

    static func isIPv6(_ octets: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        var groups = 0
        var isElided = false
        var index = start
        if end - start >= 2, octets[start] == Octet.colon, octets[start + 1] == Octet.colon {
            isElided = true
            index += 2
        }
        while index < end {
            let groupStart = index
            while index < end, Octet.isHexDigit(octets[index]) { index += 1 }
            if index < end, octets[index] == Octet.dot {
                guard isIPv4(octets, groupStart, end) else { return false }
                groups += groupsOfIPv4
                break
            }
            guard (1...4).contains(index - groupStart) else { return false }
            groups += 1
            guard index < end else { break }
            guard octets[index] == Octet.colon, groups < groupCount else { return false }
            index += 1
            if index < end, octets[index] == Octet.colon {
                guard !isElided else { return false }
                isElided = true
                index += 1
            } else if index == end {
                return false
            }
        }
        return isElided ? groups <= groupCount - minimumElided : groups == groupCount
    }
}
