import Foundation
import Synchronization
import TestSupport
import Testing

/// `postern serve` under signals.
@Suite(.serialized, .timeLimit(.minutes(2))) struct ServeTests {
    /// What became of the numbered messages of clients that send side by side.
    private final class Load: Sendable {
        private struct State {
            var next = 0
            var answers: [Int: Int?] = [:]
            var isOver = false
        }

        private let state = Mutex(State())
        private let port: Int
        private let most: Int
        private let headers: String

        init(port: Int, most: Int, headers: String = "") {
            self.port = port
            self.most = most
            self.headers = headers
        }

        /// The status of each message that was sent; nil where no answer came.
        var answers: [Int: Int?] { state.withLock { $0.answers } }

        func answered(_ count: Int) async throws {
            while answers.count < count { try await Task.sleep(for: .milliseconds(2)) }
        }

        private func number() -> Int? {
            state.withLock { state in
                guard state.next < most, !state.isOver else { return nil }
                state.next += 1
                return state.next
            }
        }

        /// Sends on one connection after another, until there is nothing more to send, or nobody who takes it.
        func run() async {
            var connection: RawConnection?
            while let number = number() {
                connection = connection ?? (try? RawConnection(port: port))
                guard let open = connection else {
                    state.withLock { $0.isOver = true }
                    return
                }
                var answer: HTTPAnswer?
                if (try? open.send(RunningGateway.message(number, headers: headers))) != nil {
                    answer = await open.readAnswer()
                }
                let status = answer?.status
                state.withLock { $0.answers[number] = .some(status) }
                if answer == nil || answer?.field("connection") == "close" { connection = nil }
            }
        }
    }

    private func start(_ relay: ScriptedRelay, _ more: String = "") async throws -> RunningGateway {
        try await RunningGateway("relay: {url: 'smtp://127.0.0.1:\(relay.port)?tls=none', connections: 4}\n" + more)
    }

    @Test func terminationUnderLoadAnswersWhatWasTakenAndSendsNothingElse() async throws {
        let relay = try await patientRelay()
        let gateway = try await start(relay, "shutdown_delay: 200ms")
        let load = Load(port: gateway.port, most: 20_000)
        await withThrowingTaskGroup { group in
            for _ in 0..<16 { group.addTask { await load.run() } }
            group.addTask {
                try await load.answered(200)
                gateway.program.send(SIGTERM)
            }
            while let result = await group.nextResult() {
                if case .failure(let error) = result { Issue.record(error) }
            }
        }
        #expect(try await gateway.program.exitStatus() == 0)
        #expect(throws: RawConnection.Failure.self) { try RawConnection(port: gateway.port) }
        let arrived = arrivals(at: relay)
        var taken = 0
        for (number, status) in load.answers {
            switch status {
            case 200:
                taken += 1
                #expect(arrived[number] == 1)
            case 503, nil: #expect(arrived[number] == nil, "message \(number) was sent and not answered")
            case let status?: Issue.record("message \(number) was answered with \(status)")
            }
        }
        #expect(taken >= 200)
        #expect(arrived.count == taken)
        #expect(gateway.log.contains(#""message":"stopped""#))
        await relay.stop()
    }

    @Test func itIsNotReadyAtOnceAndStillTakesMessagesForAWhile() async throws {
        let relay = try await patientRelay()
        let gateway = try await start(relay, "shutdown_delay: 2s")
        let connection = try RawConnection(port: gateway.port)
        gateway.program.send(SIGTERM)
        try await gateway.waitForLog(#""message":"stopping""#)
        let answer = try await gateway.get("/readyz")
        #expect(answer.status == 503)
        #expect(answer.json["status"] as? String == "draining")
        try connection.send(RunningGateway.message(1))
        #expect(await connection.readAnswer()?.status == 200)
        #expect(try await gateway.program.exitStatus() == 0)
        await relay.stop()
    }

    @Test(arguments: [SIGTERM, SIGINT]) func aSignalAsSoonAsThePortIsOpenEndsItInOrder(_ signal: Int32) async throws {
        for _ in 0..<3 {
            let port = try Program.freePort()
            let program = try Program(
                "/usr/bin/env",
                ["-i"] + PosternCommand.sanitizer + [
                    "POSTERN_LISTEN=127.0.0.1:\(port)", "POSTERN_RELAY_URL=smtp://127.0.0.1:1?tls=none",
                    "POSTERN_SHUTDOWN_DELAY=0s", PosternCommand.path, "serve",
                ])
            while (try? RawConnection(port: port)) == nil { await Task.yield() }
            program.send(signal)
            #expect(try await program.exitStatus() == 0)
        }
    }

    @Test func reloadsUnderLoadFailNoRequest() async throws {
        let relay = try await patientRelay()
        let key = "first:0123456789"
        func settings(_ connections: Int, _ keys: String) -> String {
            "relay: {url: 'smtp://127.0.0.1:\(relay.port)?tls=none', connections: \(connections)}\napi_keys: [\(keys)]\n"
        }
        let gateway = try await RunningGateway(settings(4, key))
        let load = Load(port: gateway.port, most: 1200, headers: "X-API-Key: 0123456789\r\n")
        await withThrowingTaskGroup { group in
            for _ in 0..<16 { group.addTask { await load.run() } }
            group.addTask {
                for round in 1...4 {
                    try await load.answered(round * 200)
                    try settings(4 + round, "\(key), 'second:abcdefgh\(round)'")
                        .write(toFile: gateway.file, atomically: true, encoding: .utf8)
                    gateway.program.send(SIGHUP)
                    try await gateway.waitForLog("configuration reloaded", count: round)
                }
            }
            while let result = await group.nextResult() {
                if case .failure(let error) = result { Issue.record(error) }
            }
        }
        #expect(load.answers.count == 1200)
        #expect(load.answers.values.allSatisfy { $0 == 200 })
        #expect(arrivals(at: relay).values.allSatisfy { $0 == 1 })
        #expect(arrivals(at: relay).count == 1200)
        // The keys are those of the last reload.
        #expect(try await gateway.get("/metrics", headers: "X-API-Key: abcdefgh3\r\n").status == 401)
        let metrics = try await gateway.get("/metrics", headers: "X-API-Key: abcdefgh4\r\n")
        #expect(metrics.text.contains("postern_reloads_total{result=\"success\"} 4\n"))

        // A mistake leaves everything as it is, and says so.
        try (settings(4, "x:12345678") + "queue_timeout: soon\n").write(
            toFile: gateway.file, atomically: true, encoding: .utf8)
        gateway.program.send(SIGHUP)
        try await gateway.waitForLog("configuration not reloaded")
        #expect(gateway.log.contains("queue_timeout in \(gateway.file): \\\"soon\\\" is not a time"))
        let after = try await gateway.get("/metrics", headers: "X-API-Key: abcdefgh4\r\n")
        #expect(after.text.contains("postern_reloads_total{result=\"failure\"} 1\n"))
        gateway.program.send(SIGTERM)
        let status = try await gateway.program.exitStatus()
        #expect(status == 0)
        await relay.stop()
    }

    @Test func aSecondSignalEndsItAndTheClientIsToldWhatIsKnown() async throws {
        let relay = try await patientRelay(pause: .silence)
        let gateway = try await start(relay, "shutdown_delay: 0s\nshutdown_grace: 1h")
        let connection = try RawConnection(port: gateway.port)
        try connection.send(RunningGateway.message(1))
        while arrivals(at: relay).isEmpty { try await Task.sleep(for: .milliseconds(2)) }
        gateway.program.send(SIGTERM)
        try await gateway.waitForLog(#""message":"stopping""#)
        // The signal is sent until it is heard: the program may not listen for the second one yet.
        while !gateway.log.contains("stopping at once") {
            gateway.program.send(SIGTERM)
            try await Task.sleep(for: .milliseconds(20))
        }
        let answer = try #require(await connection.readAnswer())
        #expect(answer.status == 504)
        #expect(answer.json["outcome"] as? String == "unknown")
        #expect(try await gateway.program.exitStatus() == 75)
        await relay.stop()
    }

    @Test func theGraceEndsToo() async throws {
        let relay = try await patientRelay(pause: .silence)
        let gateway = try await start(relay, "shutdown_delay: 0s\nshutdown_grace: 100ms")
        let connection = try RawConnection(port: gateway.port)
        try connection.send(RunningGateway.message(1))
        while arrivals(at: relay).isEmpty { try await Task.sleep(for: .milliseconds(2)) }
        gateway.program.send(SIGTERM)
        #expect(await connection.readAnswer()?.status == 504)
        #expect(try await gateway.program.exitStatus() == 75)
        await relay.stop()
    }

    @Test func aMistakeInTheSettingsIsOneLineAndItsOwnExitCode() async throws {
        let result = try await PosternCommand.run(["serve"], environment: ["POSTERN_QUEUE_TIMEOUT": "soon"])
        #expect(result.status == 78)
        #expect(result.errors.hasPrefix("postern: POSTERN_QUEUE_TIMEOUT: \"soon\" is not a time"))
        #expect(result.errors.split(separator: "\n").count == 1)
    }
}
