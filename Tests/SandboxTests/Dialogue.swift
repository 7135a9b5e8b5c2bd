@testable import Sandbox

/// A conversation as a test sees it: octets in, and one short text for each action.
struct Dialogue {
    private(set) var conversation: SandboxConversation
    private(set) var actions: [SandboxConversation.Action] = []

    init(_ configuration: SandboxConfiguration = SandboxConfiguration(), offersTLS: Bool = false) {
        conversation = SandboxConversation(configuration, offersTLS: offersTLS)
    }

    /// The reply texts; `keep`, `wait N` and `close` for the other actions.
    var texts: [String] {
        actions.map { action in
            switch action {
            case .reply(let reply): reply.text
            case .keep: "keep"
            case .wait(let seconds): "wait \(seconds)"
            case .startTLS: "TLS"
            case .close: "close"
            }
        }
    }

    /// The code and the enhanced code of each reply.
    var codes: [String] { texts.map { $0.split(separator: " ").prefix(2).joined(separator: " ") } }

    var kept: [ReceivedTransaction] {
        actions.compactMap { if case .keep(let message, _) = $0 { message } else { nil } }
    }

    /// Sends octets; every wait is over at once.
    mutating func send(_ octets: some Sequence<UInt8>) {
        var new = conversation.receive(Array(octets))
        while true {
            actions += new
            guard case .wait = new.last else { return }
            new = conversation.resume()
        }
    }

    /// TLS has begun.
    mutating func secure() {
        conversation.secured()
    }

    mutating func send(_ text: String) {
        send(Array(text.utf8))
    }

    /// A conversation that has come to where lines say, without what was answered until then.
    static func after(
        _ lines: String..., configuration: SandboxConfiguration = SandboxConfiguration()
    ) -> Dialogue {
        var dialogue = Dialogue(configuration)
        for line in lines { dialogue.send(line + "\r\n") }
        dialogue.actions = []
        return dialogue
    }
}
