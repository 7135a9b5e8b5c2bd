import MailAddress
import NIOCore
import Testing

@testable import SMTP

/// Recipients that do not fit into one transaction (RFC 5321, section 4.5.3.1.10; RFC 9422).
@Suite struct RecipientLimitTests {
    private static let limits = "250-PIPELINING\r\n250 LIMITS RCPTMAX=2 MAILMAX=10\r\n"

    private func envelope(_ recipients: String..., splits: Bool = true) throws -> Envelope {
        var envelope = try Envelope(from: "a@example.org", to: recipients)
        envelope.maySplit = splits
        return envelope
    }

    @Test func noMoreAreNamedThanTheServerTakes() throws {
        var play = try Play.ready(Self.limits)
        try play.conversation.open(try envelope("b@example.net", "c@example.net", "d@example.net"))
        #expect(
            play.drain() == ["> MAIL FROM:<a@example.org>|RCPT TO:<b@example.net>|RCPT TO:<c@example.net>|DATA|"])
        #expect(play.server("250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n") == ["opened remaining d@example.net"])
        _ = play.finish("x\r\n.\r\n")
        #expect(play.server("250 queued\r\n") == ["finished 250 remaining d@example.net"])
    }

    @Test func tooManyAreAnErrorWhereTheyMayNotBeSplit() throws {
        var play = try Play.ready(Self.limits)
        try play.conversation.open(try envelope("b@example.net", "c@example.net", "d@example.net", splits: false))
        #expect(play.drain() == ["failed unsupported rcpt not_sent"])
        try play.conversation.open(try envelope("b@example.net", "c@example.net", splits: false))
        #expect(play.drain().count == 1)
    }

    @Test func tooManyRecipientsBesideOthersIsNoRefusal() throws {
        for code in [452, 552] {
            var play = try Play.ready()
            try play.conversation.open(try envelope("b@example.net", "c@example.net", "d@example.net"))
            _ = play.drain()
            #expect(
                play.server(
                    "250 ok\r\n250 ok\r\n550 no\r\n\(code) 5.5.3 too many\r\n354 go\r\n".replacing("5.5.3 ", with: ""))
                    == ["opened c@example.net=550 remaining d@example.net"])
        }
    }

    @Test func whereNobodyIsTakenItIsOne() throws {
        var play = try Play.ready()
        try play.conversation.open(try envelope("b@example.net", "c@example.net"))
        _ = play.drain()
        #expect(
            play.server("250 ok\r\n452 full\r\n452 full\r\n554 nobody\r\n") == [
                "refused refused rcpt 452 not_sent", "> RSET|",
            ])
        #expect(play.server("250 ok\r\n") == ["ready"])
    }

    @Test func withoutLeaveToSplitItIsARejection() throws {
        var play = try Play.ready()
        try play.conversation.open(try envelope("b@example.net", "c@example.net", splits: false))
        _ = play.drain()
        #expect(play.server("250 ok\r\n250 ok\r\n452 full\r\n354 go\r\n") == ["opened c@example.net=452"])
    }

    @Test func domainsAreCounted() throws {
        var play = try Play.ready("250-PIPELINING\r\n250 LIMITS RCPTDOMAINMAX=1\r\n")
        try play.conversation.open(try envelope("b@example.net", "c@EXAMPLE.net", "d@example.com", "e@example.net"))
        #expect(
            play.drain() == ["> MAIL FROM:<a@example.org>|RCPT TO:<b@example.net>|RCPT TO:<c@EXAMPLE.net>|DATA|"])
        #expect(
            play.server("250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n")
                == ["opened remaining d@example.com,e@example.net"])
    }
}
