import Testing

@testable import SMTP

/// The rules of a pool, with exact times and no socket.
@Suite struct PoolMachineTests {
    private typealias Play = PoolMachinePlay

    /// A pool of one session that has taken a message and rests.
    private func resting(_ change: (inout SMTPPoolLimits) -> Void = { _ in }) -> PoolMachinePlay {
        var play = Play {
            $0.sessions = 1
            change(&$0)
        }
        _ = play.submit(0)
        _ = play.established()
        _ = play.carry(0)
        return play
    }

    // MARK: Waiting

    @Test func aMessageThatFindsNoSessionHasOneSetUp() {
        var play = Play()
        #expect(play.submit(1) == ["connect"])
        #expect(play.wait(5) == [])
        #expect(play.established() == ["open 1 on 0"])
        #expect(play.wait(3) == [])
        #expect(play.opened(0) == ["opened 1 after 5"])
        #expect(play.finishing(0) == [])
        #expect(play.finished(0) == [])
        #expect(play.ready(0) == [])
        // The next one takes the same session, whose server may have given it up since.
        #expect(play.submit(2) == ["open 2 on 0 in 5.0 seconds"])
        #expect(play.opened(0) == ["opened 2 after 0"])
        #expect(play.machine.figures.sessions == 1)
        #expect(play.machine.figures.idle == 0)
        #expect(play.machine.counts.messages == 2)
    }

    @Test func messagesAreServedInTheOrderOfTheirArrival() {
        var play = resting { $0.chainsTransactions = false }
        #expect(play.submit(1) == ["open 1 on 0 in 5.0 seconds"])
        for message in 2...4 { #expect(play.submit(message) == []) }
        for message in 2...4 { #expect(play.carry(0) == ["open \(message) on 0 in 5.0 seconds"]) }
        #expect(play.carry(0) == [])
        #expect(play.machine.figures.waiting == 0)
    }

    @Test func aFullQueueTurnsAway() {
        var play = Play { $0.queueLength = 2 }
        #expect(play.submit(1) == ["connect"])
        #expect(play.submit(2) == ["connect"])
        #expect(play.submit(3) == ["fail 3 queue_full"])
        #expect(play.machine.counts.turnedAway == 1)
    }

    @Test func aMessageWaitsUntilItsDeadline() {
        var play = Play { $0.sessions = 1 }
        #expect(play.submit(1) == ["connect"])
        #expect(play.wait(10_000) == [])
        #expect(play.submit(2) == [])
        #expect(play.wait(19_999) == [])
        #expect(play.wait(1) == ["fail 1 queue_timed_out"])
        #expect(play.wait(9_999) == [])
        #expect(play.wait(1) == ["fail 2 queue_timed_out"])
        #expect(play.machine.counts.expired == 2)
        #expect(play.established() == [])
    }

    /// It stands in front, with a later deadline than the one behind it.
    @Test func aSecondTryHasADeadlineOfItsOwn() {
        var play = resting()
        #expect(play.submit(1) == ["open 1 on 0 in 5.0 seconds"])
        #expect(play.wait(1) == [])
        #expect(play.submit(2) == [])
        #expect(play.wait(4_000) == [])
        #expect(play.openFailed(0, Play.lost) == [])
        #expect(play.closed(0) == [])
        #expect(play.wait(0) == ["connect"])
        #expect(play.wait(25_999) == [])
        #expect(play.wait(1) == ["fail 2 queue_timed_out"])
        #expect(play.wait(3_999) == [])
        #expect(play.wait(1) == ["fail 1 queue_timed_out"])
    }

    /// Thousands that a session cannot take are told so one by one, and count for nothing.
    @Test func aMessageThatIsRefusedBeforeItIsSentCountsForNothing() {
        var play = Play {
            $0.sessions = 1
            $0.messagesPerSession = 1
        }
        let error = SMTPError(.messageTooLarge, stage: .mail, detail: "too large")
        #expect(play.submit(1) == ["connect"])
        #expect(play.submit(2) == [])
        #expect(play.established() == ["open 1 on 0"])
        #expect(play.openFailed(0, error) == ["fail 1 message_too_large"])
        #expect(play.ready(0) == ["open 2 on 0"])
        #expect(play.openFailed(0, error) == ["fail 2 message_too_large"])
        #expect(play.ready(0) == [])
        #expect(play.machine.figures.idle == 1)
    }

    // MARK: Setting sessions up

    @Test func noMoreSessionsThanAreAllowed() {
        var play = Play { $0.sessions = 2 }
        #expect(play.submit(1) == ["connect"])
        #expect(play.submit(2) == ["connect"])
        #expect(play.submit(3) == [])
        #expect(play.established() == ["open 1 on 0"])
        #expect(play.established() == ["open 2 on 1"])
        #expect(play.carry(1) == ["open 3 on 1 in 5.0 seconds"])
    }

    @Test func afterAnAttemptThatFailedTheNextOneIsMadeInItsTime() {
        var play = Play { $0.sessions = 4 }
        #expect(play.submit(1) == ["connect"])
        #expect(play.established() == ["open 1 on 0"])
        #expect(play.submit(2) == ["connect"])
        #expect(play.wait(100) == [])
        #expect(play.attemptFailed(Play.refused(421, at: .greeting)) == [])
        #expect(play.submit(3) == [])
        #expect(play.wait(999) == [])
        #expect(play.wait(1) == ["connect", "connect"])
        #expect(play.machine.counts.failedConnections == 1)
    }

    @Test func ifNoConnectionCanBeMadeAllThatWaitAreTold() {
        var play = Play()
        #expect(play.submit(1) == ["connect"])
        #expect(play.submit(2) == ["connect"])
        #expect(play.attemptFailed(Play.lost) == [])
        #expect(play.attemptFailed(Play.lost) == ["fail 1 connection_lost", "fail 2 connection_lost"])
        // With nothing left, the next message makes an attempt at once.
        #expect(play.submit(3) == ["connect"])
    }

    @Test func aWarmUpIsAnsweredWhenItsSessionsAreThere() {
        var play = Play { $0.sessions = 2 }
        #expect(play.warmUp(1, sessions: 5) == ["connect", "connect"])
        #expect(play.established() == [])
        // One that is lost meanwhile is made up for.
        #expect(play.closed(0) == ["connect"])
        #expect(play.established() == [])
        #expect(play.established() == ["warmed up 1"])
        #expect(play.warmUp(2, sessions: 2) == ["warmed up 2"])
    }

    @Test func aWarmUpThatFailsSaysWhy() {
        var play = Play()
        #expect(play.warmUp(1, sessions: 2) == ["connect", "connect"])
        #expect(play.attemptFailed(Play.refused(554, at: .greeting)) == ["warmed up 1 refused 554"])
    }

    // MARK: Keeping sessions

    @Test func aSessionThatIsIdleForTooLongIsEnded() {
        var play = resting()
        #expect(play.wait(59_999) == [])
        #expect(play.wait(1) == ["quit 0"])
        #expect(play.machine.figures.sessions == 0)
        #expect(play.closed(0) == [])
        #expect(play.timer == nil)
    }

    @Test func theSessionThatWasUsedLastIsUsedNext() {
        var play = Play()
        _ = play.submit(1) + play.submit(2) + play.established() + play.established()
        _ = play.carry(1) + play.carry(0)
        #expect(play.submit(3) == ["open 3 on 0 in 5.0 seconds"])
        // The other one is ended in its time.
        #expect(play.wait(59_998) == [])
        #expect(play.wait(1) == ["quit 1"])
    }

    @Test func aSessionThatRestedIsProbedFirst() {
        var play = resting()
        #expect(play.wait(20_000) == [])
        #expect(play.submit(1) == ["open 1 on 0 in 5.0 seconds"])
        _ = play.carry(0)
        #expect(play.wait(20_001) == [])
        #expect(play.submit(2) == ["probe 0"])
        #expect(play.wait(7) == [])
        #expect(play.ready(0) == ["open 2 on 0 in 5.0 seconds"])
        #expect(play.opened(0) == ["opened 2 after 7"])
    }

    @Test func manyDeadSessionsCostOneProbe() {
        var play = Play { $0.sessions = 4 }
        _ = play.warmUp(1, sessions: 4)
        for _ in 0..<4 { _ = play.established() }
        #expect(play.wait(30_000) == [])
        #expect(play.submit(1) == ["probe 3"])
        #expect(play.closed(3) == ["quit 0", "quit 1", "quit 2"])
        #expect(play.wait(0) == ["connect"])
        #expect(play.machine.counts.replaced == 1)
        #expect(play.established() == ["open 1 on 4"])
    }

    @Test func anOldSessionIsRetiredAfterItsMessage() {
        var play = resting()
        for second in 0..<29 {
            #expect(play.wait(10_000) == [])
            #expect(play.submit(second) == ["open \(second) on 0 in 5.0 seconds"])
            #expect(play.carry(0) == [])
        }
        #expect(play.wait(9_970) == [])
        #expect(play.submit(30) == ["open 30 on 0 in 5.0 seconds"])
        #expect(play.carry(0) == ["quit 0"])
        #expect(play.machine.counts.retired == 1)
    }

    @Test(arguments: ["messages", "MAILMAX", "RCPTDOMAINMAX"])
    func aSessionTakesNoMoreMessagesThanIsAllowed(_ kind: String) {
        var play = Play {
            $0.sessions = 1
            if kind == "messages" { $0.messagesPerSession = 2 }
        }
        var bounds = Capabilities.Limits()
        if kind == "MAILMAX" { bounds.mailMaximum = 2 }
        if kind == "RCPTDOMAINMAX" { bounds.recipientDomainMaximum = 10 }
        _ = play.submit(1) + play.submit(2) + play.submit(3)
        #expect(play.established(bounds) == ["open 1 on 0"])
        if kind != "RCPTDOMAINMAX" { #expect(play.carry(0) == ["open 2 on 0 in 5.0 seconds"]) }
        #expect(play.carry(0) == ["quit 0"])
        // It holds no place while it ends.
        #expect(play.wait(0) == ["connect"])
        #expect(play.established(bounds).count == 1)
        #expect(play.closed(0) == [])
        #expect(play.machine.figures.sessions == 1)
    }

    // MARK: Second tries

    @Test(arguments: [
        Play.lost, Play.refused(421, at: .mail), SMTPError(.timedOut, stage: .mail, detail: "silent"),
        Play.refused(451, at: .mail), Play.refused(503, at: .mail), Play.refused(530, at: .mail),
        Play.refused(451, at: .data),
    ])
    func aMessageThatMeetsAStaleSessionIsSentOnAFreshOne(_ error: SMTPError) {
        var play = resting()
        #expect(play.submit(1) == ["open 1 on 0 in 5.0 seconds"])
        #expect(play.openFailed(0, error) == [])
        // If the session goes on, it makes room.
        if error.reply != nil, error.code != 421 {
            #expect(play.ready(0) == ["quit 0"])
        } else {
            #expect(play.closed(0) == [])
        }
        #expect(play.wait(0) == ["connect"])
        #expect(play.established() == ["open 1 on 1"])
        // There the reply is the message's own.
        #expect(play.openFailed(1, error).first?.hasPrefix("fail 1") == true)
        #expect(play.machine.counts.replaced == 1)
    }

    @Test(arguments: [Play.refused(550, at: .rcpt), Play.refused(550, at: .mail), Play.refused(450, at: .rcpt)])
    func aRefusalIsTheMessagesOwn(_ error: SMTPError) {
        var play = resting()
        #expect(play.submit(1) == ["open 1 on 0 in 5.0 seconds"])
        #expect(play.openFailed(0, error) == ["fail 1 refused \(error.code ?? 0)"])
        #expect(play.ready(0) == [])
        #expect(play.machine.figures.idle == 1)
    }

    /// A session that was lost without a word makes those suspect that rested as long, and no others.
    @Test func aLostSessionMakesThoseSuspectThatRestedAsLong() {
        var play = Play { $0.probeAfter = .seconds(600) }
        _ = play.submit(1) + play.submit(2) + play.submit(3)
        for _ in 0..<3 { _ = play.established() }
        for session in 0..<3 { _ = play.carry(session) + play.wait(10) }
        _ = play.submit(4) + play.submit(5)
        #expect(play.openFailed(1, Play.lost) == ["quit 0"])
        #expect(play.machine.figures.sessions == 2)
    }

    /// The fresh session gets a place even if others rest.
    @Test func aSessionThatRestsMakesRoomForAFreshOne() {
        var play = Play { $0.sessions = 2 }
        _ = play.submit(1) + play.submit(2) + play.established() + play.established()
        _ = play.carry(0) + play.carry(1)
        #expect(play.submit(3) == ["open 3 on 1 in 5.0 seconds"])
        #expect(play.openFailed(1, Play.refused(451, at: .mail)) == [])
        #expect(play.wait(0) == ["quit 0", "connect"])
        #expect(play.ready(1) == ["quit 1"])
        #expect(play.established() == ["open 3 on 2"])
    }

    /// A server that takes long over MAIL in a fresh session is not taken for one that has given up used ones.
    @Test func theSlownessOfAServerIsLearned() {
        var play = Play { $0.sessions = 1 }
        _ = play.submit(1) + play.established()
        #expect(play.wait(5_001) == [])
        _ = play.carry(0)
        #expect(play.submit(2) == ["open 2 on 0"])
        #expect(play.openFailed(0, SMTPError(.timedOut, stage: .mail, detail: "silent")) == ["fail 2 timed_out"])
    }

    // MARK: Chaining

    @Test func aMessageThatWaitsIsChained() {
        var play = resting()
        #expect(play.submit(1) == ["open 1 on 0 in 5.0 seconds"])
        #expect(play.submit(2) == [])
        #expect(play.opened(0) == ["opened 1 after 0"])
        #expect(play.wait(3) == [])
        #expect(play.finishing(0) == ["chained 2"])
        #expect(play.wait(2) == [])
        #expect(play.finished(0) == [])
        #expect(play.opened(0) == ["opened 2 after 3"])
        #expect(play.machine.counts.chained == 1)
        #expect(play.finishing(0) == [])
        #expect(play.finished(0) == [])
        #expect(play.ready(0) == [])
    }

    /// One message after the other is chained, and the session never rests.
    @Test func aSessionThatAlwaysChainsIsRetiredAsWell() {
        var play = resting()
        _ = play.submit(0)
        var last = 0
        for number in 1...40 {
            _ = play.opened(0)
            _ = play.wait(10_000)
            _ = play.submit(number)
            let chained = play.finishing(0)
            last = number
            guard chained == ["chained \(number)"] else { break }
            _ = play.wait(1)
            _ = play.finished(0)
        }
        #expect((2..<40).contains(last))
    }

    @Test func nothingIsChainedBeforeTheServerHasShownThatItIsPrompt() {
        var play = Play { $0.sessions = 1 }
        _ = play.submit(1) + play.submit(2) + play.established() + play.opened(0)
        #expect(play.finishing(0) == [])
        #expect(play.wait(251) == [])
        #expect(play.finished(0) == [])
        #expect(play.ready(0) == ["open 2 on 0 in 5.0 seconds"])
        #expect(play.submit(3) == [])
        _ = play.opened(0)
        // A quarter of the patience is the bound.
        #expect(play.finishing(0) == [])
    }

    @Test func aMessageWithManyRecipientsIsNotChained() {
        var play = resting()
        _ = play.submit(1) + play.submit(2, recipients: 101) + play.opened(0)
        #expect(play.finishing(0) == [])
        _ = play.finished(0)
        #expect(play.ready(0) == ["open 2 on 0 in 5.0 seconds"])
    }

    @Test(arguments: [Play.refused(503, at: .rcpt), Play.refused(554, at: .mail)])
    func aServerThatMishandlesItGetsPlainTransactions(_ error: SMTPError) {
        var play = resting()
        _ = play.submit(1) + play.submit(2) + play.submit(3) + play.opened(0)
        #expect(play.finishing(0) == ["chained 2"])
        _ = play.finished(0)
        #expect(play.openFailed(0, error) == [])
        #expect(play.ready(0) == ["open 2 on 0 in 5.0 seconds"])
        _ = play.opened(0)
        #expect(play.finishing(0) == [])
        _ = play.finished(0)
        #expect(play.ready(0) == ["open 3 on 0 in 5.0 seconds"])
    }

    /// MAIL may have been refused for where it stood.
    @Test func aChainedMessageWhoseSenderIsRefusedIsAskedAlone() {
        var play = resting()
        _ = play.submit(1) + play.submit(2) + play.opened(0) + play.finishing(0) + play.finished(0)
        #expect(play.openFailed(0, Play.refused(550, at: .mail)) == [])
        #expect(play.ready(0) == ["open 2 on 0 in 5.0 seconds"])
        #expect(play.openFailed(0, Play.refused(550, at: .mail)) == ["fail 2 refused 550"])
    }

    /// A reply that was received decides, whatever becomes of the second try.
    @Test func aRefusalOfAChainedMessageCountsIfTheSecondTryGetsNoReply() {
        var play = resting()
        _ = play.submit(1) + play.submit(2) + play.opened(0) + play.finishing(0) + play.finished(0)
        _ = play.openFailed(0, Play.refused(550, at: .mail))
        #expect(play.ready(0) == ["open 2 on 0 in 5.0 seconds"])
        let lost = SMTPError(.timedOut, stage: .rcpt, detail: "silent")
        #expect(play.openFailed(0, lost).first == "fail 2 refused 550")
    }

    @Test func aChainedMessageIsTakenBackAfterThePatience() {
        var play = resting { $0.sessions = 2 }
        _ = play.submit(1) + play.submit(9)
        _ = play.established()
        _ = play.submit(2) + play.opened(0)
        #expect(play.wait(500) == [])
        #expect(play.finishing(0) == ["chained 2"])
        #expect(play.wait(999) == [])
        #expect(play.wait(1) == ["take back on 0"])
        // It is sent alone on the next session that is free; the reply to the first still counts.
        _ = play.opened(1)
        #expect(play.finishing(1) == [])
        _ = play.finished(1)
        #expect(play.ready(1) == ["open 2 on 1 in 5.0 seconds"])
        #expect(play.finished(0) == [])
        #expect(play.closed(0) == [])
        #expect(play.opened(1) == ["opened 2 after 0"])
        #expect(play.machine.promptness.allowsChaining == false)
    }

    @Test func theSecondOfALostSessionIsSent() {
        var play = resting()
        _ = play.submit(1) + play.submit(2) + play.opened(0) + play.finishing(0)
        #expect(play.finished(0, isTaken: false, isReply: false) == [])
        #expect(play.openFailed(0, Play.lost) == [])
        #expect(play.closed(0) == [])
        #expect(play.wait(0) == ["connect"])
        #expect(play.established() == ["open 2 on 1"])
    }

    /// What became of the first is unknown; of the second only the envelope had gone out.
    @Test func theSecondDoesNotTakeTheErrorOfTheFirst() {
        let unknown = SMTPError(.connectionLost, stage: .content, outcome: .unknown, detail: "lost")
        var play = resting()
        _ = play.submit(1) + play.submit(2) + play.opened(0)
        #expect(play.finishing(0) == ["chained 2"])
        #expect(play.closed(0, unknown) == [])
        #expect(play.wait(0) == ["connect"])
        #expect(play.established() == ["open 2 on 1"])
    }

    // MARK: Promptness

    @Test func messagesWaitForTheBusySessionsOfAPromptServer() {
        var play = resting {
            $0.sessions = 3
            $0.promptSessions = 1
        }
        #expect(play.submit(1) == ["open 1 on 0 in 5.0 seconds"])
        #expect(play.submit(2) == [])
        #expect(play.wait(9) == [])
        #expect(play.submit(3) == [])
        // It has fallen silent.
        #expect(play.wait(1) == ["connect", "connect"])
        #expect(play.machine.promptness.isPrompt == false)
    }

    /// Those that are open for as long as their writers, or their records, take.
    @Test func messagesDoNotWaitForSessionsThatAwaitTheirContent() {
        var play = resting {
            $0.sessions = 3
            $0.promptSessions = 1
        }
        #expect(play.submit(1) == ["open 1 on 0 in 5.0 seconds"])
        #expect(play.submit(2) == [])
        #expect(play.opened(0) == ["opened 1 after 0"])
        #expect(play.contentDelayed(0) == ["connect"])
        #expect(play.established() == ["open 2 on 1"])
        // Now one waits for the server, and one for its content.
        #expect(play.submit(3) == [])
        #expect(play.finishing(0) == ["chained 3"])
        #expect(play.finished(0) == [])
        #expect(play.opened(0) == ["opened 3 after 0"])
        #expect(play.machine.awaitingContent == 0)
    }

    @Test(arguments: [false, true]) func aSessionThatEndsAwaitsNoContent(_ isClosed: Bool) {
        var play = resting {
            $0.sessions = 3
            $0.promptSessions = 1
        }
        _ = play.submit(1) + play.opened(0) + play.contentDelayed(0)
        #expect(play.machine.awaitingContent == 1)
        #expect(isClosed ? play.closed(0) == [] : play.ready(0) == [])
        #expect(play.machine.awaitingContent == 0)
    }

    // MARK: Shutdown

    @Test func anOpenMessageIsFinishedBeforeTheEnd() {
        var play = resting { $0.sessions = 2 }
        _ = play.submit(1) + play.submit(2) + play.opened(0)
        #expect(play.shutdown(grace: 30_000) == ["fail 2 shut_down", "abandon attempts"])
        #expect(play.submit(3) == ["fail 3 shut_down"])
        #expect(play.attemptFailed(Play.lost) == [])
        #expect(play.machine.counts.failedConnections == 0)
        #expect(play.finishing(0) == [])
        #expect(play.finished(0) == [])
        #expect(play.ready(0) == ["quit 0"])
        #expect(play.closed(0) == ["shut down"])
        #expect(play.timer == nil)
        // A second call has the same end.
        #expect(play.shutdown(grace: 1) == ["shut down"])
    }

    @Test func afterTheGraceAllConnectionsAreClosed() {
        var play = resting { $0.sessions = 2 }
        _ = play.submit(1) + play.submit(2) + play.established() + play.opened(0)
        #expect(play.shutdown(grace: 1_000) == [])
        #expect(play.wait(999) == [])
        #expect(play.wait(1) == ["close 0", "close 1"])
        #expect(play.closed(0) == [])
        #expect(play.closed(1) == ["fail 2 connection_lost", "shut down"])
    }

    @Test func sessionsThatRestAreEndedAtOnce() {
        var play = resting()
        _ = play.warmUp(1, sessions: 1)
        #expect(play.shutdown(grace: 1_000) == ["quit 0"])
        #expect(play.warmUp(2, sessions: 1) == ["warmed up 2 shut_down"])
        #expect(play.closed(0) == ["shut down"])
    }

    /// A probed session is in nobody's use: it ends when it has answered.
    @Test func aProbedSessionEndsWhenItHasAnswered() {
        var play = resting()
        #expect(play.wait(30_000) == [])
        #expect(play.submit(1) == ["probe 0"])
        #expect(play.shutdown(grace: 1_000) == ["fail 1 shut_down"])
        #expect(play.ready(0) == ["quit 0"])
        #expect(play.closed(0) == ["shut down"])
    }

    // MARK: What does not fit

    @Test func whatDoesNotFitASessionsStateChangesNothing() {
        var play = resting()
        #expect(play.ready(0) == [])
        #expect(play.opened(0) == ["none"])
        #expect(play.openFailed(0, Play.lost) == [])
        #expect(play.finished(0) == [])
        #expect(play.machine.figures.idle == 1)
        #expect(play.submit(1) == ["open 1 on 0 in 5.0 seconds"])
        #expect(play.ready(0) == [])
        #expect(play.opened(0) == ["opened 1 after 0"])
        #expect(play.closed(0) == [])
        // Its place is another one's.
        #expect(play.submit(2) == ["connect"])
        #expect(play.established() == ["open 2 on 1"])
        #expect(play.closed(0) == [])
        #expect(play.opened(1) == ["opened 2 after 0"])
    }
}
