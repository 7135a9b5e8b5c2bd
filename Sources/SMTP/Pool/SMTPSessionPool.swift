public import NIOCore
internal import Synchronization

/// Sessions with one server that are kept and used again.
///
/// Messages wait in the order of their arrival; waiting costs no thread. A session that the server ended while it was
/// idle is replaced silently as long as nothing but the envelope has gone out. Each event loop owns a share of the
/// sessions, and nothing is locked between them.
public final class SMTPSessionPool: Sendable {
    /// What a pool is doing.
    public struct Figures: Hashable, Sendable {
        /// Sessions that are set up, in use or not.
        public internal(set) var sessions = 0
        /// Sessions that wait for a message.
        public internal(set) var idle = 0
        /// Sessions that are being set up.
        public internal(set) var connecting = 0
        /// Messages that wait for a session.
        public internal(set) var waiting = 0
        /// What has happened so far.
        public internal(set) var counts = Counts()
    }

    /// What has happened in a pool since it was made.
    public struct Counts: Hashable, Sendable {
        /// Messages that asked for a session.
        public internal(set) var messages = 0
        /// Sessions that were set up.
        public internal(set) var connected = 0
        /// Sessions that could not be set up.
        public internal(set) var failedConnections = 0
        /// Sessions that were ended for their age or the number of their messages.
        public internal(set) var retired = 0
        /// Times that a message was moved to another session, because the server had given up the first one.
        public internal(set) var replaced = 0
        /// Messages whose envelope went out behind the content of another.
        public internal(set) var chained = 0
        /// Messages that waited for a session until their deadline.
        public internal(set) var expired = 0
        /// Messages that found the queue full.
        public internal(set) var turnedAway = 0

        static func + (left: Counts, right: Counts) -> Counts {
            var sum = Counts()
            sum.messages = left.messages + right.messages
            sum.connected = left.connected + right.connected
            sum.failedConnections = left.failedConnections + right.failedConnections
            sum.retired = left.retired + right.retired
            sum.replaced = left.replaced + right.replaced
            sum.chained = left.chained + right.chained
            sum.expired = left.expired + right.expired
            sum.turnedAway = left.turnedAway + right.turnedAway
            return sum
        }
    }

    private let shares: [NIOLoopBoundBox<PoolShare>]
    private let next = Atomic<Int>(0)

    /// A pool on one or more event loops. No session is opened before it is needed.
    ///
    /// - Parameters:
    ///   - configuration: how sessions are set up.
    ///   - limits: the bounds; sessions and queue are divided among the loops, each of which gets one session at least.
    ///   - eventLoops: the loops, one at least.
    ///   - observer: who is told about sessions, or nil.
    public init(
        _ configuration: SMTPConfiguration, limits: SMTPPoolLimits = .init(), on eventLoops: [any EventLoop],
        observer: (any SMTPPoolObserver)? = nil
    ) {
        let count = eventLoops.count
        shares = eventLoops.enumerated().map { index, eventLoop in
            var share = limits
            share.sessions = max(1, (limits.sessions + count - 1 - index) / count)
            share.queueLength = max(1, limits.queueLength / count)
            return NIOLoopBoundBox.makeBoxSendingValue(
                PoolShare(configuration, limits: share, eventLoop: eventLoop, observer: observer), eventLoop: eventLoop)
        }
    }

    /// Opens a message on a session of the pool, as ``SMTPSession/open(_:generatesFields:mayDefer:)`` does. When the writer is
    /// closed, the session is free for the next message.
    ///
    /// - Parameters:
    ///   - envelope: who it is from and whom it goes to.
    ///   - generatesFields: whether `From:` and `Date:` are supplied where the text does not bring its own.
    ///   - eventLoop: the loop whose sessions are used, one of the pool's; nil for any.
    /// - Throws: ``SMTPError``; with the reasons `queueTimedOut` and `queueFull` where no session became free, which
    ///   also bounds the wait of a cancelled task.
    public func open(
        _ envelope: Envelope, generatesFields: Bool = true, on eventLoop: (any EventLoop)? = nil
    ) async throws(SMTPError) -> SMTPMessageWriter {
        let share = share(on: eventLoop)
        let result: Result<OpenedInPool, SMTPError> = await withCheckedContinuation { continuation in
            let message = OpeningMessage(envelope, continuation)
            if share.eventLoop.inEventLoop {
                share.value.open(message)
            } else {
                share.eventLoop.execute { share.value.open(message) }
            }
        }
        let opened = try result.get()
        return SMTPMessageWriter(
            opened.session, opened.opened, envelope, generatesFields: generatesFields, waited: Duration(opened.waited))
    }

    /// Sends a small message as a whole: what ``open(_:generatesFields:on:)``, `write` and `finish` do, in one call, and told by
    /// one. To be called on the event loop.
    ///
    /// - Parameters:
    ///   - message: the message; no larger than ``mostOctetsAtOnce``, for there is no wait for a server that reads slowly.
    ///   - eventLoop: the loop whose sessions are used, one of the pool's.
    package func send(_ message: any WholeMessage, on eventLoop: any EventLoop) {
        share(on: eventLoop).value.open(WholeTransaction(message, at: .now()))
    }

    /// The most octets of a message that is sent as a whole.
    package static var mostOctetsAtOnce: Int { SMTPMessageWriter.pieceSize }

    /// What the pool is doing now.
    public var figures: Figures {
        get async {
            var sum = Figures()
            for share in shares {
                let figures = await withCheckedContinuation { continuation in
                    share.eventLoop.execute { continuation.resume(returning: share.value.figures) }
                }
                sum.sessions += figures.sessions
                sum.idle += figures.idle
                sum.connecting += figures.connecting
                sum.waiting += figures.waiting
                sum.counts = sum.counts + figures.counts
            }
            return sum
        }
    }

    /// Sets sessions up before there are messages, so that the first ones need not wait.
    ///
    /// - Parameter sessions: how many sessions there are afterwards, within the limits.
    /// - Throws: ``SMTPError`` of the first connection that failed.
    public func warmUp(_ sessions: Int) async throws(SMTPError) {
        for (index, share) in shares.enumerated() {
            let count = (sessions + shares.count - 1 - index) / shares.count
            let result: Result<Void, SMTPError> = await withCheckedContinuation { continuation in
                share.eventLoop.execute {
                    share.value.warmUp(count) { continuation.resume(returning: $0) }
                }
            }
            try result.get()
        }
    }

    /// Takes no new message, ends idle sessions with QUIT and the others when their message is done.
    ///
    /// - Parameter grace: how long messages under way may take; their sessions are closed afterwards.
    public func shutdown(grace: Duration = .seconds(30)) async {
        await withTaskGroup(of: Void.self) { group in
            for share in shares {
                group.addTask {
                    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                        share.eventLoop.execute { share.value.shutdown(grace: grace) { continuation.resume() } }
                    }
                }
            }
        }
    }

    private func share(on eventLoop: (any EventLoop)?) -> NIOLoopBoundBox<PoolShare> {
        if let eventLoop, let share = shares.first(where: { $0.eventLoop === eventLoop }) { return share }
        if shares.count == 1 { return shares[0] }
        let turn = next.wrappingAdd(1, ordering: .relaxed).oldValue
        return shares[Int(UInt(bitPattern: turn) % UInt(shares.count))]
    }
}
