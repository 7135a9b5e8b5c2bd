import Foundation
import InternetMessage
import MailAddress
import Testing

@Suite struct SigningTests {
    struct Case: Encodable {
        let id: Int
        let message: Data
        let records: [String: String]
        let signatures: Int
    }

    private static let date = MessageDate(seconds: 1_751_358_600)

    private static func identity(_ domain: String, _ selector: String, _ pem: String) throws -> DKIMIdentity {
        try DKIMIdentity(domain: domain, selector: selector, key: DKIMKey(pem: pem))
    }

    private static func signed(_ signer: DKIMSigner, _ change: (inout Message) throws -> Void) throws -> String {
        var message = try Samples.message()
        try change(&message)
        var composed = try Composer.compose(message, spareOctets: signer.spareOctets)
        try signer.sign(&composed, from: message.from[0].address, at: date)
        return String(decoding: composed.octets, as: UTF8.self)
    }

    @Test func publicKeyIsThatOfTheRecord() throws {
        #expect(try DKIMKey(pem: SigningKeys.ed25519).record == SigningKeys.ed25519Record)
        let record = try DKIMKey(pem: SigningKeys.rsa).record
        #expect(record.hasPrefix("v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"))
        #expect(try DKIMKey(pem: SigningKeys.rsaPKCS1).record == record)
    }

    @Test(arguments: [
        "", "x", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        SigningKeys.ed25519.replacing("MC4C", with: "MC4D"),
    ])
    func whatIsNoKeyIsRefused(pem: String) {
        let error = #expect(throws: DKIMError.self) { try DKIMKey(pem: pem) }
        #expect(error?.label == "key")
    }

    @Test(arguments: [
        ("example.org", "a b", "selector"), ("example.org", "", "selector"), ("example.org", "a_b", "selector"),
        ("[192.0.2.1]", "s", "domain"), ("", "s", "domain"), ("example.org; x", "s", "domain"),
        ("example.org", "s;b=x", "selector"), ("example.org", "s\r\nBcc: x@y.example", "selector"),
    ])
    func whatCannotBeARecordIsRefused(domain: String, selector: String, label: String) throws {
        let key = try DKIMKey(pem: SigningKeys.ed25519)
        let error = #expect(throws: DKIMError.self) {
            try DKIMIdentity(domain: domain, selector: selector, key: key)
        }
        #expect(error?.label == label)
    }

    @Test func signatureIsTheSameForTheSameMessage() throws {
        let signer = DKIMSigner([try Self.identity("Example.org", "brisbane", SigningKeys.ed25519)])
        let text = try Self.signed(signer) {
            $0.subject = "Is dinner ready?"
            $0.text = "Hi.\n\nWe lost the game.  Are you hungry yet?\n\nJoe.\n\n\n"
        }
        let field = text.prefix(through: try #require(text.firstRange(of: "\r\nDate: ")).lowerBound)
        #expect(
            field.hasPrefix(
                """
                DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.org;\r
                 s=brisbane; t=1751358600; h=from:from:reply-to:subject:subject:date:date:\r
                 message-id:message-id:to:to:cc:in-reply-to:references:mime-version:
                """))
        // The body of the example in RFC 6376, appendix A.
        #expect(field.contains("bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;"))
        #expect(
            text
                == (try Self.signed(signer) {
                    $0.subject = "Is dinner ready?"
                    $0.text = "Hi.\n\nWe lost the game.  Are you hungry yet?\n\nJoe.\n\n\n"
                }))
    }

    @Test func nearestDomainSigns() throws {
        let signer = DKIMSigner([
            try Self.identity("example.org", "a", SigningKeys.ed25519),
            try Self.identity("mail.example.org", "b", SigningKeys.ed25519),
            try Self.identity("mail.example.org", "c", SigningKeys.rsa),
            try Self.identity("xn--exmple-cua.org", "d", SigningKeys.rsa),
        ])
        for (domain, selectors) in [
            ("example.org", ["a"]), ("News.Example.ORG", ["a"]), ("mail.example.org", ["b", "c"]),
            ("x.mail.example.org", ["b", "c"]), ("badexample.org", []), ("example.com", []), ("org", []),
        ] {
            #expect(signer.identities(for: domain).map(\.selector) == selectors)
        }
        #expect(try Self.signed(signer) { $0.from = [try Mailbox(parsing: "a@exämple.org")] }.contains(" s=d;"))
        let unsigned = try Self.signed(signer) { $0.from = [try Mailbox(parsing: "a@example.com")] }
        #expect(unsigned.hasPrefix("Date: "))
    }

    @Test(.enabled(if: Readers.has("import dkim, nacl.signing")))
    func anotherImplementationVerifies() throws {
        let identities = [
            try Self.identity("example.org", "s1", SigningKeys.rsa),
            try Self.identity("example.org", "s2", SigningKeys.ed25519),
        ]
        let signer = DKIMSigner(identities)
        var cases = try Self.messages.enumerated().map { index, change in
            Case(
                id: index, message: Data(try Self.signed(signer, change).utf8),
                records: Self.records(of: identities), signatures: 2)
        }
        var samples = RandomMessages(seed: 6_376, domain: "example.org")
        for id in cases.count..<(cases.count + 60) {
            let sample = try samples.next(id: id)
            var composed = sample.composed
            try signer.sign(&composed, from: sample.author, at: Self.date)
            cases.append(
                Case(
                    id: id, message: Data(composed.octets), records: Self.records(of: identities), signatures: 2))
        }
        let (status, output) = try Readers.read(cases, with: "verify_signatures.py")
        #expect(status == 0, "\(output)")
        #expect(output.hasSuffix("\(cases.count) messages, 0 faults\n"))
    }

    private static func records(of identities: [DKIMIdentity]) -> [String: String] {
        Dictionary(
            uniqueKeysWithValues: identities.map { ("\($0.selector)._domainkey.\($0.domain)", $0.key.record) })
    }

    /// Bodies and fields that canonicalisation has to get right.
    private static let messages: [@Sendable (inout Message) throws -> Void] = [
        { $0.text = "" },
        { $0.text = "\n\n\n" },
        { $0.text = "  \t \n \n" },
        { $0.text = " leading\n\tand\t \ttrailing \t\n\n\n\nlines \n  \n" },
        { $0.text = "no line break at the end" },
        { $0.text = ".\n..\nFrom here\n" },
        { $0.html = "<p>日本</p>" },
        {
            $0.subject = String(repeating: "many  words ", count: 40) + "end"
            $0.text = "x"
        },
        {
            $0.headers = [
                try HeaderField(name: "List-Unsubscribe", value: "<https://example.org/u>"),
                try HeaderField(name: "List-Unsubscribe-Post", value: "List-Unsubscribe=One-Click"),
                try HeaderField(name: "Resent-From", value: "a@example.org"),
                try HeaderField(name: "X-Other", value: "  "), try HeaderField(name: "X-Other", value: "b"),
                try HeaderField(name: "Sender", value: "a@example.org"),
                try HeaderField(name: "References", value: "<a@b> <c@d>"),
            ]
            $0.text = String(repeating: "x", count: 200_000)
        },
    ]
}
