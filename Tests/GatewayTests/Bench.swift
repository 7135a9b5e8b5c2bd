import Foundation
import Logging
import Settings
import TestSupport
import Testing
import Tracing

@testable import Gateway
@testable import Records

/// A gateway in front of a scripted relay.
struct Bench {
    let gateway: Gateway
    let relay: ScriptedRelay

    static func start(
        _ settings: [String: String] = [:], logger: Logger? = nil, _ scripts: [ScriptedRelay.Step]...
    ) async throws -> Bench {
        try await start(settings, logger: logger, scripts: scripts)
    }

    static func start(
        _ settings: [String: String], logger: Logger? = nil, store: (any RecordStore)? = nil,
        tracer: (any Tracer)? = nil, scripts: [[ScriptedRelay.Step]]
    ) async throws -> Bench {
        try await start(
            settings, logger: logger, store: store, tracer: tracer, relay: ScriptedRelay.start(scripts: scripts))
    }

    static func start(
        _ settings: [String: String], logger: Logger? = nil, store: (any RecordStore)? = nil,
        tracer: (any Tracer)? = nil, relay: ScriptedRelay
    ) async throws -> Bench {
        var environment = ["POSTERN_LISTEN": "127.0.0.1:0", "POSTERN_HELO_NAME": "gate.example.org"]
        environment["POSTERN_RELAY_URL"] = "smtp://127.0.0.1:\(relay.port)?tls=none"
        environment.merge(settings) { $1 }
        let values = try SettingValues(environment: environment)
        let gateway = try Gateway.start(
            GatewayConfiguration(values), records: store, tracer: tracer,
            logger: logger ?? Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        return Bench(gateway: gateway, relay: relay)
    }

    func post(_ body: String, path: String = "/messages", headers: String = "") async throws -> HTTPAnswer {
        let connection = try RawConnection(port: gateway.address.port)
        try connection.send(Self.request(body, path: path, headers: headers))
        return try #require(await connection.readAnswer())
    }

    /// A whole request.
    static func request(_ body: String, path: String = "/messages", headers: String = "") -> String {
        "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\(headers)"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    func get(_ path: String, method: String = "GET") async throws -> HTTPAnswer {
        let connection = try RawConnection(port: gateway.address.port)
        try connection.send("\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return try #require(await connection.readAnswer())
    }

    func stop() async {
        await gateway.stop()
        await relay.stop()
    }
}

let greeting: [ScriptedRelay.Step] = [
    .send("220 relay\r\n"), .expect("EHLO gate.example.org\r\n"), .send("250-relay\r\n250 PIPELINING\r\n"),
]
let envelope: [ScriptedRelay.Step] = [.expectEnd("DATA\r\n"), .send("250 ok\r\n250 ok\r\n354 go\r\n")]
let taken: [ScriptedRelay.Step] = [.expectEnd("\r\n.\r\n"), .send("250 2.0.0 Ok: queued as 4F2\r\n")]
let simple = #"{"from":"Ann <ann@example.org>","to":"bob@example.net","subject":"Hi","text":"How?"}"#
