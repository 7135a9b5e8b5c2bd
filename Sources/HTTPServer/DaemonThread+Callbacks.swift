internal import CMicrohttpd

/// What libmicrohttpd calls, on the thread of the daemon.
extension DaemonThread {
    static var callbacks: cmicrohttpd_callbacks {
        unsafe cmicrohttpd_callbacks(
            connection: { context, connection, slot, _ in
                guard let context = unsafe context, let connection = unsafe connection, let slot = unsafe slot else {
                    return
                }
                let thread = unsafe Unmanaged<DaemonThread>.fromOpaque(context).takeUnretainedValue()
                if let stored = unsafe slot.pointee {
                    unsafe slot.pointee = nil
                    // The counterpart of `passRetained` below; libmicrohttpd tells the end of each connection once.
                    thread.ends(unsafe Unmanaged<ClientConnection>.fromOpaque(stored).takeRetainedValue())
                } else {
                    // Nothing is stored yet: the connection begins.
                    let client = unsafe thread.begins(connection)
                    unsafe slot.pointee = Unmanaged.passRetained(client).toOpaque()
                }
            },
            request: { context, connection, _, _, _, _, _, slot in
                guard let context = unsafe context, let connection = unsafe connection, let slot = unsafe slot else {
                    return .NO
                }
                let thread = unsafe Unmanaged<DaemonThread>.fromOpaque(context).takeUnretainedValue()
                if let stored = unsafe slot.pointee {
                    let exchange = unsafe Unmanaged<Exchange>.fromOpaque(stored).takeUnretainedValue()
                    return unsafe thread.dispatcher.proceed(with: exchange, on: connection)
                }
                guard let exchange = unsafe thread.exchange(on: connection) else { return .NO }
                unsafe slot.pointee = Unmanaged.passRetained(exchange).toOpaque()
                // A response to the first call would close the connection: it is taken for one before the body.
                return .YES
            },
            completed: { context, _, slot, _ in
                guard let context = unsafe context, let stored = unsafe slot?.pointee else { return }
                unsafe slot?.pointee = nil
                // The counterpart of `passRetained` above; libmicrohttpd calls this once for each request.
                let exchange = unsafe Unmanaged<Exchange>.fromOpaque(stored).takeRetainedValue()
                let thread = unsafe Unmanaged<DaemonThread>.fromOpaque(context).takeUnretainedValue()
                exchange.client.endsRequest()
                thread.dispatcher.end(exchange, .clientGone)
            })
    }

    /// What reads for libmicrohttpd.
    static let reader: cmicrohttpd_reader = { context, socket, buffer, size in
        guard let context = unsafe context, let buffer = unsafe buffer else { return 0 }
        let thread = unsafe Unmanaged<DaemonThread>.fromOpaque(context).takeUnretainedValue()
        let client = thread.connections[socket]
        return unsafe client?.receive(into: UnsafeMutableRawBufferPointer(start: buffer, count: size)) ?? 0
    }

    /// The request that libmicrohttpd has been given.
    private func exchange(on connection: OpaquePointer) -> Exchange? {
        guard let stored = unsafe cmicrohttpd_connection_context(connection) else { return nil }
        // It was retained when the connection began, and is released when it ends.
        return unsafe Unmanaged<ClientConnection>.fromOpaque(stored).takeUnretainedValue().exchange
    }

    private func begins(_ connection: OpaquePointer) -> ClientConnection {
        let client = unsafe ClientConnection(connection, on: self)
        connections.add(client)
        dispatcher.addressCounts?.add(client.address)
        return client
    }

    private func ends(_ client: ClientConnection) {
        client.ends()
        connections.remove(client)
        dispatcher.addressCounts?.remove(client.address)
    }
}
