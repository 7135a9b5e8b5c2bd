import Testing

@testable import HTTPServer

/// Whom a request behind proxies comes from.
@Suite struct TrustedProxiesTests {
    private static let trusted = ["10.0.0.0/8", "127.0.0.1", "2001:db8:1::/48", "::1"]

    @Test(arguments: [
        // Nobody who is not trusted is believed.
        ("192.0.2.1", ["198.51.100.7"], "192.0.2.1"), ("11.0.0.1", ["198.51.100.7"], "11.0.0.1"),
        ("127.0.0.2", ["198.51.100.7"], "127.0.0.2"), ("2001:db8:2::1", ["198.51.100.7"], "2001:db8:2:0:0:0:0:1"),
        ("10.1.2.3", ["198.51.100.7"], "198.51.100.7"), ("127.0.0.1", [" 198.51.100.7 "], "198.51.100.7"),
        // The last one that is not trusted counts: what is before it is anybody's word.
        ("10.1.2.3", ["1.1.1.1, 198.51.100.7, 10.9.9.9"], "198.51.100.7"),
        ("10.1.2.3", ["1.1.1.1", "198.51.100.7", "10.9.9.9"], "198.51.100.7"),
        ("::1", ["2001:DB8:2::7"], "2001:db8:2:0:0:0:0:7"), ("2001:db8:1:ffff::9", ["198.51.100.7"], "198.51.100.7"),
        ("10.1.2.3", ["198.51.100.7:443"], "198.51.100.7"),
        ("10.1.2.3", ["[2001:db8:2::7]:443"], "2001:db8:2:0:0:0:0:7"),
        ("10.1.2.3", ["[2001:db8:2::7]"], "2001:db8:2:0:0:0:0:7"),
        ("10.1.2.3", ["::ffff:198.51.100.7"], "198.51.100.7"),
        // All of them trusted: the first one.
        ("10.1.2.3", ["10.4.4.4, 10.5.5.5"], "10.4.4.4"), ("10.1.2.3", [], "10.1.2.3"),
        // What is no address ends the search.
        ("10.1.2.3", ["unknown"], "10.1.2.3"), ("10.1.2.3", ["198.51.100.7, unknown, 10.5.5.5"], "10.5.5.5"),
        ("10.1.2.3", [""], "10.1.2.3"), ("10.1.2.3", ["198.51.100.7,"], "10.1.2.3"),
        ("10.1.2.3", ["_hidden"], "10.1.2.3"),
        ("10.1.2.3", ["1.2.3"], "10.1.2.3"), ("10.1.2.3", ["[::1"], "10.1.2.3"),
        ("10.1.2.3", ["fe80::1%eth0"], "10.1.2.3"),
    ])
    func theClient(_ peer: String, _ fields: [String], _ client: String) throws {
        let proxies = try #require(TrustedProxies(Self.trusted))
        var headers = HTTPHeaders()
        for field in fields { headers.append(name: "x-forwarded-for", value: field) }
        let found = proxies.client(of: headers, from: try #require(HTTPClientAddress(peer)))
        #expect(found.description == client)
    }

    @Test(arguments: [
        "proxy.example.net", "", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/", "/8", "10.0.0/8", "::/129",
        "[::1]",
        "10.0.0.0/8/8", "127.0.0.1:80",
    ])
    func whatIsNoNetwork(_ text: String) {
        #expect(TrustedProxies([text]) == nil)
        #expect(TrustedProxies(["10.0.0.0/8", text]) == nil)
    }

    /// Whoever is connected through a socket of the file system has no address.
    @Test func aSocketMayBeTrusted() throws {
        var headers = HTTPHeaders()
        headers.append(name: "X-Forwarded-For", value: "198.51.100.7")
        let trusted = try #require(TrustedProxies(["unix"]))
        #expect(trusted.client(of: headers, from: .local).description == "198.51.100.7")
        // No text of a client means it.
        for text in ["::", "[::]", "0:0:0:0:0:0:0:0"] {
            headers.replace(name: "X-Forwarded-For", value: "198.51.100.7, \(text)")
            #expect(trusted.client(of: headers, from: .local) == .local)
        }
        headers.replace(name: "X-Forwarded-For", value: "198.51.100.7")
        let other = try #require(TrustedProxies(["10.0.0.0/8"]))
        #expect(other.client(of: headers, from: .local).description == "unix")
    }

    @Test func everybodyMayBeTrusted() throws {
        let proxies = try #require(TrustedProxies(["0.0.0.0/0", "::/0"]))
        var headers = HTTPHeaders()
        headers.append(name: "X-Forwarded-For", value: "1.1.1.1, 2.2.2.2")
        #expect(proxies.client(of: headers, from: try #require(HTTPClientAddress("3.3.3.3"))).description == "1.1.1.1")
    }
}
