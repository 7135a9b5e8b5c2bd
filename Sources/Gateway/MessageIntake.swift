internal import Dispatch
internal import HTTPServer
internal import Synchronization

/// Takes the bodies of requests with messages, each as its dialect wants it, to where they are decoded.
final class MessageIntake: Sendable {
    private let messages: MessageHandler
    private let sender: MessageSender
    private let maximumMessageBytes: Int
    /// Where large bodies are decoded. Not the threads of Swift's tasks: health checks and the watchdog run there.
    private let queues: [DispatchQueue]
    private let nextQueue = Atomic<Int>(0)

    /// - Parameter threads: how many large bodies are decoded at once.
    init(_ messages: MessageHandler, _ sender: MessageSender, maximumMessageBytes: Int, threads: Int) {
        self.messages = messages
        self.sender = sender
        self.maximumMessageBytes = maximumMessageBytes
        queues = (0..<threads).map { DispatchQueue(label: "postern.bodies.\($0)") }
    }

    /// How the body of a request is read, and what handles the request then.
    func admission(of admitted: AdmittedRequest, _ intake: BodyIntake) -> HTTPAdmission {
        let messages = messages
        return switch intake {
        case .whole:
            .whole(maximumBodyBytes: maximumMessageBytes) { [self] request, responder in
                handle(octets: request.body.count) {
                    messages.handle(request.head, .octets(request.body), admitted, responder)
                }
            }
        case .form:
            .form(maximumBodyBytes: maximumMessageBytes, maximumParts: FormDocument.maximumParts) {
                [self] request, responder in
                handle(octets: request.parts.reduce(0) { $0 + $1.content.count }) {
                    messages.handle(request.head, .form(request.parts), admitted, responder)
                }
            }
        case .stream: .stream(maximumBodyBytes: maximumMessageBytes) { messages.handle($0, admitted, $1) }
        }
    }

    /// Octets of a body that are decoded on the HTTP server's thread. Others must not wait for a larger one: 24 MB of what is no
    /// message took a second.
    private static let largeBody = 256 * 1024

    private func handle(octets: Int, _ work: @escaping @Sendable () -> Void) {
        guard octets > Self.largeBody else { return work() }
        let turn = nextQueue.wrappingAdd(1, ordering: .relaxed).oldValue
        queues[turn % queues.count].async { [sender] in
            work()
            sender.handOver()
        }
    }

    /// Hands over what one turn of the HTTP server brought.
    func handOver() {
        sender.handOver()
    }
}
