internal import NIOCore
internal import SMTP

/// The relays of one configuration, and which message goes to which.
final class RelaySet: Sendable {
    let relays: [Relay]
    private let routes: [(route: Route, relays: [Relay])]
    /// The relays of all messages, where there is but one route: nothing is compared then.
    private let only: [Relay]?

    /// - Parameter previous: the set before a reload: what has not changed is taken over with its sessions.
    init(
        _ configurations: [RelayConfiguration], _ plan: RoutePlan, on eventLoops: [any EventLoop],
        metrics: GatewayMetrics,
        previous: RelaySet? = nil
    ) {
        let relays = configurations.map { wanted in
            previous?.relays.first { $0.name == wanted.name && $0.configuration.origin == wanted.origin }
                ?? Relay(wanted, on: eventLoops, metrics: metrics.relay(wanted.name))
        }
        self.relays = relays
        routes = plan.routes.map { route in
            (route, route.relays.compactMap { name in relays.first { $0.name == name } })
        }
        only = routes.count == 1 ? routes[0].relays : nil
    }

    /// The relays of a message, the first choice first.
    func relays(for envelope: Envelope, key: String?) -> [Relay] {
        if let only { return only }
        // The last route matches every message.
        return routes.first { $0.route.matches(envelope, key: key) }?.relays ?? []
    }

    /// The relays of each route.
    var choices: [[Relay]] { routes.map(\.relays) }
}
