internal import Logging
internal import MailAddress
internal import NIOCore
internal import Records
internal import SMTP

/// The relays of one configuration, and which message goes to which.
final class RelaySet: Sendable {
    let relays: [Relay]
    private let routes: [(route: Route, relays: [Relay])]
    /// The relays of all messages, if there is but one route: nothing is compared then.
    private let only: [Relay]?
    /// Whether any relay takes one sender only.
    private let hasSenders: Bool

    /// - Parameters:
    ///   - records: the store by which instances share the rates of relays.
    ///   - previous: the set before a reload: what has not changed is taken over with its sessions.
    init(
        _ configurations: [RelayConfiguration], _ plan: RoutePlan, on eventLoops: [any EventLoop],
        metrics: GatewayMetrics, records: (any RecordStore)? = nil, previous: RelaySet? = nil, logger: Logger
    ) {
        let relays = configurations.map { wanted in
            let former = previous?.relays.first { $0.name == wanted.name }
            if let former, former.configuration.origin == wanted.origin { return former }
            return Relay(
                wanted, on: eventLoops, metrics: metrics.relay(wanted.name), records: records, after: former,
                logger: logger)
        }
        self.relays = relays
        hasSenders = relays.contains { $0.configuration.sender != nil }
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

    /// The one mailbox as which a message has to be sent, and the relays that want it so; nil if they take any sender.
    func sender(for envelope: Envelope, key: String?) -> (address: AddrSpec, relays: [Relay])? {
        guard hasSenders else { return nil }
        let relays = relays(for: envelope, key: key)
        // All relays of a route have the same one.
        return relays.first?.configuration.sender.map { ($0, relays) }
    }

    /// The relays of each route.
    var choices: [[Relay]] { routes.map(\.relays) }
}
