import Foundation
import Gateway
import Sandbox

/// The sandbox's inbox as the gateway's routes show it.
struct CaughtBySandbox: CaughtMessages {
    let inbox: SandboxInbox

    func all() -> [CaughtMessage] {
        inbox.all().map(Self.caught)
    }

    func message(id: String) -> CaughtMessage? {
        inbox.message(id: id).map(Self.caught)
    }

    func removeAll() {
        inbox.removeAll()
    }

    private static func caught(_ message: SandboxMessage) -> CaughtMessage {
        CaughtMessage(
            id: message.id, receivedAt: Timestamp.text(Date(timeIntervalSince1970: message.receivedAt)),
            from: message.reversePath, to: message.recipients, headers: message.headers, raw: message.raw)
    }
}
