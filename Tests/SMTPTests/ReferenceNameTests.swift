import Testing

@testable import SMTP

/// The name that a certificate has to hold, and that goes into SNI.
@Suite struct ReferenceNameTests {
    /// SNI has no dot at its end (RFC 6066, section 3), and a name is compared without it.
    @Test(arguments: [
        ("relay.example.net", "relay.example.net"), ("relay.example.net.", "relay.example.net"),
        ("localhost", "localhost"), ("4u.example", "4u.example"), ("1.2.3.x4", "1.2.3.x4"),
    ]) func aNameIsOne(_ host: String, _ name: String) {
        #expect(ReferenceName(host)?.description == name)
    }

    /// What a resolver reads as an address is none, in whatever form.
    @Test(arguments: [
        "192.0.2.1", "192.0.2.1.", "127.1", "2130706433", "0x7f000001", "0X7F.1", "127.0x1", "::1", "2001:db8::1", "",
        ".",
    ]) func anAddressIsNone(_ host: String) {
        #expect(ReferenceName(host) == nil)
    }

    @Test(arguments: [
        ("relay.example.net", "relay.example.net", true), ("relay.example.net", "RELAY.Example.NET", true),
        ("relay.example.net", "*.example.net", true), ("example.net", "*.example.net", false),
        ("a.relay.example.net", "*.example.net", false), ("relay.example.net", "*", false),
        ("relay.example.net", "*.net", false), ("relay.example.net", "re*.example.net", false),
        ("relay.example.net", "relay.*.net", false), ("relay.example.net", "relay.example.net.evil.example", false),
        ("relay.example.net", "", false), ("relay.example.net", "*.", false),
    ]) func aCertificateIsForIt(_ host: String, _ presented: String, _ isFor: Bool) throws {
        #expect(try #require(ReferenceName(host)).matches(presented) == isFor)
    }
}
