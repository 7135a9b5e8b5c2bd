import Testing

@testable import MailAddress

@Suite struct AddrSpecTests {
    /// Rows with which this version disagrees, and why.
    private static let argued: [String: Bool] = [
        // Whether an A-label decodes is a question for IDNA, which is not built yet; as a label it is well formed.
        "email-validator-91": true,
        // 254 octets as written. The source counts after normalisation; here octets go out as they came.
        "email-validator-86": true,
    ]

    @Test func casesWereFound() {
        #expect(Cases.addresses.count > 50)
        #expect(Cases.recipients.count > 20)
    }

    @Test(arguments: Cases.addresses)
    func addressIsAcceptedOrRefused(row: Cases.AddressRow) throws {
        // A domain that is not ASCII is refused with the advice to write its A-label form, until there is IDNA.
        let domainIsASCII = row.address.split(separator: "@").last?.utf8.allSatisfy { $0 < 0x80 } ?? true
        guard row.valid == false || domainIsASCII else {
            let error = #expect(throws: AddressError.self) { try AddrSpec(row.address) }
            #expect(error?.reason == .internationalDomain)
            return
        }
        if Self.argued[row.id] ?? row.valid {
            let address = try AddrSpec(row.address)
            #expect(address.needsSMTPUTF8 == address.localPart.utf8.contains { $0 >= 0x80 })
            if row.needsSMTPUTF8 == true { #expect(address.needsSMTPUTF8) }
            #expect(try AddrSpec(address.description) == address)
            #expect(address.octetCount == address.description.utf8.count)
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
        ("ann@exämple.org", .internationalDomain, 6),
        ("ann@example\u{3002}org", .internationalDomain, 11),
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
