/// Why a sandbox could not start.
public struct SandboxError: Error, Hashable, CustomStringConvertible {
    private enum Kind: Hashable {
        case cannotListen(host: String, port: Int, reason: String)
        case noCertificate(reason: String)
    }

    private let kind: Kind

    /// The address and port could not be had; the reason is the system's.
    static func cannotListen(host: String, port: Int, reason: String) -> SandboxError {
        SandboxError(kind: .cannotListen(host: host, port: port, reason: reason))
    }

    /// The server could not make its certificate.
    static func noCertificate(reason: String) -> SandboxError { SandboxError(kind: .noCertificate(reason: reason)) }

    /// What happened, to what, and what to do.
    public var description: String {
        switch kind {
        case .cannotListen(let host, let port, let reason):
            "the sandbox cannot listen on \(host) port \(port): \(reason); name another port, or 0 for a free one"
        case .noCertificate(let reason): "the sandbox could not make its certificate: \(reason)"
        }
    }
}
