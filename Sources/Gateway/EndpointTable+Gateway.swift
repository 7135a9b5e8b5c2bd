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
        let readiness = { @Sendable (_: PageRequest) async throws(Problem) in await pages.readiness() }
        var endpoints: [Endpoint] = [
            .messages("/messages", parameters: envelope, in: JSONDialect(), RawDialect(), FormDialect()),
            .messages(
                "/messages/batch", parameters: [.flag("dry_run"), .choice("on_error", "stop", "continue")],
                in: BatchDialect()),
            .page("GET", "/livez", isOpen: true) { _ in HealthResponse.live },
            .slowPage("GET", "/readyz", isOpen: true, on: executor, response: readiness),
            .slowPage("GET", "/healthz", isOpen: true, on: executor, response: readiness),
            .slowPage("GET", "/metrics", isForMetrics: true, on: executor) { _ in await pages.figures() },
            .page("GET", "/openapi.yaml") { OpenAPIPage.yaml.response(to: $0.head) },
            .page("GET", "/openapi.json") { OpenAPIPage.json.response(to: $0.head) },
            // They hold nothing, and explain a 401 to those who have no key.
            .page("GET", Problem.type("{type}"), isOpen: true) { ProblemPage.response(to: $0) },
            // The console is a page that holds nothing, and asks for the key itself.
            .page("GET", "/", isOpen: true) { ConsolePage.page.response(to: $0.head) },
        ]
        endpoints += vendors.flatMap(\.endpoints)
        if let caught {
            endpoints += [
                .slowPage("GET", "/sandbox/messages", parameters: CaughtQuery.all, response: caught.list),
                .slowPage("DELETE", "/sandbox/messages", parameters: CaughtQuery.filters, response: caught.remove),
                .slowPage("GET", "/sandbox/messages/{id}", response: caught.one),
                .slowPage("DELETE", "/sandbox/messages/{id}", response: caught.removeOne),
                .slowPage("GET", "/sandbox/messages/{id}/raw", response: caught.raw),
                .slowPage("GET", "/sandbox/messages/{id}/text", response: caught.text),
                .slowPage("GET", "/sandbox/messages/{id}/html", response: caught.html),
                .slowPage("GET", "/sandbox/messages/{id}/attachments/{index}", response: caught.attachment),
            ]
        }
        return EndpointTable(endpoints, families: vendors.map(\.family))
    }
}
