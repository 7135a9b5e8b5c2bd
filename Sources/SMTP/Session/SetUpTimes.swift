internal import NIOCore

/// When a connection was set up, and how long it took.
struct SetUpTimes {
    let created = NIODeadline.now()
    /// When the TCP connection was made.
    var connected = NIODeadline.now()
    /// When the TLS handshake began.
    var tlsBegan = NIODeadline.now()
    /// How long the handshake took; nil without TLS.
    var tlsTook: TimeAmount?
}
