import MailAddress
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import SMTP

/// Events in states that they do not fit: each one is thrown, answered or of no effect, and what is known of the message
/// under way stays as it is.
@Suite(.timeLimit(.minutes(1))) struct ConversationStateTests {
    /// A conversation in a state, reached on the way that leads there.
    private func play(in state: ConversationState.Name) throws -> Play {
        var play: Play
        switch state {
        case .settingUp:
            play = try Play()
            _ = play.server("220 hello\r\n")
        case .handshake:
            play = try Play(security: .required)
            _ = play.server("220 hello\r\n")
            _ = play.server("250-server\r\n250 STARTTLS\r\n")
            _ = play.server("220 go\r\n")
        case .ready: play = try Play.ready()
        case .probing:
            play = try Play.ready()
            play.conversation.probe()
        case .deferred:
            play = try Play.ready("250-PIPELINING\r\n250 CHUNKING\r\n")
            _ = try play.openDeferred()
        case .envelope:
            play = try Play.ready()
            _ = try play.open()
        case .content:
            play = try self.play(in: .envelope)
            _ = play.server("250 ok\r\n250 ok\r\n354 go\r\n")
        case .finalReply:
            play = try self.play(in: .content)
            _ = play.finish("x\r\n.\r\n")
        case .resetting:
            play = try self.play(in: .envelope)
            _ = play.server("250 ok\r\n550 no\r\n554 nobody\r\n")
        case .quitting:
            play = try Play.ready()
            play.conversation.quit()
        case .closed:
            play = try Play.ready()
            _ = play.closed()
        }
        _ = play.drain()
        #expect(play.conversation.state.name == state)
        return play
    }

    private static let states: [ConversationState.Name] = [
        .settingUp, .handshake, .ready, .probing, .deferred, .envelope, .content, .finalReply, .resetting, .quitting,
        .closed,
    ]

    /// What follows in the state if nothing else happens.
    private func goOn(_ play: inout Play, from state: ConversationState.Name) -> [String] {
        switch state {
        case .settingUp: return play.server("250 server\r\n")
        case .handshake:
            play.conversation.tlsEstablished()
            return play.drain()
        case .ready, .closed: return []
        case .probing: return play.server("250 ok\r\n")
        case .deferred: return play.finish("x\r\n")
        case .envelope: return play.server("250 ok\r\n250 ok\r\n354 go\r\n")
        case .content: return play.finish("x\r\n.\r\n")
        case .finalReply: return play.server("250 queued\r\n")
        case .resetting: return play.server("250 ok\r\n")
        case .quitting: return play.server("221 bye\r\n")
        }
    }

    private func expectation(from state: ConversationState.Name) -> [String] {
        switch state {
        case .settingUp, .probing, .resetting: ["ready"]
        case .handshake: ["> EHLO client.example.org|"]
        case .ready, .closed: []
        case .deferred: ["> MAIL FROM:<a@example.org>|RCPT TO:<b@example.net>|BDAT 3 LAST|x|"]
        case .envelope: ["opened"]
        case .content: ["> x|.|"]
        case .finalReply: ["finished 250"]
        case .quitting: ["close"]
        }
    }

    /// A call that does not fit is an error to its caller, and no action: an action would speak of the message under way.
    @Test(arguments: states) func aCallThatDoesNotFitIsThrown(_ state: ConversationState.Name) throws {
        var play = try play(in: state)
        if state != .ready {
            #expect(try play.open() == ["thrown invalid_use mail not_sent"])
            #expect(try play.openDeferred() == ["thrown invalid_use mail not_sent"])
        }
        if state != .content && state != .deferred {
            #expect(play.write("x\r\n") == ["thrown invalid_use content not_sent"])
            #expect(play.finish("x\r\n.\r\n") == ["thrown invalid_use content not_sent"])
        }
        #expect(play.conversation.state.name == state)
        #expect(goOn(&play, from: state) == expectation(from: state))
    }

    /// What was asked of the owner may come when the session has gone on, or ended: nobody waits for it.
    @Test(arguments: states) func whatComesTooLateChangesNothing(_ state: ConversationState.Name) throws {
        var play = try play(in: state)
        play.conversation.tokenArrived("token")
        play.conversation.tokenFailed("none", isTemporary: false)
        play.conversation.derived()
        play.conversation.takeBackChained()
        if state != .handshake { play.conversation.tlsEstablished() }
        if state != .ready { play.conversation.probe() }
        if state != .deferred && state != .content { play.conversation.abandonContent() }
        #expect(play.drain() == [])
        #expect(play.conversation.state.name == state)
        #expect(goOn(&play, from: state) == expectation(from: state))
    }

    /// The end comes once, whatever ends the session.
    @Test(arguments: states) func theEndComesOnce(_ state: ConversationState.Name) throws {
        var play = try play(in: state)
        let end = play.closed()
        if state == .closed {
            #expect(end == [])
        } else {
            #expect(end.count { $0.hasPrefix("close") } == 1)
            #expect(end.last?.hasPrefix("close") == true)
        }
        let isWaitedFor = [.deferred, .envelope, .content, .finalReply].contains(state)
        #expect(end.count { $0.hasPrefix("failed") } == (isWaitedFor ? 1 : 0))
        play.conversation.quit()
        play.conversation.tlsFailed(.wrongHost("server"))
        #expect(play.drain() + play.closed() + play.deadline() + play.server("421 bye\r\n") == [])
    }

    /// Only what is under way can be ended by QUIT; the rest of it is an end without one.
    @Test(arguments: states) func quitFitsASessionAtRest(_ state: ConversationState.Name) throws {
        var play = try play(in: state)
        play.conversation.quit()
        let actions = play.drain()
        switch state {
        case .ready, .probing: #expect(actions == ["> QUIT|"])
        case .quitting, .closed: #expect(actions == [])
        default: #expect(actions.last?.hasPrefix("close shut_down") == true)
        }
        play.conversation.quit()
        #expect(play.drain() == [])
    }

    /// It is sent on another session: here nothing more is said of it, however this one ends.
    @Test func aChainedMessageThatIsTakenBackIsToldNothing() throws {
        let next = try Envelope(from: "c@example.org", to: ["d@example.net"])
        for (reply, first) in [
            ("250 queued\r\n", "finished 250"), ("554 spam\r\n", "failed refused content 554 not_sent"),
            ("421 bye\r\n", "failed refused content 421 not_sent"), ("", "failed connection_lost content unknown"),
        ] {
            var play = try play(in: .content)
            try play.conversation.finishContent(ByteBuffer(string: "x\r\n.\r\n"), followedBy: next)
            play.conversation.takeBackChained()
            _ = play.drain()
            let actions = play.server(reply) + play.closed()
            #expect(actions.first == first)
            #expect(actions.count { $0.hasPrefix("failed") || $0.hasPrefix("finished") } == 1)
            #expect(actions.last?.hasPrefix("close") == true)
        }
    }

    /// Once its turn has come it is answered like any other.
    @Test func aMessageWhoseTurnHasComeIsNotTakenBack() throws {
        let next = try Envelope(from: "c@example.org", to: ["d@example.net"])
        var play = try play(in: .content)
        try play.conversation.finishContent(ByteBuffer(string: "x\r\n.\r\n"), followedBy: next)
        _ = play.drain()
        #expect(play.server("250 queued\r\n") == ["finished 250"])
        play.conversation.takeBackChained()
        #expect(play.server("250 ok\r\n250 ok\r\n354 go\r\n") == ["opened"])
    }

    // MARK: Over a socket

    /// Ends its session when it is asked what may follow a message.
    private final class Ending: SessionOwner {
        weak var connection: Connection?

        func sessionBecameReady(_ session: SessionID) {}

        func sessionFinishes(_ session: SessionID) -> ChainedEnvelope? {
            connection?.close("ended by its owner", reason: .shutDown)
            return nil
        }

        func sessionFinished(_ session: SessionID, isTaken: Bool, isReply: Bool) {}

        func sessionClosed(_ session: SessionID, error: SMTPError) {}
    }

    /// The session may end while its owner is asked for the next message. The writer is told.
    @Test func aSessionThatEndsAtTheEndOfItsMessage() async throws {
        let relay = try await ScriptedRelay.start([
            .send("220 relay\r\n"), .expect("EHLO client.example.org\r\n"), .send("250-relay\r\n250 PIPELINING\r\n"),
            .expect("MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n"),
            .send("250 ok\r\n250 ok\r\n354 go\r\n"),
        ])
        let identity = try #require(ClientDomain("client.example.org"))
        let session = try await SMTPSession.connect(
            SMTPConfiguration(host: "127.0.0.1", port: relay.port, identity: identity))
        let message = try await session.open(
            Envelope(from: "a@example.org", to: ["b@example.net"]), generatesFields: false)
        let owner = NIOLoopBoundBox.makeBoxSendingValue(Ending?.none, eventLoop: session.eventLoop)
        session.onEventLoop { connection in
            let ending = Ending()
            ending.connection = connection
            connection.owner = ending
            owner.value = ending
        }
        do {
            _ = try await message.finish()
            Issue.record("the session had ended")
        } catch {
            #expect(error.reason == .shutDown)
            #expect(error.outcome == .notSent)
        }
        #expect(relay.complaints == [])
        await relay.stop()
    }
}
