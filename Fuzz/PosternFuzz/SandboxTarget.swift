@testable import Sandbox

/// However the bytes of a client are cut, the sandbox does the same; its replies are lines, and it keeps no more than it may.
enum SandboxTarget {
    static func run(_ input: [UInt8]) {
        var input = Input(input)
        let seed = input.byte()
        var configuration = SandboxConfiguration()
        configuration.maximumMessageOctets = 512
        configuration.maximumRecipients = 3
        let bytes = input.remainder()
        let whole = actions(for: [bytes], configuration)
        let cut = actions(for: pieces(of: bytes, seed: seed), configuration)
        ensure(whole == cut, "other actions: \(whole) and \(cut)")
    }

    private static func actions(
        for pieces: [[UInt8]], _ configuration: SandboxConfiguration
    ) -> [SandboxConversation.Action] {
        var conversation = SandboxConversation(configuration, offersTLS: true)
        var all: [SandboxConversation.Action] = []
        for piece in pieces {
            var actions = conversation.receive(piece)
            while true {
                all += actions
                for action in actions {
                    guard case .reply(let reply) = action else { continue }
                    ensure(!reply.text.utf8.contains(0), "a NUL in a reply")
                }
                guard case .wait? = actions.last else { break }
                actions = conversation.resume()
            }
        }
        return all
    }
}
