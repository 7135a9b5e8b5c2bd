internal import CMicrohttpd

/// What libmicrohttpd calls, on the thread of the daemon.
extension DaemonThread {
    static var callbacks: cmicrohttpd_callbacks {
        unsafe cmicrohttpd_callbacks(
            accept: { context, address, _ in
                guard let context = unsafe context, let address = unsafe address else { return .NO }
                let thread = unsafe Unmanaged<DaemonThread>.fromOpaque(context).takeUnretainedValue()
                return thread.accepts(HTTPClientAddress(unsafe cmicrohttpd_read_address(address))) ? .YES : .NO
            },
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
            request: { context, connection, url, method, _, piece, size, slot in
                guard let context = unsafe context, let connection = unsafe connection, let url = unsafe url,
                    let method = unsafe method, let size = unsafe size, let slot = unsafe slot
                else { return .NO }
                let thread = unsafe Unmanaged<DaemonThread>.fromOpaque(context).takeUnretainedValue()
                guard let stored = unsafe slot.pointee else {
                    return unsafe thread.dispatcher.begin(connection, of: thread, url: url, method: method, slot: slot)
                }
                let exchange = unsafe Unmanaged<Exchange>.fromOpaque(stored).takeUnretainedValue()
                return unsafe thread.dispatcher.go(
                    on: connection, of: thread, with: exchange, piece: piece, size: size)
            },
            completed: { context, _, slot, reason in
                guard let context = unsafe context, let stored = unsafe slot?.pointee else { return }
                unsafe slot?.pointee = nil
                // The counterpart of `passRetained` in `begin`; libmicrohttpd calls this once for each request.
                let exchange = unsafe Unmanaged<Exchange>.fromOpaque(stored).takeRetainedValue()
                unsafe Unmanaged<DaemonThread>.fromOpaque(context).takeUnretainedValue().dispatcher.end(
                    exchange, reason)
            })
    }

    private func accepts(_ address: HTTPClientAddress) -> Bool {
        dispatcher.addressCounts?.allows(address) ?? true
    }

    private func begins(_ connection: OpaquePointer) -> ClientConnection {
        let client = unsafe ClientConnection(connection, limits, now: now)
        connections.add(client)
        dispatcher.addressCounts?.add(client.address)
        return client
    }

    private func ends(_ client: ClientConnection) {
        connections.remove(client)
        dispatcher.addressCounts?.remove(client.address)
    }
}
