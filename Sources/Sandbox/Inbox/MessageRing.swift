/// The last messages in the order of their coming, within two bounds; the oldest makes room in constant time.
struct MessageRing {
    private let maximumMessages: Int
    private let maximumOctets: Int
    private var slots: [SandboxMessage?]
    private var first = 0
    private var octets = 0
    private(set) var count = 0

    init(maximumMessages: Int, maximumOctets: Int) {
        self.maximumMessages = max(maximumMessages, 1)
        self.maximumOctets = maximumOctets
        slots = Array(repeating: nil, count: self.maximumMessages)
    }

    /// The newest first.
    var messages: [SandboxMessage] {
        (0..<count).reversed().compactMap { slots[slot($0)] }
    }

    mutating func append(_ message: SandboxMessage) {
        octets += message.footprint
        // The newest stays whatever its size: it is the one that somebody waits for.
        while count > 0, count == maximumMessages || octets > maximumOctets { removeFirst() }
        slots[slot(count)] = message
        count += 1
    }

    mutating func remove(_ ids: Set<String>) {
        let kept = messages.reversed().filter { !ids.contains($0.id) }
        guard kept.count < count else { return }
        removeAll()
        for message in kept { append(message) }
    }

    mutating func removeAll() {
        self = MessageRing(maximumMessages: maximumMessages, maximumOctets: maximumOctets)
    }

    private mutating func removeFirst() {
        octets -= slots[first]?.footprint ?? 0
        slots[first] = nil
        first = slot(1)
        count -= 1
    }

    private func slot(_ position: Int) -> Int {
        (first + position) % maximumMessages
    }
}
