/// The connections of one daemon.
///
/// `@unchecked Sendable`: used on the thread of the daemon alone.
final class ConnectionTable: @unchecked Sendable {
    /// How often the deadlines are looked at, in milliseconds.
    static let interval: Int64 = 500

    private var connections: [ClientConnection] = []
    /// How many connections there are.
    private(set) var count = 0
    /// The same by their socket.
    private var sockets: [ClientConnection?] = []
    private var nextLook: Int64 = 0

    /// The connection with a socket, or nil.
    subscript(socket: Int32) -> ClientConnection? {
        sockets.indices.contains(Int(socket)) ? sockets[Int(socket)] : nil
    }

    func add(_ connection: ClientConnection) {
        connection.place = connections.count
        connections.append(connection)
        count += 1
        while sockets.count <= connection.socket { sockets.append(nil) }
        sockets[Int(connection.socket)] = connection
    }

    func remove(_ connection: ClientConnection) {
        sockets[Int(connection.socket)] = nil
        let last = connections.removeLast()
        count -= 1
        guard last !== connection else { return }
        last.place = connection.place
        connections[connection.place] = last
    }

    /// Ends what the clients whose time is over were doing.
    ///
    /// - Returns: how many requests and responses were cut short.
    func look(now: Int64) -> Int {
        guard now >= nextLook else { return 0 }
        nextLook = now + Self.interval
        var overdue = 0
        for connection in connections where connection.isOverdue(now: now) {
            if connection.timeOut() { overdue += 1 }
        }
        return overdue
    }
}
