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

    func number(of id: String) -> Int? {
        inbox.number(of: id)
    }

    func remove(_ ids: Set<String>) {
        inbox.remove(ids)
    }

    func removeAll() {
        inbox.removeAll()
    }

    func observe(_ observer: @escaping @Sendable (CaughtMessage) -> Void) {
        inbox.observe { observer(Self.caught($0)) }
    }

    private static func caught(_ message: SandboxMessage) -> CaughtMessage {
        CaughtMessage(
            id: message.id, number: message.number, receivedAt: Date(timeIntervalSince1970: message.receivedAt),
            reversePath: message.reversePath, recipients: message.recipients, raw: message.raw,
            content: message.content)
    }
}
