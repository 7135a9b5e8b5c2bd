/// Tells one instance of the gateway from another: random bits, drawn at its start.
public struct InstanceID: Hashable, Sendable {
    /// 16 octets.
    let octets: [UInt8]

    /// A new instance.
    public init() {
        var generator = SystemRandomNumberGenerator()
        octets = (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    init(octets: [UInt8]) {
        self.octets = octets
    }
}
