import MailAddress
import Testing

@testable import InternetMessage

@Suite struct HeaderSectionTests {
    /// Reads a message in pieces of a size: its section, and what is left as the body.
    private static func read(
        _ text: String, by size: Int
    ) throws(HeaderSectionError) -> (section: HeaderSection, body: String) {
        try read(Array(text.utf8), by: size)
    }

    private static func read(
        _ octets: [UInt8], by size: Int
    ) throws(HeaderSectionError) -> (section: HeaderSection, body: String) {
        var reader = HeaderSectionReader()
        var body: [UInt8] = []
        var start = 0
        while start < octets.count {
            let end = min(start + size, octets.count)
            if let rest = try reader.take(octets[start..<end]) { body += rest }
            start = end
        }
        return (try reader.finish(), String(decoding: body, as: UTF8.self))
    }

    private static func error(_ text: String, by size: Int) -> HeaderSectionError? {
        do throws(HeaderSectionError) {
            _ = try read(text, by: size)
            return nil
        } catch {
            return error
        }
    }

    private static func section(_ text: String) throws -> HeaderSection {
        try read(text, by: .max / 2).section
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let text: String
        let names: [String]
        let values: [String]
        let body: String
        var testDescription: String { text.debugDescription }
    }

    static let rows = [
        Row(text: "Subject: Hi\r\n\r\nHow?\r\n", names: ["Subject"], values: ["Hi"], body: "How?\r\n"),
        Row(text: "Subject: Hi\n\nHow?\n", names: ["Subject"], values: ["Hi"], body: "How?\n"),
        Row(text: "Subject: Hi\r\rHow?\r", names: ["Subject"], values: ["Hi"], body: "How?\r"),
        Row(text: "Subject: Hi\r\r\nHow?", names: ["Subject"], values: ["Hi"], body: "How?"),
        Row(text: "A: 1\rB: 2\nC: 3\r\n\r\n", names: ["A", "B", "C"], values: ["1", "2", "3"], body: ""),
        Row(
            text: "Subject: a\r\n b\r\n\t c \r\nX:\r\n\r\n\r\n", names: ["Subject", "X"], values: ["a b\t c", ""],
            body: "\r\n"),
        // White space alone does not end the section: it folds (RFC 5322, section 4.2).
        Row(text: "A: 1\r\n \r\nBcc: x@y\r\n\r\nz", names: ["A", "Bcc"], values: ["1", "x@y"], body: "z"),
        Row(text: "Subject : Hi\r\n\r\n", names: ["Subject"], values: ["Hi"], body: ""),
        Row(text: "Subject: without an end", names: ["Subject"], values: ["without an end"], body: ""),
        Row(text: "Subject: without a body\r\n", names: ["Subject"], values: ["without a body"], body: ""),
        Row(
            text: "From ann Tue Jul  1 08:30:00 2025\nA: 1\n\nFrom here\n", names: ["A"], values: ["1"],
            body: "From here\n"),
        Row(text: "From : ann@example.org\r\n\r\n", names: ["From"], values: ["ann@example.org"], body: ""),
        Row(text: "A: ü:x\n\n.\n", names: ["A"], values: ["ü:x"], body: ".\n"),
    ]

    @Test(arguments: rows) func readsAtEverySplit(_ row: Row) throws {
        for size in 1...max(1, row.text.utf8.count) {
            let (section, body) = try Self.read(row.text, by: size)
            #expect(section.fields.map(\.name) == row.names)
            #expect(section.fields.map(\.value) == row.values)
            #expect(body == row.body)
            let whole = String(decoding: section.octets, as: UTF8.self) + body
            #expect(section.hadMailboxLine ? row.text.hasSuffix(whole) : row.text == whole)
        }
    }

    @Test(arguments: [
        ("no field\r\n\r\nbody", HeaderSectionError.Reason.notAField, "line 1 "),
        (" folded: at once\r\n\r\n", .notAField, "line 1 "),
        ("A: 1\r\n b\r\nDear Bob,\r\n\r\n", .notAField, "line 3 "),
        ("A: 1\nB C: 2\n\n", .notAField, "line 2 "),
        ("A: 1\n: 2\n\n", .notAField, "line 2 "),
        ("A: 1\nÜ: 2\n\n", .notAField, "line 2 "),
        (">From ann@example.org\nA: 1\n\n", .notAField, "line 1 "),
        ("From ann\nFrom bob\nA: 1\n\n", .notAField, "line 2 "),
        ("From ann\n folded\nA: 1\n\n", .notAField, "line 2 "),
        ("A: 1\nB: \u{0}\n\n", .null, "line 2 "),
        ("only text", .notAField, "line 1 "),
        ("\u{FEFF}Subject: x\n\nHi", .notAField, "line 1 begins with a byte order mark"),
        ("\r\nHi", .noFields, "line 1 is empty"), ("\nSubject: x\n\nHi", .noFields, "line 1 is empty"),
        ("\r", .noFields, "line 1 is empty"), ("From ann Tue Jul  1 08:30:00 2025\n\nHi", .noFields, "line 2 is empty"),
        ("From ann Tue Jul  1 08:30:00 2025\n", .noFields, "the message is empty"),
        (" \nSubject: x\n\n", .notAField, "line 1 "),
    ]) func refuses(_ text: String, _ reason: HeaderSectionError.Reason, _ place: String) {
        for size in 1...text.utf8.count {
            let error = Self.error(text, by: size)
            #expect(error?.reason == reason)
            #expect(error?.description.contains(place) == true, "\(error?.description ?? "")")
        }
    }

    @Test func nothingIsNoMessage() {
        #expect(Self.error("", by: 1)?.reason == .noFields)
    }

    @Test func bounds() {
        let field = "A: " + String(repeating: "x", count: 1000) + "\r\n"
        let fitting = String(repeating: field, count: HeaderSectionReader.maximumOctets / field.utf8.count) + "\r\nbody"
        let tooLong =
            String(repeating: field, count: HeaderSectionReader.maximumOctets / field.utf8.count + 1) + "\r\nbody"
        let tooMany = String(repeating: "A: b\n", count: HeaderSectionReader.maximumFields + 1) + "\nbody"
        for size in [1000, 65_536, 10_000_000] {
            #expect(Self.error(fitting, by: size) == nil)
            #expect(Self.error(tooLong, by: size)?.reason == .tooLong)
            #expect(Self.error(tooMany, by: size)?.reason == .tooManyFields)
        }
        // A line without an end is not gathered for ever.
        #expect(Self.error(String(repeating: "x", count: 1_000_000), by: 4096)?.reason == .tooLong)
    }

    /// What the reader takes for a field is a line of its own on the wire, and nothing else is.
    @Test func agreesWithTheWireOnLines() throws {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("A:b \t\r\n\r\n.é".utf8)
        for _ in 0..<3_000 {
            let octets = Array("X: y".utf8) + (0..<12).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
            let results = (1...octets.count).map { size in
                Result { () throws(HeaderSectionError) in try Self.read(octets, by: size) }
                    .map { $0.section.fields.map(\.octets) + [Array($0.body.utf8)] }
            }
            #expect(Set(results.map(String.init(describing:))).count == 1, "\(octets)")
        }
    }

    // MARK: Addresses

    @Test func addresses() throws {
        let section = try Self.section(
            """
            From: Ann <ann@example.org>
            to: "Bob, B." <bob@example.net>,
             Friends: carol@example.net, =?utf-8?q?D=C3=A4n?= <dan@example.net>;
            CC: (a comment) eve@example.net
            Bcc: frank@example.net
            Bcc:
            To: undisclosed-recipients:;

            """)
        #expect(try section.sender().description == "ann@example.org")
        #expect(
            try section.recipients().map(\.description) == [
                "bob@example.net", "carol@example.net", "dan@example.net", "eve@example.net", "frank@example.net",
            ])
    }

    @Test(arguments: [
        ("From: a@example.org, b@example.org\nSender: c@example.org\n", "c@example.org"),
        ("Sender:\nFrom: a@example.org\n", "a@example.org"),
        ("Resent-From: r@example.org\nFrom: a@example.org\n", "r@example.org"),
        (
            "Received: x\nResent-From: r@example.org\nResent-Sender: s@example.org\nFrom: a@example.org\n",
            "s@example.org"
        ),
    ]) func senders(_ text: String, _ sender: String) throws {
        #expect(try Self.section(text).sender().description == sender)
    }

    @Test(arguments: [
        ("Subject: x\n", HeaderSectionError.Reason.missingSender, "From"),
        ("From:\n", .missingSender, "From"),
        ("From: a@example.org, b@example.org\n", .severalSenders, "From"),
        ("From: a@example.org\nFrom: b@example.org\n", .repeatedField, "From"),
        ("From: Ann\n", .invalidAddress, "From"),
        ("Resent-To: a@example.org\nFrom: b@example.org\n", .missingSender, "Resent-From"),
    ]) func noSender(_ text: String, _ reason: HeaderSectionError.Reason, _ field: String) throws {
        let section = try Self.section(text)
        let error = #expect(throws: HeaderSectionError.self) { try section.sender() }
        #expect(error?.reason == reason)
        #expect(error?.field == field)
    }

    /// Each resender puts a block on top; the newest names whom the message goes to.
    @Test func resentRecipients() throws {
        let section = try Self.section(
            """
            Resent-From: new@example.org
            Resent-To: x@example.net
            Resent-Bcc: y@example.net
            Resent-From: old@example.org
            Resent-To: z@example.net
            Received: from somewhere
            Resent-Cc: w@example.net
            From: a@example.org
            To: b@example.net

            """)
        #expect(try section.sender().description == "new@example.org")
        #expect(try section.recipients().map(\.description) == ["x@example.net", "y@example.net"])
    }

    /// Octets in another charset are no business of ours, but in an address.
    @Test func otherCharsetsPass() throws {
        let text =
            Array("From: J".utf8) + [0xF6] + Array("rn <a@example.org>\nMessage-ID: <1".utf8) + [0xFC]
            + Array(">\n\n".utf8)
        var section = try Self.read(text, by: 100).section
        #expect(try section.sender().description == "a@example.org")
        #expect(!section.needsSMTPUTF8 && section.holdsOtherCharsets)
        let identifier = try section.complete(
            sender: nil, date: MessageDate(seconds: 0), seed: MessageSeed(high: 1, low: 2))
        #expect(identifier == "<1\u{FFFD}>")
        #expect(section.octets.starts(with: text.dropLast()))
        let broken = try Self.read(Array("From: ".utf8) + [0xE4] + Array("@example.org\n".utf8), by: 100).section
        let error = #expect(throws: HeaderSectionError.self) { try broken.sender() }
        #expect(error?.reason == .notUTF8)
        #expect(try Self.section("Subject: ü\n").needsSMTPUTF8)
        #expect(try !Self.section("Subject: u\n").needsSMTPUTF8)
    }

    /// An unqualified author is no reason to refuse a bounce: the domain is needed for a new identifier only.
    @Test(arguments: [
        "From: MAILER-DAEMON (Mail Delivery System)\n\n", "From: <>\n\n", "From:\n\n",
        "From: Mail Delivery\nMessage-ID:\n\n",
    ])
    func anUnqualifiedAuthorGetsTheHostsDomain(_ text: String) throws {
        var section = try Self.section(text)
        let identifier = try section.complete(
            sender: nil, date: MessageDate(seconds: 0), seed: MessageSeed(high: 1, low: 2), domain: "gate.example.org")
        #expect(identifier.hasSuffix("@gate.example.org>"))
    }

    // MARK: What is changed

    @Test func blindCopiesAreRemoved() throws {
        var section = try Self.section(
            "From: a@example.org\r\nBCC : b@example.net,\r\n c@example.net\r\nResent-bcc: d@example.net\r\nX-Bcc: e\r\n\r\n"
        )
        section.removeBlindCopies()
        #expect(section.octets == Array("From: a@example.org\r\nX-Bcc: e\r\n\r\n".utf8))
    }

    @Test func nothingIsSuppliedThatIsThere() throws {
        let text = "date: x\r\nFROM: a@example.org\r\nMessage-Id:\r\n <1@example.org>\r\n\r\n"
        var section = try Self.section(text)
        let identifier = try section.complete(
            sender: nil, date: MessageDate(seconds: 0), seed: MessageSeed(high: 1, low: 2))
        #expect(identifier == "<1@example.org>")
        #expect(section.octets == Array(text.utf8))
    }

    @Test(arguments: ["Subject: x\r\n\r\n", "Subject: x\r\n", "Subject: x"]) func missingFields(_ text: String) throws {
        var section = try Self.section(text)
        let identifier = try section.complete(
            sender: AddrSpec("ann@example.org"), date: MessageDate(seconds: 0), seed: MessageSeed(high: 1, low: 2))
        #expect(identifier == "<00000000000000010000000000000002@example.org>")
        let supplied =
            "Date: Thu, 1 Jan 1970 00:00:00 +0000\r\nFrom: <ann@example.org>\r\nMessage-ID: \(identifier)\r\n"
        let end = text.hasSuffix("\r\n\r\n") ? "\r\n" : ""
        #expect(String(decoding: section.octets, as: UTF8.self) == "Subject: x\r\n" + supplied + end)
    }

    @Test func theIdentifierIsOfTheAuthorsDomain() throws {
        var section = try Self.section("From: Ann <ann@example.org>\n\n")
        let identifier = try section.complete(
            sender: AddrSpec("bounces@example.com"), date: MessageDate(seconds: 0), seed: MessageSeed(high: 1, low: 2))
        #expect(identifier.hasSuffix("@example.org>"))
    }

    /// One rule: what says who sends the message stands once, and everything else passes as it is.
    @Test func repeatedFieldsPass() throws {
        let text =
            "From: a@b.c\r\nMessage-ID: <1>\r\nMessage-ID: <2>\r\nDate: x\r\nDate: y\r\nSubject: x\r\nSubject: y\r\nTo: a@b\r\nTo: c@d\r\n\r\n"
        var section = try Self.section(text)
        let identifier = try section.complete(
            sender: nil, date: MessageDate(seconds: 0), seed: MessageSeed(high: 1, low: 2))
        #expect(identifier == "<1>")
        #expect(String(decoding: section.octets, as: UTF8.self) == text)
    }

    @Test(arguments: ["From: a@b.c\nFrom: d@e.f\n\n", "From: a@b.c\nSender: a@b.c\nSender: d@e.f\n\n"])
    func repeatedFields(_ text: String) throws {
        var section = try Self.section(text)
        let error = #expect(throws: HeaderSectionError.self) {
            try section.complete(sender: nil, date: MessageDate(seconds: 0), seed: MessageSeed(high: 1, low: 2))
        }
        #expect(error?.reason == .repeatedField)
    }
}
