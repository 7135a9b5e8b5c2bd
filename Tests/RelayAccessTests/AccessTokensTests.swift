import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

@testable import RelayAccess

@Suite struct AccessTokensTests {
    /// A value that a test and an endpoint share.
    final class Shared<Value: Sendable>: Sendable {
        let value: Mutex<Value>

        init(_ value: Value) {
            self.value = Mutex(value)
        }
    }

    let clock = ManualClock()
    let log = KeptLog()

    /// A source of tokens that asks a scripted endpoint.
    private func tokens(_ grant: TokenGrant? = nil, from endpoint: ScriptedEndpoint) throws -> AccessTokens {
        let url = try TokenURL("https://login.example.org/token")
        let grant = grant ?? .clientCredentials(clientID: "client", .secret("hunter2"))
        return AccessTokens(
            .endpoint(TokenEndpoint(url: url, grant, scope: "mail")), logger: log.logger, clock: clock.clock,
            jitter: { 0 }, transport: { _ in endpoint })
    }

    private func tokens(file: String) -> AccessTokens {
        AccessTokens(.file(path: file), logger: log.logger, clock: clock.clock, jitter: { 0 }) { _ in
            ScriptedEndpoint { _, _ in .failure(.cancelled) }
        }
    }

    private func error(of tokens: AccessTokens) async -> AccessTokenError? {
        do throws(AccessTokenError) {
            _ = try await tokens.token()
            return nil
        } catch {
            return error
        }
    }

    /// Waits until the timer is set to a time, in seconds.
    private func isSet(to seconds: Int) async -> Bool { await eventually { clock.alarms == [.seconds(seconds)] } }

    // MARK: Renewal

    @Test func manyWhoAskShareOneRequest() async throws {
        let endpoint = ScriptedEndpoint { number, _ in .success(.token("token-\(number)")) }
        let tokens = try tokens(from: endpoint)
        endpoint.hold()
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 { group.addTask { try await tokens.token() } }
            #expect(await eventually { endpoint.count == 1 })
            endpoint.release()
            for try await token in group { #expect(token == "token-1") }
        }
        #expect(endpoint.count == 1)
        #expect(
            endpoint.forms == [
                [
                    "grant_type": "client_credentials", "client_id": "client", "client_secret": "hunter2",
                    "scope": "mail",
                ]
            ])
        await tokens.stop()
        #expect(endpoint.shutdowns == 1)
    }

    @Test func theRenewalRunsInTheBackground() async throws {
        let endpoint = ScriptedEndpoint { number, _ in .success(.token("token-\(number)")) }
        let tokens = try tokens(from: endpoint)
        #expect(try await tokens.token() == "token-1")
        #expect(await isSet(to: 3300))
        endpoint.hold()
        clock.advance(to: .seconds(3300))
        #expect(await eventually { endpoint.count == 2 })
        #expect(try await tokens.token() == "token-1")
        endpoint.release()
        #expect(await isSet(to: 6600))
        #expect(try await tokens.token() == "token-2")
        await tokens.stop()
        #expect(await eventually { clock.alarms.isEmpty })
    }

    /// A day under load: the endpoint says at each moment which tokens are valid, and every one handed out is.
    @Test func aDayOfRenewalsHandsOutValidTokensOnly() async throws {
        let ends = Shared<[String: Duration]>([:])
        let clock = clock
        let endpoint = ScriptedEndpoint { number, _ in
            // The endpoint is down for ten minutes of each three hours, for less than a token lives.
            guard clock.now.components.seconds % 10_800 >= 600 || number == 1 else {
                return .failure(.unreachable("connection refused"))
            }
            ends.value.withLock { $0["token-\(number)"] = clock.now + .seconds(3600) }
            return .success(.token("token-\(number)"))
        }
        let tokens = try tokens(from: endpoint)
        var asked = 0
        for minute in 0..<1440 {
            clock.advance(to: .seconds(minute * 60))
            for _ in 0..<7 {
                let token = try await tokens.token()
                asked += 1
                let end = ends.value.withLock { $0[token] }
                #expect(end.map { clock.now < $0 } == true)
            }
            // What is due now has to be under way before the time goes on.
            #expect(await eventually { clock.alarms.first.map { $0 > clock.now } == true })
        }
        #expect(asked == 10_080)
        #expect(endpoint.mostOpen == 1)
        #expect(ends.value.withLock { $0.count } < 32)
        await tokens.stop()
    }

    @Test func anEndpointThatIsDownForLongIsAskedInPausesAndRecoversByItself() async throws {
        let isUp = Shared(false)
        let endpoint = ScriptedEndpoint { number, _ in
            isUp.value.withLock { $0 }
                ? .success(.token("token-\(number)")) : .failure(.unreachable("connection refused"))
        }
        let tokens = try tokens(from: endpoint)
        let first = try #require(await error(of: tokens))
        #expect(first.kind == .unreachable)
        #expect(first.isTemporary)
        #expect(first.description.contains("login.example.org could not be reached: connection refused."))
        // No request for those who ask in a pause.
        for _ in 0..<1000 { #expect(await error(of: tokens) == first) }
        #expect(endpoint.count == 1)
        for second in [1, 3, 7, 15, 31, 63, 123, 183] {
            #expect(await isSet(to: second))
            clock.advance(to: .seconds(second))
        }
        #expect(await isSet(to: 243))
        #expect(endpoint.count == 9)
        isUp.value.withLock { $0 = true }
        clock.advance(to: .seconds(243))
        #expect(await isSet(to: 243 + 3300))
        #expect(try await tokens.token() == "token-10")
        // Told once, and once more when it is over.
        #expect(log.count(.warning) == 1)
        #expect(log.count(.notice) == 1)
        await tokens.stop()
    }

    @Test func retryAfterIsObeyed() async throws {
        let endpoint = ScriptedEndpoint { number, _ in
            number == 1
                ? .success(.json("", status: 429, retryAfter: "90")) : .success(.token("token-\(number)"))
        }
        let tokens = try tokens(from: endpoint)
        #expect(await error(of: tokens)?.retryAfter == .seconds(90))
        #expect(await isSet(to: 90))
        clock.advance(to: .seconds(90))
        #expect(try await tokens.token() == "token-2")
        await tokens.stop()
    }

    @Test func noLineAndNoErrorShowsASecret() async throws {
        let endpoint = ScriptedEndpoint { _, form in
            let body = #"{"error":"invalid_client","error_description":"\#(form["client_secret"] ?? "") is wrong"}"#
            return .success(.json(body, status: 401))
        }
        let tokens = try tokens(from: endpoint)
        let error = try #require(await error(of: tokens))
        #expect(error.description.contains("[secret] is wrong"))
        #expect(log.all.count == 1)
        #expect(log.all.allSatisfy { !$0.text.contains("hunter2") && $0.text.contains("[secret] is wrong") })
        await tokens.stop()
    }

    // MARK: Refusal

    @Test func aRefusalByTheRelayRenewsOnceHoweverManySessionsTell() async throws {
        let endpoint = ScriptedEndpoint { number, _ in .success(.token("token-\(number)")) }
        let tokens = try tokens(from: endpoint)
        #expect(try await tokens.token() == "token-1")
        for _ in 0..<10 { await tokens.refused("token-1", reply: "535 5.7.3 Authentication unsuccessful") }
        #expect(try await tokens.token() == "token-2")
        await tokens.refused("token-1")
        #expect(try await tokens.token() == "token-2")
        #expect(endpoint.count == 2)
        // The new one too: the endpoint is left alone for a minute.
        await tokens.refused("token-2", reply: "535 5.7.3 Authentication unsuccessful for token-2")
        let error = try #require(await error(of: tokens))
        #expect(error.kind == .refusedByRelay)
        #expect(
            error.description.hasPrefix(
                "The relay refused a new access token too: 535 5.7.3 Authentication unsuccessful for [secret]. Check"
            ))
        #expect(endpoint.count == 2)
        #expect(await isSet(to: 60))
        clock.advance(to: .seconds(60))
        #expect(try await tokens.token() == "token-3")
        await tokens.stop()
    }

    // MARK: Refresh tokens

    @Test func aNewRefreshTokenIsWrittenBeforeTheAccessTokenIsGiven() async throws {
        let folder = try TemporaryFolder()
        let path = folder["refresh"]
        try Data("refresh-0\n".utf8).write(to: URL(filePath: path))
        let endpoint = ScriptedEndpoint { number, _ in
            .success(.token("token-\(number)", refreshToken: "refresh-\(number)"))
        }
        let tokens = try tokens(.refreshToken(.file(path: path), clientID: "client", nil), from: endpoint)
        #expect(try await tokens.token() == "token-1")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "refresh-1\n")
        #expect(await isSet(to: 3300))
        clock.advance(to: .seconds(3300))
        #expect(await isSet(to: 6600))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "refresh-2\n")
        // An administrator puts another one there.
        try Data("refresh-new".utf8).write(to: URL(filePath: path))
        clock.advance(to: .seconds(6600))
        #expect(await isSet(to: 9900))
        #expect(endpoint.forms.map { $0["refresh_token"] } == ["refresh-0", "refresh-1", "refresh-new"])
        #expect(log.all.isEmpty)
        await tokens.stop()
    }

    /// The endpoint has revoked the old refresh token, so the new one must not be lost with the access token beside it.
    @Test(arguments: [
        #""access_token":"t","expires_in":0"#, #""access_token":"t","token_type":"mac""#, #""access_token":"""#,
        #""access_token":7"#, #""error":"temporarily_unavailable""#, #""access_token":"a b","expires_in":"soon""#,
    ])
    func aNewRefreshTokenIsKeptEvenIfTheAccessTokenIsUnusable(rest: String) async throws {
        let folder = try TemporaryFolder()
        let path = folder["refresh"]
        try Data("refresh-0".utf8).write(to: URL(filePath: path))
        let endpoint = ScriptedEndpoint { _, _ in .success(.json(#"{"refresh_token":"refresh-1",\#(rest)}"#)) }
        let tokens = try tokens(.refreshToken(.file(path: path), clientID: "client", nil), from: endpoint)
        await #expect(throws: AccessTokenError.self) { try await tokens.token() }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "refresh-1\n")
        await tokens.stop()
    }

    @Test func aRefreshTokenThatCannotBeWrittenIsUsedAndWrittenLater() async throws {
        let folder = try TemporaryFolder()
        let path = folder["refresh"]
        try Data("refresh-0".utf8).write(to: URL(filePath: path))
        let endpoint = ScriptedEndpoint { number, _ in
            // Something takes the file's place before the answer comes: nothing can be renamed to it.
            if number == 1 {
                try? FileManager.default.removeItem(atPath: path)
                try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            }
            return .success(.token("token-\(number)", lifetime: 20, refreshToken: number == 1 ? "refresh-1" : nil))
        }
        let tokens = try tokens(.refreshToken(.file(path: path), clientID: "client", nil), from: endpoint)
        #expect(try await tokens.token() == "token-1")
        #expect(log.count(.error) == 1)
        #expect(log.all.allSatisfy { !$0.text.contains("refresh-1") })
        // It is tried again after 1, 2, 4 seconds, …; the token is renewed after 16.
        for alarms in [[1, 16], [3, 16], [7, 16], [15, 16]] {
            #expect(await eventually { clock.alarms == alarms.map { .seconds($0) } })
            clock.advance(to: .seconds(alarms[0]))
        }
        #expect(await eventually { clock.alarms == [.seconds(16), .seconds(31)] })
        clock.advance(to: .seconds(16))
        #expect(await eventually { clock.alarms == [.seconds(31), .seconds(32)] })
        #expect(endpoint.forms.map { $0["refresh_token"] } == ["refresh-0", "refresh-1"])
        try FileManager.default.removeItem(atPath: path)
        clock.advance(to: .seconds(31))
        #expect(await eventually { (try? String(contentsOfFile: path, encoding: .utf8)) == "refresh-1\n" })
        #expect(clock.alarms == [.seconds(32)])
        await tokens.stop()
    }

    @Test func aStopWritesWhatCouldNotBeWritten() async throws {
        let folder = try TemporaryFolder()
        let path = folder["refresh"]
        try Data("refresh-0".utf8).write(to: URL(filePath: path))
        let endpoint = ScriptedEndpoint { _, _ in
            try? FileManager.default.removeItem(atPath: path)
            try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            return .success(.token("token", refreshToken: "refresh-1"))
        }
        let tokens = try tokens(.refreshToken(.file(path: path), clientID: "client", nil), from: endpoint)
        #expect(try await tokens.token() == "token")
        try FileManager.default.removeItem(atPath: path)
        await tokens.stop()
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "refresh-1\n")
        #expect(await eventually { clock.alarms.isEmpty })
    }

    @Test func aStopWaitsForANewRefreshToken() async throws {
        let folder = try TemporaryFolder()
        let path = folder["refresh"]
        try Data("refresh-0".utf8).write(to: URL(filePath: path))
        let endpoint = ScriptedEndpoint { number, _ in
            .success(.token("token-\(number)", refreshToken: "refresh-\(number)"))
        }
        let tokens = try tokens(.refreshToken(.file(path: path), clientID: "client", .secret("x")), from: endpoint)
        endpoint.hold()
        async let token = tokens.token()
        #expect(await eventually { endpoint.count == 1 })
        async let stopped: Void = tokens.stop()
        // It has begun: nobody else gets anything.
        #expect(endpoint.shutdowns == 0)
        endpoint.release()
        #expect(try await token == "token-1")
        await stopped
        #expect(endpoint.shutdowns == 1)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "refresh-1\n")
        #expect(endpoint.count == 1)
    }

    @Test func aRefreshTokenWithoutAFileIsKeptInMemoryAndTheLogSaysSoOnce() async throws {
        let endpoint = ScriptedEndpoint { number, _ in
            .success(.token("token-\(number)", refreshToken: "refresh-\(number)"))
        }
        let tokens = try tokens(.refreshToken(.value("refresh-0"), clientID: "client", nil), from: endpoint)
        #expect(try await tokens.token() == "token-1")
        clock.advance(to: .seconds(3400))
        #expect(await eventually { endpoint.count == 2 })
        #expect(await isSet(to: 6700))
        #expect(endpoint.forms.map { $0["refresh_token"] } == ["refresh-0", "refresh-1"])
        #expect(log.all.map(\.level) == [.warning])
        await tokens.stop()
    }

    @Test func aRefreshTokenFileThatIsMissingIsAnErrorThatNamesIt() async throws {
        let endpoint = ScriptedEndpoint { _, _ in .success(.token("token")) }
        let path = "/nowhere/refresh"
        let tokens = try tokens(.refreshToken(.file(path: path), clientID: "client", nil), from: endpoint)
        let error = try #require(await error(of: tokens))
        #expect(error.kind == .file)
        #expect(error.description.contains(path))
        #expect(endpoint.count == 0)
        await tokens.stop()
    }

    // MARK: Stop and cancellation

    @Test func aStopCancelsARequestThatBringsNothingElse() async throws {
        let endpoint = ScriptedEndpoint { _, _ in .success(.token("token")) }
        let tokens = try tokens(from: endpoint)
        endpoint.hold()
        async let told = error(of: tokens)
        #expect(await eventually { endpoint.count == 1 })
        await tokens.stop()
        #expect(await told == .stopped)
        #expect(await error(of: tokens) == .stopped)
        #expect(log.all.isEmpty)
        await tokens.stop()
    }

    @Test func whoIsCancelledWaitsNoLongerAndTheRequestGoesOn() async throws {
        let endpoint = ScriptedEndpoint { _, _ in .success(.token("token")) }
        let tokens = try tokens(from: endpoint)
        endpoint.hold()
        let task = Task { await error(of: tokens) }
        #expect(await eventually { endpoint.count == 1 })
        task.cancel()
        #expect(await task.value?.kind == .stopped)
        endpoint.release()
        #expect(try await tokens.token() == "token")
        #expect(endpoint.count == 1)
        await tokens.stop()
    }

    // MARK: A file

    @Test func aTokenFileIsReadAgain() async throws {
        let folder = try TemporaryFolder()
        let path = folder["token"]
        let tokens = tokens(file: path)
        #expect(await error(of: tokens)?.kind == .file)
        try Data("one\n".utf8).write(to: URL(filePath: path))
        #expect(try await tokens.token() == "one")
        // Of the same size, and within the resolution of the file's time.
        try Data("two\n".utf8).write(to: URL(filePath: path))
        #expect(try await tokens.token() == "two")
        try Data("t w o".utf8).write(to: URL(filePath: path))
        #expect(await error(of: tokens)?.kind == .notUnderstood)
        await tokens.stop()
    }

    @Test func aRefusedTokenOfAFileWaitsForItsRenewalOrAMinute() async throws {
        let folder = try TemporaryFolder()
        let path = folder["token"]
        try Data("one".utf8).write(to: URL(filePath: path))
        let tokens = tokens(file: path)
        #expect(try await tokens.token() == "one")
        await tokens.refused("one", reply: "535 5.7.8 one is bad")
        let error = try #require(await error(of: tokens))
        #expect(error.kind == .refusedByRelay)
        #expect(error.description.contains(path))
        #expect(error.description.contains("535 5.7.8 [secret] is bad"))
        try Data("two".utf8).write(to: URL(filePath: path))
        #expect(try await tokens.token() == "two")
        try Data("one".utf8).write(to: URL(filePath: path))
        clock.advance(by: .seconds(60))
        #expect(try await tokens.token() == "one")
        await tokens.stop()
    }
}
