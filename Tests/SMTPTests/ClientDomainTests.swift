import NIOCore
import Testing

@testable import SMTP

/// The name that a client gives in EHLO (RFC 5321, sections 4.1.1.1 and 4.1.3).
@Suite struct ClientDomainTests {
    @Test(arguments: [
        "client.example.org", "a", "xn--bcher-kva.example", "my_host.example", "1and1.example", "[192.0.2.1]",
        "[IPv6:2001:db8::1]", "[IPv6:::1]",
    ]) func isOne(_ name: String) {
        #expect(ClientDomain(name)?.description == name)
    }

    @Test(arguments: [
        "", "127.0.0.1", "192.0.2.1", "[::1]", "[IPv6:192.0.2.1]", "[192.0.2]", "[]", "-x", "x-", "a.-b.example",
        "client.example.org.", ".example", "a..b", "a b", "b\u{FC}cher.example", "a@b", "x\r\nQUIT",
        String(repeating: "a", count: 64) + ".example", String(repeating: "a.", count: 130) + "b",
    ]) func isNone(_ name: String) {
        #expect(ClientDomain(name) == nil)
    }

    @Test func aConnectionsAddressIsALiteral() throws {
        #expect(
            ClientDomain(literal: try SocketAddress(ipAddress: "192.0.2.1", port: 25))?.description == "[192.0.2.1]")
        let version6 = try SocketAddress(ipAddress: "2001:db8::1", port: 25)
        #expect(ClientDomain(literal: version6)?.description == "[IPv6:2001:db8::1]")
    }
}
