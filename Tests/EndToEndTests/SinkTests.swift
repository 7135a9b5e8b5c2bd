import Foundation
import Gateway
import Logging
import Settings
import TestSupport
import Testing

/// A gateway in this process, in front of a relay that listens on a port.
struct Front {
    let gateway: Gateway

    init(relay port: Int, _ settings: [String: String] = [:]) throws {
        var environment = [
            "POSTERN_LISTEN": "127.0.0.1:0", "POSTERN_RELAY_URL": "smtp://127.0.0.1:\(port)?tls=none",
            "POSTERN_RELAY_CONNECTIONS": "2",
        ]
        environment.merge(settings) { $1 }
        gateway = try Gateway.start(
            GatewayConfiguration(SettingValues(environment: environment)),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    func post(_ document: [String: Any]) async throws -> HTTPAnswer {
        let body = try JSONSerialization.data(withJSONObject: document)
        let connection = try RawConnection(port: gateway.address.port)
        try connection.send(
            "POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n"
        )
        try connection.send(Array(body))
        return try #require(await connection.readAnswer())
    }
}

/// Postfix's own test server, which fails at the command it is told to.
@Suite(.serialized, .timeLimit(.minutes(2))) struct SinkTests {
    struct Row: Sendable, CustomTestStringConvertible {
        /// `-f` refuses for good, `-r` for now, `-q` ends the connection without a reply.
        let flag: String
        let command: String
        let status: Int
        let stage: String
        var outcome = "not_sent"
        var testDescription: String { "\(flag) \(command)" }
    }

    static let rows: [Row] = [
        Row(flag: "-f", command: "ehlo,helo", status: 502, stage: "ehlo"),
        Row(flag: "-f", command: "mail", status: 422, stage: "mail"),
        Row(flag: "-f", command: "rcpt", status: 422, stage: "rcpt"),
        Row(flag: "-f", command: "data", status: 422, stage: "data"),
        Row(flag: "-f", command: ".", status: 422, stage: "content"),
        Row(flag: "-r", command: "ehlo,helo", status: 503, stage: "ehlo"),
        Row(flag: "-r", command: "mail", status: 503, stage: "mail"),
        Row(flag: "-r", command: "rcpt", status: 503, stage: "rcpt"),
        Row(flag: "-r", command: "data", status: 503, stage: "data"),
        Row(flag: "-r", command: ".", status: 503, stage: "content"),
        Row(flag: "-q", command: "ehlo", status: 502, stage: "ehlo"),
        Row(flag: "-q", command: "mail", status: 502, stage: "mail"),
        Row(flag: "-q", command: "rcpt", status: 502, stage: "rcpt"),
        Row(flag: "-q", command: "data", status: 502, stage: "data"),
        Row(flag: "-q", command: ".", status: 504, stage: "content", outcome: "unknown"),
    ]

    @Test(arguments: rows) func failsAtACommand(_ row: Row) async throws {
        let port = try Program.freePort()
        let user = getuid() == 0 ? ["-u", "nobody"] : []
        let sink = try Program(
            "/usr/sbin/smtp-sink", user + [row.flag, row.command, "127.0.0.1:\(port)", "10"])
        try await Program.waitForPort(port)
        let front = try Front(relay: port)
        for _ in 0..<2 {
            let answer = try await front.post(["from": "a@example.org", "to": "b@example.net", "text": "hi"])
            #expect(answer.status == row.status)
            #expect(answer.json["stage"] as? String == row.stage)
            #expect(answer.json["outcome"] as? String == row.outcome)
            let code = answer.json["code"] as? Int
            switch row.flag {
            case "-f": #expect(code.map { $0 / 100 } == 5)
            case "-r": #expect(code.map { $0 / 100 } == 4)
            default: #expect(code == nil)
            }
            if row.flag != "-q" { #expect((answer.json["text"] as? String)?.isEmpty == false) }
        }
        await front.gateway.stop()
        sink.stop()
    }
}
