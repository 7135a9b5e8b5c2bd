/// The version of the gateway.
enum GatewayVersion {
    static let current = "0.1.0"
}
