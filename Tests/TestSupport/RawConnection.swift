internal import Foundation
internal import Synchronization

/// A plain TCP connection for tests of a server: it sends exactly the bytes it is told to, and shows all that comes back.
public final class RawConnection: Sendable {
    /// A failure of a system call.
    public struct Failure: Error {
        let call: String
        let code: Int32
    }

    private let socket: Mutex<Int32>

    private var descriptor: Int32 { socket.withLock { $0 } }

    /// Connects to a port of 127.0.0.1. Reads give up after 20 s.
    public init(port: Int) throws {
        let descriptor = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        socket = Mutex(descriptor)
        guard descriptor >= 0 else { throw Failure(call: "socket", code: errno) }
        var timeout = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failure(call: "connect", code: errno) }
    }

    deinit {
        close()
    }

    /// Sends bytes.
    public func send(_ text: String) throws {
        try send(Array(text.utf8))
    }

    /// Sends bytes; what the server does not want any more is a failure.
    public func send(_ bytes: [UInt8]) throws {
        let descriptor = descriptor
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure(call: "send", code: errno) }
            sent += count
        }
    }

    /// Sends bytes on a thread of its own, for a server that may make its client wait.
    public func sendAll(_ bytes: [UInt8]) async throws {
        try await onThread { try self.send(bytes) }
    }

    /// Sends bytes again and again until the server does not take any for half a second.
    ///
    /// - Parameter limit: how many are sent at most.
    /// - Returns: how many were sent.
    public func sendUntilHeldBack(_ bytes: [UInt8], atMost limit: Int) async throws -> Int {
        let descriptor = descriptor
        var patience = timeval(tv_sec: 0, tv_usec: 500_000)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        return try await onThread {
            var sent = 0
            while sent < limit {
                let piece = bytes[(sent % bytes.count)...].prefix(limit - sent)
                let count = piece.withUnsafeBytes {
                    Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                if count < 0, errno == EAGAIN { break }
                guard count > 0 else { throw Failure(call: "send", code: errno) }
                sent += count
            }
            return sent
        }
    }

    /// Ends the writing side: the server sees the end of the connection behind what was sent, and can still respond.
    public func endWriting() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Whatever has come, empty at the end of the connection.
    public func read() async -> [UInt8] {
        let descriptor = descriptor
        return
            (try? await onThread {
                var buffer = [UInt8](repeating: 0, count: 65536)
                let count = recv(descriptor, &buffer, buffer.count, 0)
                return count > 0 ? Array(buffer[..<count]) : []
            }) ?? []
    }

    /// All that comes until the server ends the connection.
    public func readToEnd() async -> String {
        var all: [UInt8] = []
        while case let piece = await read(), !piece.isEmpty { all += piece }
        return String(decoding: all, as: UTF8.self)
    }

    /// One answer with a Content-Length.
    public func readAnswer() async -> HTTPAnswer? {
        var all: [UInt8] = []
        while true {
            if let answer = HTTPAnswer(all) { return answer }
            let piece = await read()
            if piece.isEmpty { return nil }
            all += piece
        }
    }

    /// Ends the connection, whatever is under way.
    public func close() {
        let descriptor = socket.withLock { socket in
            defer { socket = -1 }
            return socket
        }
        if descriptor >= 0 { Foundation.close(descriptor) }
    }
}
