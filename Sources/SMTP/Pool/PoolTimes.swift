internal import NIOCore

/// The bounds of a pool as event loops count time: to convert one takes a division of 128 bits.
struct PoolTimes {
    let queueTimeout: TimeAmount
    let idleTimeout: TimeAmount
    let sessionAge: TimeAmount
    let probeAfter: TimeAmount
    let probeTimeout: TimeAmount
    let reconnectDelay: TimeAmount
    let chainPatience: TimeAmount

    init(_ limits: SMTPPoolLimits) {
        queueTimeout = TimeAmount(limits.queueTimeout)
        idleTimeout = TimeAmount(limits.idleTimeout)
        sessionAge = TimeAmount(limits.sessionAge)
        probeAfter = TimeAmount(limits.probeAfter)
        probeTimeout = TimeAmount(limits.probeTimeout)
        reconnectDelay = TimeAmount(limits.reconnectDelay)
        chainPatience = TimeAmount(limits.chainPatience)
    }
}
