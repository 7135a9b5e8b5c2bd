internal import Foundation

/// Why a server cannot start.
public struct HTTPServerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of a failure.
    enum Kind: Hashable {
        case cannotListen(errno: Int32)
        case cannotStart(message: String)
        case severalSockets(Int)
        case notListening(errno: Int32)
    }

    let kind: Kind
    private let place: String

    init(_ kind: Kind, host: String, port: Int) {
        self.kind = kind
        place = host.hasPrefix("unix:") ? host : "\(host):\(port)"
    }

    /// What happened and what to do.
    public var description: String {
        switch kind {
        case .cannotListen(EADDRINUSE): "\(place) is in use by another program: stop it, or listen elsewhere"
        case .cannotListen(EACCES):
            "listening on \(place) is not permitted: use a port above 1023, or a folder that the gateway may write to"
        case .cannotListen(EADDRNOTAVAIL): "\(place) is no address of this host: check the name or the address"
        case .cannotListen(let errno):
            "listening on \(place) failed: \(POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO).localizedDescription)"
        case .severalSockets(let count):
            "the service manager passed \(count) sockets, and Postern serves one: write one ListenStream= only"
        case .notListening(let errno):
            "the socket that the service manager passed cannot be used "
                + "(\(POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO).localizedDescription)): "
                + "write ListenStream= with an address or a path, and Accept=no"
        case .cannotStart(""):
            "the HTTP server at \(place) could not be started: check the limits of the process"
        case .cannotStart(let message):
            "the HTTP server at \(place) could not be started: \(message); "
                + "check the certificate, the key, and the limits of the process"
        }
    }
}
