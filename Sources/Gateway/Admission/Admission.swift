internal import HTTPServer

/// Decides about a request when its header section has arrived: which endpoint, who asks, in which dialect, and whether
/// there is room. That is decided once, and carried along.
struct Admission: Sendable {
    enum Decision {
        /// The methods that can be used on the path are asked for.
        case options([String])
        /// An endpoint that answers by itself.
        case page(@Sendable (PageRequest, HTTPResponder) -> Void, values: [String])
        /// Messages.
        case messages(AdmittedRequest, BodyIntake)
    }

    let endpoints: EndpointTable
    let configuration: LiveConfiguration
    let room: Room

    /// Decides about a request.
    ///
    /// - Throws: a ``Problem`` that says why it is refused.
    func decide(_ head: HTTPRequestHead) throws(Problem) -> Decision {
        let (relays, access) = configuration.now
        try access.checkOrigin(of: head)
        let endpoint: Endpoint
        let values: [String]
        switch try endpoints.match(head) {
        case .options(let methods): return .options(methods)
        case .endpoint(let match, let segments): (endpoint, values) = (match, segments)
        }
        switch endpoint.service {
        case .page(let serve):
            if !endpoint.isOpen {
                let caller = try access.caller(of: head, field: nil)
                if caller.isForMetrics, !endpoint.isForMetrics { throw .metricsOnly }
            }
            return .page(serve, values: values)
        case .messages(let dialects):
            return try messages(head, endpoint, values, dialects, access, relays)
        }
    }

    private func messages(
        _ head: HTTPRequestHead, _ endpoint: Endpoint, _ values: [String], _ dialects: [any Dialect],
        _ access: AccessControl, _ relays: RelaySet
    ) throws(Problem) -> Decision {
        let isTest = dialects.first?.isTest(head) ?? false
        let caller = try access.caller(of: head, field: dialects.first?.keyField, isTest: isTest)
        if caller.isForMetrics { throw .metricsOnly }
        let dialect = try Self.dialect(of: head, among: dialects)
        let key = try Self.idempotencyKey(of: head, caller)
        let isDryRun = isTest || head.query.isSet("dry_run")
        let admitted = AdmittedRequest(
            dialect, path: endpoint.path.text, pathValues: values, caller, access, relays, key, room)
        // What is known under an Idempotency-Key is answered first, whatever the state of the gateway.
        if key == nil {
            try admitted.checkRoom(isCounted: false)
            // A dry run sends nothing, so it does not count.
            if !isDryRun, dialect.holdsOneMessage { try admitted.takeMessages(1) }
        }
        if case .stream = dialect.intake, isDryRun || key != nil {
            // Under a key a message must not go out before it is known whether it is the same: it is read to its end.
            return .messages(admitted, .whole)
        }
        return .messages(admitted, dialect.intake)
    }

    /// The dialect of a request's body, whatever the parameters of its type (RFC 9110, section 8.3.1).
    private static func dialect(
        of head: HTTPRequestHead, among dialects: [any Dialect]
    ) throws(Problem) -> any Dialect {
        if let coding = head.headers["Content-Encoding"], coding.lowercased() != "identity" {
            throw .unsupportedContentCoding(coding)
        }
        guard let type = head.headers["Content-Type"] else { throw .unsupportedMediaType(nil, known: types(dialects)) }
        // Nearly every message comes with exactly this.
        if let first = dialects.first, first.mediaTypes.first == type { return first }
        let essence = String(type.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }).lowercased()
        guard let dialect = dialects.first(where: { $0.mediaTypes.contains(essence) }) else {
            throw .unsupportedMediaType(type, known: types(dialects))
        }
        return dialect
    }

    private static func types(_ dialects: [any Dialect]) -> [String] { dialects.flatMap(\.mediaTypes) }

    private static func idempotencyKey(
        of head: HTTPRequestHead, _ caller: Caller
    ) throws(Problem) -> IdempotencyKey? {
        // Most requests have none.
        guard head.headers[IdempotencyKey.field] != nil else { return nil }
        return try IdempotencyKey(head.headers.values(IdempotencyKey.field), caller: caller.name)
    }
}
