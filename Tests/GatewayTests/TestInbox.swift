import Foundation
import InternetMessage
import Synchronization

@testable import Gateway

/// An inbox that a test fills.
final class TestInbox: CaughtMessages {
    private struct State {
        var messages: [CaughtMessage] = []
        var looks = 0
        var observer: (@Sendable (CaughtMessage) -> Void)?
    }

    private let state = Mutex(State())

    /// - Parameter messages: the messages, the oldest first; their lines end in LF.
    init(_ messages: [String] = []) {
        for message in messages { add(message) }
    }

    /// A message of which the envelope says who it is for. It gets the next of the IDs `AAAAA-1`, `AAAAA-2` and so on, and is
    /// received so many seconds after 2026-01-01.
    func add(
        _ text: String, from reversePath: String = "ann@example.org", to recipients: [String] = ["bob@example.net"]
    ) {
        let raw = Array(text.utf8)
        let (message, observer) = state.withLock { state in
            let number = (state.messages.map(\.number).max() ?? 0) + 1
            let message = CaughtMessage(
                id: "AAAAA-\(number)", number: number,
                receivedAt: Date(timeIntervalSince1970: 1_767_225_600 + Double(number)), reversePath: reversePath,
                recipients: recipients, raw: raw, content: ReceivedMessage(raw))
            state.messages.append(message)
            return (message, state.observer)
        }
        observer?(message)
    }

    /// How often the list was asked for.
    var looks: Int { state.withLock { $0.looks } }

    func all() -> [CaughtMessage] {
        state.withLock { state in
            state.looks += 1
            return state.messages.reversed()
        }
    }
    func message(id: String) -> CaughtMessage? { all().first { $0.id == id } }
    func number(of id: String) -> Int? {
        id.hasPrefix("AAAAA-") ? Int(id.dropFirst(6)) : id == "BBBBB-7" ? 0 : nil
    }
    func remove(_ ids: Set<String>) { state.withLock { $0.messages.removeAll { ids.contains($0.id) } } }
    func removeAll() { state.withLock { $0.messages = [] } }
    func observe(_ observer: @escaping @Sendable (CaughtMessage) -> Void) { state.withLock { $0.observer = observer } }
}
