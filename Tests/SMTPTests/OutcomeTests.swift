import MailAddress
import NIOCore
import Testing

@testable import SMTP

/// Cuts the connection behind every byte of a server, and holds what each message is told against what was on the wire.
@Suite struct OutcomeTests {
    /// How two messages are sent on one session.
    enum Way: String, CaseIterable, CustomTestStringConvertible {
        case oneAfterAnother, chained, oneByOne, deferred, deferredAndChained

        var testDescription: String { rawValue }

        var extensions: String {
            switch self {
            case .oneAfterAnother, .chained: "250 PIPELINING\r\n"
            case .oneByOne: "250 HELP\r\n"
            case .deferred, .deferredAndChained: "250-PIPELINING\r\n250 CHUNKING\r\n"
            }
        }

        var isChained: Bool { self == .chained || self == .deferredAndChained }
        var isDeferred: Bool { self == .deferred || self == .deferredAndChained }
    }

    /// A client that sends two messages, and writes down what it is told of each.
    struct Client: ~Copyable {
        var conversation: Conversation
        let way: Way
        /// What each message was told; every message is told once.
        var told: [[String]] = [[], []]
        /// Whether the last octet of each message has been handed over.
        var isComplete = [false, false]
        /// The message that the next answer is about.
        var current = 0
        /// Whether each message has begun: it is told exactly once then.
        var begun = [false, false]

        init(_ way: Way) throws {
            self.way = way
            conversation = Conversation(ConversationSettings(identity: try #require(ClientDomain("c.example.org"))))
        }

        static let envelopes: [Envelope] = [
            try? Envelope(from: "a@example.org", to: ["b@example.net"]),
            try? Envelope(from: "c@example.org", to: ["d@example.net"]),
        ].compactMap { $0 }

        mutating func carryOut() throws {
            while let action = conversation.nextAction() {
                switch action {
                case .ready: try begin()
                case .opened: try finish()
                case .finished: try tell("finished")
                case .failed(let error), .refused(let error): try tell(error.outcome.rawValue)
                default: continue
                }
            }
        }

        private mutating func begin() throws {
            guard current < 2, told[current].isEmpty else { return }
            begun[current] = true
            if way.isDeferred, current == 0 || !way.isChained {
                try conversation.openDeferred(Self.envelopes[current])
                try finish()
            } else {
                try conversation.open(Self.envelopes[current])
            }
        }

        private mutating func finish() throws {
            isComplete[current] = true
            let content = conversation.isChunked ? "x\r\n" : "x\r\n.\r\n"
            let next = way.isChained && current == 0 ? Self.envelopes[1] : nil
            if next != nil { begun[1] = true }
            try conversation.finishContent(ByteBuffer(string: content), followedBy: next)
        }

        private mutating func tell(_ result: String) throws {
            told[current].append(result)
            current += 1
            if conversation.isReady { try begin() }
        }
    }

    private func server(_ way: Way) -> [UInt8] {
        let envelope = "250 ok\r\n250 ok\r\n"
        let message = way.isDeferred ? envelope + "250 queued\r\n" : envelope + "354 go\r\n250 queued\r\n"
        let second =
            way == .deferredAndChained ? "250 reset\r\n" + envelope + "354 go\r\n250 queued\r\n" : message
        return Array(("220 hello\r\n250-server\r\n" + way.extensions + message + second).utf8)
    }

    @Test(arguments: Way.allCases) func everyCut(_ way: Way) throws {
        let bytes = server(way)
        for cut in 0...bytes.count {
            var client = try Client(way)
            for byte in bytes[..<cut] {
                client.conversation.received(ByteBuffer(bytes: [byte]))
                try client.carryOut()
            }
            client.conversation.connectionClosed("cut")
            try client.carryOut()
            for message in 0..<2 {
                let finished = client.told[message] == ["finished"]
                guard !finished else { continue }
                // Nobody knows exactly where all of the message was handed over and nothing came back.
                if client.isComplete[message] {
                    #expect(client.told[message] == ["unknown"], "\(way), message \(message), cut at \(cut)")
                } else {
                    #expect(
                        client.told[message] == (client.begun[message] ? ["not_sent"] : []),
                        "\(way), message \(message), cut at \(cut)")
                }
            }
            // Whatever had begun was told, and nothing twice.
            #expect(client.told.allSatisfy { $0.count <= 1 })
            #expect(client.conversation.state.name == .closed)
        }
        // With all of it both are sent.
        var client = try Client(way)
        for byte in bytes {
            client.conversation.received(ByteBuffer(bytes: [byte]))
            try client.carryOut()
        }
        #expect(client.told == [["finished"], ["finished"]])
    }
}
