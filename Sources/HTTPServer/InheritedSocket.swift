internal import CMicrohttpd
internal import Foundation

/// A socket that a service manager listens on and passes to this process (sd_listen_fds(3)).
///
/// It goes on listening when the process ends, so that clients that connect during a restart wait and are not refused.
public struct InheritedSocket: Hashable, Sendable {
    let descriptor: Int32
    /// Its host: a numeric address, or `unix:` and a path.
    public let host: String
    /// Its port; 0 for a socket of the file system.
    public let port: Int

    /// The number of the first descriptor that is passed.
    private static let first: Int32 = 3

    /// Takes over the socket that the environment announces. Nil if there is none for this process.
    ///
    /// - Throws: ``HTTPServerError`` if there are several, or it is no stream socket that listens.
    public init?(environment: [String: String]) throws(HTTPServerError) {
        guard let count = environment["LISTEN_FDS"].flatMap(Int.init), count > 0,
            environment["LISTEN_PID"] == String(ProcessInfo.processInfo.processIdentifier)
        else { return nil }
        guard count == 1 else { throw HTTPServerError(.severalSockets(count), host: "", port: 0) }
        try self.init(descriptor: Self.first)
    }

    init(descriptor: Int32) throws(HTTPServerError) {
        self.descriptor = descriptor
        var name = [CChar](repeating: 0, count: 256)
        var bound: UInt16 = 0
        let status = unsafe cmicrohttpd_inherit(descriptor, &name, name.count, &bound)
        guard status == 0 else { throw HTTPServerError(.notListening(errno: -status), host: "", port: 0) }
        host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        port = Int(bound)
    }
}
