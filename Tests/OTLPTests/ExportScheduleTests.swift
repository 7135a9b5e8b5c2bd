import Testing

@testable import OTLP

@Suite struct ExportScheduleTests {
    /// A schedule whose calls may stand in an expectation.
    final class Schedule {
        private var value: ExportSchedule

        init(_ limits: ScheduleLimits = ScheduleLimits()) { value = ExportSchedule(limits) }

        var wakeTime: Duration? { value.wakeTime }
        func spansWait(_ count: Int, at seconds: Double) -> ExportSchedule.Action {
            value.spansWait(count, at: .seconds(seconds))
        }
        func flush(waiting: Int, at seconds: Double) -> ExportSchedule.Action {
            value.flush(waiting: waiting, at: .seconds(seconds))
        }
        func wake(waiting: Int = 1, at seconds: Double) -> ExportSchedule.Action {
            value.wake(waiting: waiting, at: .seconds(seconds))
        }
        func succeeded(waiting: Int = 0, at seconds: Double) -> ExportSchedule.Action {
            value.succeeded(waiting: waiting, at: .seconds(seconds))
        }
        func failed(
            _ failure: ExportSchedule.Failure = .temporary(retryAfter: nil), waiting: Int = 0, jitter: Double = 0,
            at seconds: Double
        ) -> (isGivenUp: Bool, ExportSchedule.Action) {
            value.failed(failure, waiting: waiting, jitter: jitter, at: .seconds(seconds))
        }
        func shutdown(by time: Double, waiting: Int = 0, at seconds: Double) -> ExportSchedule.Action {
            value.shutdown(by: .seconds(time), waiting: waiting, at: .seconds(seconds))
        }
    }

    let schedule = Schedule()

    /// Sends the first batch at the time 0.
    private func send() {
        #expect(schedule.spansWait(512, at: 0) == .sendNext)
    }

    @Test func spansWaitForOthers() {
        #expect(schedule.wakeTime == nil)
        #expect(schedule.spansWait(1, at: 10) == .wait)
        #expect(schedule.wakeTime == .seconds(15))
        #expect(schedule.spansWait(2, at: 12) == .wait)
        #expect(schedule.wakeTime == .seconds(15))
        #expect(schedule.wake(at: 14) == .wait)
        #expect(schedule.wake(at: 15) == .sendNext)
        #expect(schedule.wakeTime == nil)
    }

    @Test func aFullBatchGoesAtOnce() {
        #expect(schedule.spansWait(1, at: 0) == .wait)
        #expect(schedule.spansWait(511, at: 1) == .wait)
        #expect(schedule.spansWait(512, at: 2) == .sendNext)
    }

    @Test func thereIsOneRequestAtATime() {
        send()
        #expect(schedule.spansWait(600, at: 1) == .wait)
        #expect(schedule.flush(waiting: 600, at: 1) == .wait)
        #expect(schedule.wake(at: 1) == .wait)
        #expect(schedule.succeeded(waiting: 600, at: 2) == .sendNext)
        #expect(schedule.succeeded(waiting: 88, at: 3) == .wait)
        #expect(schedule.wakeTime == .seconds(8))
        #expect(schedule.wake(at: 8) == .sendNext)
        #expect(schedule.succeeded(at: 9) == .wait)
        #expect(schedule.wakeTime == nil)
    }

    @Test func aFlushDoesNotWait() {
        #expect(schedule.flush(waiting: 0, at: 0) == .wait)
        #expect(schedule.flush(waiting: 1, at: 0) == .sendNext)
        #expect(schedule.succeeded(waiting: 1, at: 1) == .wait)
        #expect(schedule.flush(waiting: 1, at: 2) == .sendNext)
    }

    @Test func withoutADelayNothingWaits() {
        var limits = ScheduleLimits()
        limits.delay = .zero
        let schedule = Schedule(limits)
        #expect(schedule.spansWait(1, at: 0) == .sendNext)
        #expect(schedule.succeeded(waiting: 1, at: 1) == .sendNext)
    }

    @Test func pausesGrowAndTheBatchIsGivenUpInTheEnd() {
        send()
        var time = 0.0
        for pause in [1.0, 2, 4, 8, 16, 30, 30] {
            #expect(schedule.failed(at: time) == (false, .wait))
            time += pause
            #expect(schedule.wakeTime == .seconds(time))
            #expect(schedule.wake(at: time - 0.1) == .wait)
            #expect(schedule.wake(at: time) == .sendAgain)
        }
        // The eighth attempt was the last one. The next batch has to wait all the same.
        #expect(schedule.failed(waiting: 2048, at: time) == (true, .wait))
        #expect(schedule.spansWait(2048, at: time) == .wait)
        #expect(schedule.wakeTime == .seconds(time + 30))
        #expect(schedule.wake(waiting: 2048, at: time + 30) == .sendNext)
        #expect(schedule.failed(at: time + 30) == (false, .wait))
        #expect(schedule.wakeTime == .seconds(time + 60))
    }

    @Test func aBatchIsGivenUpAfterALongTime() {
        var limits = ScheduleLimits()
        limits.exportTimeout = .seconds(1)
        let schedule = Schedule(limits)
        #expect(schedule.spansWait(512, at: 0) == .sendNext)
        #expect(schedule.failed(at: 1) == (false, .wait))
        #expect(schedule.wake(at: 2) == .sendAgain)
        #expect(schedule.failed(at: 5.9) == (false, .wait))
        #expect(schedule.wake(at: 7.9) == .sendAgain)
        #expect(schedule.failed(at: 7.95) == (true, .wait))
    }

    @Test func jitterShortensAPauseByHalfAtMost() {
        send()
        #expect(schedule.failed(jitter: 1, at: 0) == (false, .wait))
        #expect(schedule.wakeTime == .seconds(0.5))
        #expect(schedule.wake(at: 0.5) == .sendAgain)
        #expect(schedule.failed(jitter: 7, at: 1) == (false, .wait))
        #expect(schedule.wakeTime == .seconds(2))
    }

    @Test func aLongerPauseOfTheCollectorIsObeyed() {
        send()
        #expect(schedule.failed(.temporary(retryAfter: .seconds(17)), at: 0) == (false, .wait))
        #expect(schedule.wakeTime == .seconds(17))
        #expect(schedule.wake(at: 17) == .sendAgain)
        // A shorter one does not shorten the pause.
        #expect(schedule.failed(.temporary(retryAfter: .zero), at: 20) == (false, .wait))
        #expect(schedule.wakeTime == .seconds(22))
        #expect(schedule.wake(at: 22) == .sendAgain)
        // A batch does not live as long as that.
        #expect(schedule.failed(.temporary(retryAfter: .seconds(86_400)), at: 22) == (true, .wait))
        #expect(schedule.wakeTime == .seconds(322))
        #expect(schedule.wake(waiting: 0, at: 322) == .wait)
        #expect(schedule.wakeTime == nil)
    }

    @Test func aSuccessEndsTheGrowthOfPauses() {
        send()
        for time in [0.0, 10, 20] {
            #expect(schedule.failed(at: time) == (false, .wait))
            #expect(schedule.wake(at: time + 10) == .sendAgain)
        }
        #expect(schedule.succeeded(waiting: 512, at: 30) == .sendNext)
        #expect(schedule.failed(at: 31) == (false, .wait))
        #expect(schedule.wakeTime == .seconds(32))
    }

    @Test func aBatchThatIsNotWantedIsGivenUpAtOnce() {
        send()
        #expect(schedule.failed(.permanent, waiting: 0, at: 1) == (true, .wait))
        #expect(schedule.wakeTime == nil)
        #expect(schedule.spansWait(512, at: 2) == .sendNext)
        #expect(schedule.failed(.permanent, waiting: 1, at: 3) == (true, .wait))
        #expect(schedule.wakeTime == .seconds(8))
        #expect(schedule.wake(at: 8) == .sendNext)
        #expect(schedule.failed(.permanent, waiting: 700, at: 9) == (true, .sendNext))
    }

    @Test func aShutdownSendsWhatWaits() {
        #expect(schedule.spansWait(1, at: 0) == .wait)
        #expect(schedule.shutdown(by: 10, waiting: 600, at: 1) == .sendNext)
        #expect(schedule.wakeTime == .seconds(10))
        #expect(schedule.succeeded(waiting: 88, at: 2) == .sendNext)
        #expect(schedule.succeeded(waiting: 0, at: 3) == .finish)
        #expect(schedule.wakeTime == nil)
        #expect(schedule.spansWait(1, at: 4) == .wait)
        #expect(schedule.wake(at: 11) == .wait)
        #expect(schedule.shutdown(by: 20, waiting: 0, at: 12) == .wait)
    }

    @Test func aShutdownWithNothingToSendEndsAtOnce() {
        #expect(schedule.shutdown(by: 10, at: 1) == .finish)
    }

    @Test func aShutdownEndsInTime() {
        send()
        #expect(schedule.shutdown(by: 10, waiting: 3, at: 1) == .wait)
        #expect(schedule.wake(at: 9.9) == .wait)
        #expect(schedule.wake(at: 10) == .finish)
        #expect(schedule.succeeded(waiting: 3, at: 11) == .wait)
        #expect(schedule.failed(at: 11) == (false, .wait))
    }

    @Test func aShutdownWithoutTimeEndsAtOnce() {
        send()
        #expect(schedule.shutdown(by: 1, waiting: 3, at: 1) == .finish)
    }

    @Test func aSecondShutdownMayEndItSooner() {
        send()
        #expect(schedule.shutdown(by: 30, at: 1) == .wait)
        #expect(schedule.shutdown(by: 40, at: 2) == .wait)
        #expect(schedule.wakeTime == .seconds(30))
        #expect(schedule.shutdown(by: 5, at: 2) == .wait)
        #expect(schedule.wakeTime == .seconds(5))
    }

    @Test func aShutdownEndsAPause() {
        send()
        #expect(schedule.failed(.temporary(retryAfter: .seconds(100)), at: 0) == (false, .wait))
        #expect(schedule.shutdown(by: 10, waiting: 0, at: 1) == .sendAgain)
        #expect(schedule.failed(at: 2) == (false, .wait))
        #expect(schedule.wakeTime == .seconds(4))
        #expect(schedule.wake(at: 4) == .sendAgain)
        // The next pause would be over after the deadline.
        #expect(schedule.failed(at: 6.5) == (true, .finish))
    }

    @Test func aShutdownEndsTheRestAfterABatchWasGivenUp() {
        send()
        #expect(schedule.failed(.temporary(retryAfter: .seconds(300)), at: 0) == (true, .wait))
        #expect(schedule.shutdown(by: 10, waiting: 4, at: 1) == .sendNext)
        #expect(schedule.failed(.permanent, waiting: 0, at: 2) == (true, .finish))
    }
}
