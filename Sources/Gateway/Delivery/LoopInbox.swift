internal import HTTPServer
internal import NIOCore
internal import Synchronization

/// The way from the HTTP server's threads to an event loop and back, for several messages at once.
///
/// Waking a thread costs more than the work that waits for it. So what one turn of the HTTP server brings is handed over
/// with one wake-up, and so is what one tick of the loop answers.
final class LoopInbox: Sendable {
    /// What the loop has to do.
    enum Work: Sendable {
        case message(OutgoingMessage)
        case task(@Sendable () -> Void)
    }

    /// Sends the messages, on its loop.
    let delivery: Delivery
    /// Runs tasks on that loop.
    let executor: HTTPTaskExecutor
    private let incoming = Mutex<[Work]>([])
    /// What does not wait for the HTTP server's turn to end, and the loop has been woken for.
    private let urgent = Mutex<[Work]>([])
    private let outgoing: NIOLoopBoundBox<[(HTTPResponder, HTTPResponse)]>

    private var loop: any EventLoop { delivery.loop }

    init(_ delivery: Delivery) {
        self.delivery = delivery
        let loop = delivery.loop
        executor = HTTPTaskExecutor { loop.execute($0) }
        outgoing = NIOLoopBoundBox.makeBoxSendingValue([], eventLoop: loop)
    }

    /// Leaves work for the loop, which gets it with the next ``handOver()``.
    func add(_ work: Work) {
        incoming.withLock { $0.append(work) }
    }

    /// Hands over work at once, from any thread. Work that is added before the loop runs shares one wake-up.
    func handOverNow(_ work: Work) {
        let isFirst = urgent.withLock { urgent in
            urgent.append(work)
            return urgent.count == 1
        }
        guard isFirst else { return }
        loop.execute {
            Self.run(
                self.urgent.withLock { urgent in
                    defer { urgent = [] }
                    return urgent
                })
        }
    }

    /// Hands over what was left.
    func handOver() {
        let work = incoming.withLock { incoming in
            let taken = incoming
            // Nearly always there is nothing, or little: the next turn makes its own room.
            if !taken.isEmpty { incoming = [] }
            return taken
        }
        guard !work.isEmpty else { return }
        loop.execute { Self.run(work) }
    }

    private static func run(_ work: [Work]) {
        for piece in work {
            switch piece {
            case .message(let message): message.begin()
            case .task(let task): task()
            }
        }
    }

    /// Responds to a request, together with the others of this tick. On the loop only.
    func respond(_ responder: HTTPResponder, _ response: HTTPResponse) {
        outgoing.value.append((responder, response))
        guard outgoing.value.count == 1 else { return }
        loop.execute {
            let responses = self.outgoing.value
            self.outgoing.value = []
            for (responder, response) in responses { responder.respond(response) }
        }
    }
}
