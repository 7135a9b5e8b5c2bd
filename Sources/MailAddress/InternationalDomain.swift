internal import CIDN2

/// Domain names with characters beyond ASCII (RFC 5890 to 5893).
///
/// They are turned into their A-labels where they are read, and stay so: every server can take these, and a name has one
/// form by which it is compared.
enum InternationalDomain {
    /// The A-label form of a domain in UTF-8, in lower case; nil if there is none.
    ///
    /// Characters are mapped as UTS 46 says, non-transitional: to lower case, full width to half, the dots of other
    /// scripts to dots. The result is not checked for what a host name may hold: a character that is mapped to `@` comes
    /// back as `@`, and the caller has to refuse it.
    static func aLabels(_ octets: Span<UInt8>, _ start: Int, _ end: Int) -> [UInt8]? {
        converted(octets, start, end, cidn2_a_labels)
    }

    /// Whether the A-labels of a domain stand for something.
    static func canBeDecoded(_ octets: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        converted(octets, start, end, cidn2_u_labels) != nil
    }

    private static func converted(
        _ octets: Span<UInt8>, _ start: Int, _ end: Int, _ conversion: (cidn2_name) -> cidn2_name
    ) -> [UInt8]? {
        guard end - start <= Int(CIDN2_CAPACITY) else { return nil }
        var name = cidn2_empty()
        for index in start..<end { name = cidn2_appending(name, octets[index]) }
        let result = conversion(name)
        guard result.is_valid else { return nil }
        return (0..<result.count).map { cidn2_octet(result, $0) }
    }
}
