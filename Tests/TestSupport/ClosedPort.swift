internal import Foundation

/// A port of 127.0.0.1 that refuses connections for as long as this value lives: bound, so that no test that runs beside
/// is given it, and never listened on. (A listening socket lives on past its close while a test beside starts a program:
/// the child holds a copy until it has become that program.)
public final class ClosedPort {
    /// The port.
    public let port: Int
    private let descriptor: Int32

    /// Takes a free port.
    public init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        self.descriptor = descriptor
        port = Int(UInt16(bigEndian: address.sin_port))
        guard isBound else { throw RawConnection.Failure(call: "bind", code: errno) }
    }

    deinit {
        close(descriptor)
    }
}
