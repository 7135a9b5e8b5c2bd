internal import HTTPServer

extension EndpointTable {
    /// The gateway's endpoints: where each is declared, and nowhere else.
    ///
    /// - Parameters:
    ///   - pages: what is said of the relays and of the gateway.
    ///   - caught: what an embedded relay caught; nil without a sandbox.
    ///   - vendors: the vendors whose APIs are served.
    ///   - executor: runs what waits for an answer.
    static func gateway(
        _ pages: RelayPages, _ caught: CaughtPages?, vendors: [VendorAPI], executor: HTTPTaskExecutor
    ) -> EndpointTable {
        let envelope: [QueryParameter] = [
            .flag("dry_run"), .text("from"), .list("to"), .text("recipient_policy"), .text("require_tls"),
        ]
        let readiness = { @Sendable (_: PageRequest, responder: HTTPResponder) in
            _ = Task(executorPreference: executor) { responder.respond(await pages.readiness()) }
        }
        let endpoints: [Endpoint] = [
            .messages("/messages", parameters: envelope, in: JSONDialect(), RawDialect(), FormDialect()),
            .messages(
                "/messages/batch", parameters: [.flag("dry_run"), .choice("on_error", "stop", "continue")],
                in: BatchDialect()),
            .page("GET", "/livez", isOpen: true) { _ in HealthResponse.live },
            .page("GET", "/readyz", isOpen: true, serve: readiness),
            .page("GET", "/healthz", isOpen: true, serve: readiness),
            .page("GET", Admission.metricsPath) { _, responder in
                Task(executorPreference: executor) { responder.respond(await pages.figures()) }
            },
            .page("GET", "/openapi.yaml") { OpenAPIPage.yaml.response(to: $0.head) },
            .page("GET", "/openapi.json") { OpenAPIPage.json.response(to: $0.head) },
            // They hold nothing, and explain a 401 to those who have no key.
            .page("GET", ProblemPage.endpoint, isOpen: true) { ProblemPage.response(to: $0) },
            // The console is a page that holds nothing, and asks for the key itself.
            .page("GET", "/", isOpen: true) { ConsolePage.page.response(to: $0.head) },
        ]
        return EndpointTable(
            endpoints + vendors.flatMap(\.endpoints) + (caught?.endpoints ?? []),
            families: vendors.map(\.family))
    }
}
