import Foundation
import NIOCore
import TestSupport
import Testing

/// `postern serve` as a program of its own, with its log in a file.
///
/// `@unchecked Sendable`: all is set once, but for the program's end, which the test itself waits for when the tasks that
/// send signals are over.
final class RunningGateway: @unchecked Sendable {
    let port: Int
    let program: Program
    private let folder: String

    /// The configuration file, which a reload reads anew.
    var file: String { folder + "/postern.yaml" }

    /// What the program has logged, all of it.
    var log: String { (try? String(contentsOfFile: folder + "/log", encoding: .utf8)) ?? "" }

    /// Starts the gateway and waits until it listens.
    ///
    /// - Parameters:
    ///   - settings: lines of the configuration file.
    ///   - openFiles: how many descriptors it may have; nil for as many as the tests may.
    init(_ settings: String, arguments: [String] = [], openFiles: Int? = nil) async throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "postern-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        port = try Program.freePort()
        let file = folder + "/postern.yaml"
        try settings.write(toFile: file, atomically: true, encoding: .utf8)
        // What the tests have open themselves is not the program's.
        let limit = openFiles.map { "for n in $(seq 3 255); do eval \"exec $n>&-\"; done; ulimit -n \($0); " } ?? ""
        program = try Program(
            "/bin/bash",
            ["-c", limit + "exec \"$@\"", "sh", "/usr/bin/env", "-i"] + PosternCommand.sanitizer + [
                "POSTERN_LISTEN=127.0.0.1:\(port)", "POSTERN_HELO_NAME=gate.example.org", PosternCommand.path,
                "serve", "--config", file,
            ] + arguments, errors: folder + "/log")
        try await Program.waitForPort(port)
    }

    deinit {
        program.stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Waits until the log has so many lines that hold a text.
    func waitForLog(_ text: String, count: Int = 1) async throws {
        while log.split(separator: "\n").count(where: { $0.contains(text) }) < count {
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    static func message(_ number: Int, headers: String = "") -> String {
        let body =
            #"{"from":"ann@example.org","to":"bob@example.net","subject":"Hi","text":"number \#(number) of many"}"#
        return "POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\(headers)"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    func get(_ path: String, headers: String = "") async throws -> HTTPAnswer {
        let connection = try RawConnection(port: port)
        try connection.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(headers)\r\n")
        return try #require(await connection.readAnswer())
    }
}

/// A relay that takes so many messages on each session, each after a while.
func patientRelay(messages: Int = 2000, pause: ScriptedRelay.Step = .pause(.milliseconds(3))) async throws
    -> ScriptedRelay
{
    let message: [ScriptedRelay.Step] = [
        .expectEnd("DATA\r\n"), .send("250 ok\r\n250 ok\r\n354 go\r\n"), .expectEnd("\r\n.\r\n"), pause,
        .send("250 2.0.0 Ok: queued\r\n"),
    ]
    return try await ScriptedRelay.start(
        [
            .send("220 relay\r\n"), .expectEnd("EHLO gate.example.org\r\n"), .send("250-relay\r\n250 PIPELINING\r\n"),
        ] + (0..<messages).flatMap { _ in message })
}

/// How often the whole text of each numbered message, its final dot included, has reached a relay.
func arrivals(at relay: ScriptedRelay) -> [Int: Int] {
    var found: [Int: Int] = [:]
    for text in relay.received {
        for match in text.matches(of: /number (\d+) of many\r\n\.\r\n/) {
            if let number = Int(match.output.1) { found[number, default: 0] += 1 }
        }
    }
    return found
}
