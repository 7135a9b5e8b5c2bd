import Testing

@testable import MailAddress

@Suite struct AddrSpecTests {
    /// Rows with which this version disagrees, and why.
    private static let argued: [String: Bool] = [
        // 254 octets as written. The source counts after normalisation; here octets go out as they came.
        "email-validator-86": true
    ]

    @Test func casesWereFound() {
        #expect(Cases.addresses.count > 50)
        #expect(Cases.recipients.count > 20)
    }

    @Test(arguments: Cases.addresses)
    func addressIsAcceptedOrRefused(row: Cases.AddressRow) throws {
        if Self.argued[row.id] ?? row.valid {
            let address = try AddrSpec(row.address)
            #expect(address.needsSMTPUTF8 == address.localPart.utf8.contains { $0 >= 0x80 })
            if row.needsSMTPUTF8 == true { #expect(address.needsSMTPUTF8) }
            #expect(try AddrSpec(address.description) == address)
            #expect(address.octetCount == address.description.utf8.count)
            #expect(address.domain.utf8.allSatisfy { $0 < 0x80 })
        } else {
            #expect(throws: AddressError.self) { try AddrSpec(row.address) }
        }
    }

    @Test(arguments: [
        ("ann@example.org", "ann", "ann@example.org"),
        ("\"ann\"@example.org", "ann", "ann@example.org"),
        ("\"a\\nn\"@example.org", "ann", "ann@example.org"),
        ("\"ann lee\"@example.org", "ann lee", "\"ann lee\"@example.org"),
        ("\"\"@example.org", "", "\"\"@example.org"),
        ("\"a\\\"b\\\\\"@example.org", "a\"b\\", "\"a\\\"b\\\\\"@example.org"),
        ("\"a..b\"@example.org", "a..b", "\"a..b\"@example.org"),
        ("\".a\"@example.org", ".a", "\".a\"@example.org"),
        ("ann@[192.0.2.1]", "ann", "ann@[192.0.2.1]"),
        ("ann@[IPv6:::1]", "ann", "ann@[IPv6:::1]"),
        ("ann@[ipv6:2001:db8::192.0.2.1]", "ann", "ann@[ipv6:2001:db8::192.0.2.1]"),
        ("θσερ@example.org", "θσερ", "θσερ@example.org"),
    ])
    func localPartIsUnquotedAndQuotedWhenNeeded(text: String, localPart: String, wire: String) throws {
        let address = try AddrSpec(text)
        #expect(address.localPart == localPart)
        #expect(address.description == wire)
        var octets: [UInt8] = []
        address.append(to: &octets)
        #expect(octets == Array(wire.utf8))
    }

    @Test(arguments: [
        ("", AddressError.Reason.empty, 0),
        ("ann", .missingAt, 3),
        ("@example.org", .missingLocalPart, 0),
        ("ann@", .missingDomain, 4),
        ("a b@example.org", .localPartCharacter, 1),
        ("a..b@example.org", .localPartDots, 2),
        ("a.@example.org", .localPartDots, 1),
        (".a@example.org", .localPartDots, 0),
        ("\"ann@example.org", .unclosedQuote, 0),
        ("a\r\nb@example.org", .controlCharacter, 1),
        ("\"a\u{0}\"@example.org", .controlCharacter, 2),
        ("\"a\u{85}\"@example.org", .controlCharacter, 2),
        ("a\u{2028}@example.org", .controlCharacter, 1),
        ("a\u{37E}@example.org", .ambiguousCharacter, 1),
        ("ann@example.org\r\n", .controlCharacter, 15),
        ("ann@exa_mple.org", .domainCharacter, 7),
        ("ann@example.org, bob@example.net", .severalAddresses, 15),
        ("ann@ex\u{85}mple.org", .internationalDomain, 6),
        ("ann@-ä.org", .internationalDomain, 5),
        ("ann@ä..org", .domainLabel, 4),
        ("ann@example\u{3002}\u{3002}org", .domainLabel, 11),
        ("ann@a\u{FF20}b.org", .domainCharacter, 5),
        ("ann@ex\u{FF1E}.org", .domainCharacter, 6),
        ("ann@a_ä.org", .domainCharacter, 5),
        ("ann@ä\u{A0}b.org", .internationalDomain, 4),
        ("ann@ä.org>", .domainCharacter, 10),
        ("ann@xn--0.example", .internationalDomain, 4),
        ("ann@example.XN--0", .internationalDomain, 4),
        ("ann@[300.0.2.1]", .addressLiteral, 4),
        ("ann@[192.0.2]", .addressLiteral, 4),
        ("ann@[192.0.2.1.]", .addressLiteral, 4),
        ("ann@[IPv6:]", .addressLiteral, 4),
        ("ann@[IPv6:1:2:3:4:5:6:7]", .addressLiteral, 4),
        ("ann@[IPv6:1::2:]", .addressLiteral, 4),
        ("ann@[x:y]", .addressLiteral, 4),
    ])
    func errorSaysWhatAndWhere(text: String, reason: AddressError.Reason, offset: Int) {
        let error = #expect(throws: AddressError.self) { try AddrSpec(text) }
        #expect(error?.reason == reason)
        #expect(error?.offset == offset)
        #expect(error?.label == reason.description)
        #expect(error?.description.contains("octet \(offset)") == true)
    }

    @Test(arguments: [
        ("ann@exämple.org", "xn--exmple-cua.org"),
        ("ann@EXÄMPLE.ORG", "xn--exmple-cua.org"),
        ("ann@exa\u{308}mple.org", "xn--exmple-cua.org"),
        ("ann@faß.example", "xn--fa-hia.example"),
        ("ann@مثال.إختبار", "xn--mgbh0fb.xn--kgbechtv"),
        ("ann@例え.テスト", "xn--r8jz45g.xn--zckzah"),
        ("ann@example\u{3002}org", "example.org"),
        ("ann@ｅｘａｍｐｌｅ.org", "example.org"),
        ("ann@exаmple.org", "xn--exmple-4nf.org"),
        ("ann@XN--EXMPLE-CUA.org", "XN--EXMPLE-CUA.org"),
        ("ann@xn--ls8h.example", "xn--ls8h.example"),
    ])
    func domainIsInItsALabelForm(text: String, domain: String) throws {
        let address = try AddrSpec(text)
        #expect(address.domain == domain)
        #expect(!address.needsSMTPUTF8)
        #expect(try address == AddrSpec("ann@\(domain.lowercased())"))
        #expect(try Mailbox(parsing: "Ann <\(text)>").address == address)
    }

    @Test func limitsOfADomainHoldForItsALabels() throws {
        // Behind "xn--" and in front of three characters that tell where the ä stood.
        let fits = "\(String(repeating: "a", count: 55))ä"
        #expect(try AddrSpec("a@\(fits).example").domain.utf8.count == 63 + 8)
        #expect(throws: AddressError.self) { try AddrSpec("a@a\(fits).example") }
        #expect(throws: AddressError.self) { try AddrSpec("a@" + String(repeating: "ä", count: 600)) }
        let labels = Array(repeating: fits, count: 4).joined(separator: ".")
        #expect(throws: AddressError.self) { try AddrSpec("a@\(labels)") }
    }

    @Test func limitsAreThoseOfTheStandard() throws {
        let local = String(repeating: "a", count: 64)
        let label = String(repeating: "b", count: 63)
        _ = try AddrSpec("\(local)@\(label).org")
        #expect(throws: AddressError(.localPartTooLong, at: 0)) { try AddrSpec("a\(local)@example.org") }
        #expect(throws: AddressError(.domainLabel, at: 2)) { try AddrSpec("a@b\(label).org") }
        let longest = "a@\(label).\(label).\(label).\(String(repeating: "c", count: 60))"
        #expect(try AddrSpec(longest).octetCount == 254)
        #expect(throws: AddressError(.tooLong, at: 0)) { try AddrSpec(longest + "c") }
    }

    @Test func domainComparesWithoutCase() throws {
        let address = try AddrSpec("Ann@Example.ORG")
        #expect(try address == AddrSpec("Ann@example.org"))
        #expect(try address != AddrSpec("ann@example.org"))
        #expect(try Set([address, AddrSpec("Ann@example.org"), AddrSpec("\"Ann\"@EXAMPLE.org")]).count == 1)
        // The two spellings of é are different octets on the wire.
        #expect(try AddrSpec("e\u{301}@example.org") != AddrSpec("\u{E9}@example.org"))
    }
}
