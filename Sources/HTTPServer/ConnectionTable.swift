/// The connections of one daemon.
///
/// `@unchecked Sendable`: used on the thread of the daemon alone.
final class ConnectionTable: @unchecked Sendable {
    /// How often the deadlines are looked at, in milliseconds.
    static let interval: Int64 = 500

    private(set) var connections: [ClientConnection] = []
    private var nextLook: Int64 = 0

    func add(_ connection: ClientConnection) {
        connection.place = connections.count
        connections.append(connection)
    }

    func remove(_ connection: ClientConnection) {
        let last = connections.removeLast()
        guard last !== connection else { return }
        last.place = connection.place
        connections[connection.place] = last
    }

    /// Gives up the connections whose time is over.
    ///
    /// - Returns: how many those are.
    func look(now: Int64) -> Int {
        guard now >= nextLook else { return 0 }
        nextLook = now + Self.interval
        var overdue = 0
        for connection in connections where connection.isOverdue(now: now, interval: Self.interval) {
            connection.giveUp()
            overdue += 1
        }
        return overdue
    }
}
