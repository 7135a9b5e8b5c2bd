extension SMTPError {
    /// What kept a session from being protected by TLS.
    public struct TLSFailure: Hashable, Sendable {
        /// The kind of a failure of TLS. More may be added.
        public struct Kind: Hashable, Sendable, CustomStringConvertible {
            /// A short label without values in it, fit for a metric.
            public let description: String

            /// The server's certificate is no longer valid.
            public static let certificateExpired = Kind(description: "certificate_expired")
            /// The server's certificate is not valid yet.
            public static let certificateNotYetValid = Kind(description: "certificate_not_yet_valid")
            /// The server's certificate is for other names or addresses.
            public static let wrongHost = Kind(description: "wrong_host")
            /// The server's certificate was signed with its own key, and is not a trust root.
            public static let selfSigned = Kind(description: "self_signed")
            /// No chain leads from the server's certificate to a trust root.
            public static let unknownAuthority = Kind(description: "unknown_authority")
            /// Client and server have no TLS version in common.
            public static let protocolVersion = Kind(description: "protocol_version")
            /// What the server sent is not TLS.
            public static let notTLS = Kind(description: "not_tls")
            /// TLS is required, and the server does not offer STARTTLS.
            public static let notOffered = Kind(description: "not_offered")
            /// The server wants a certificate of the client, or another one.
            public static let clientCertificate = Kind(description: "client_certificate")
            /// The handshake failed for another reason, which the explanation tells.
            public static let handshake = Kind(description: "handshake")
        }

        /// What kind of failure it is.
        public let kind: Kind
        /// What happened, for a person to read. What to do about it is in the `detail` of the error, too.
        public let explanation: String
    }
}
