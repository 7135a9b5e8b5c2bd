import SMTP
import Testing

/// Envelopes are the same when all that they say is, whoever made them.
@Suite struct EnvelopeTests {
    private static func envelope(_ from: String = "a@b.example", _ to: [String] = ["c@d.example"]) throws -> Envelope {
        try Envelope(from: from, to: to)
    }

    @Test func thoseThatSayTheSameAreEqual() throws {
        let (one, other) = (try Self.envelope(), try Self.envelope())
        #expect(one == other)
        #expect(one.hashValue == other.hashValue)
        var copy = one
        copy.size = 7
        #expect(copy != one)
        copy.size = nil
        #expect(copy == other)
    }

    @Test func eachPartCounts() throws {
        var others = [
            try Self.envelope(""), try Self.envelope("x@b.example"), try Self.envelope("a@b.example", ["x@d.example"]),
            try Self.envelope("a@b.example", ["c@d.example", "x@d.example"]),
        ]
        for change: (inout Envelope) -> Void in [
            { $0.recipientPolicy = .all }, { $0.maySplit = true }, { $0.size = 1 }, { $0.needsSMTPUTF8 = true },
            { $0.extensions = MailExtensions() },
        ] {
            var envelope = try Self.envelope()
            change(&envelope)
            others.append(envelope)
        }
        others.append(try Self.envelope())
        for (index, one) in others.enumerated() {
            for (place, other) in others.enumerated() { #expect((one == other) == (index == place)) }
        }
    }

    /// What some addresses need is no matter of a part without them; what the header section needs is.
    @Test func aPartNeedsSMTPUTF8ForItself() throws {
        var envelope = try Self.envelope("a@b.example", ["ü@d.example", "c@d.example"])
        #expect(envelope.needsSMTPUTF8)
        #expect(try envelope.for([envelope.recipients[0]]).needsSMTPUTF8)
        #expect(try !envelope.for([envelope.recipients[1]]).needsSMTPUTF8)
        envelope.needsSMTPUTF8 = true
        #expect(try envelope.for([envelope.recipients[1]]).needsSMTPUTF8)
    }
}
