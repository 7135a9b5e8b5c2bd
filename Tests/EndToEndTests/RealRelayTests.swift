import Testing

// One relay a suite, started once for all of its checks.

@Suite(.relay(.postfix), .serialized, .timeLimit(.minutes(3))) struct PostfixRelayTests {
    @Test(arguments: RealRelayCheck.allCases) func check(_ check: RealRelayCheck) async throws {
        try await check.run(on: #require(RealRelay.current))
    }
}

@Suite(.relay(.exim), .serialized, .timeLimit(.minutes(3))) struct EximRelayTests {
    @Test(arguments: RealRelayCheck.allCases) func check(_ check: RealRelayCheck) async throws {
        try await check.run(on: #require(RealRelay.current))
    }
}

@Suite(.relay(.opensmtpd), .serialized, .timeLimit(.minutes(3))) struct OpenSMTPDRelayTests {
    @Test(arguments: RealRelayCheck.allCases) func check(_ check: RealRelayCheck) async throws {
        try await check.run(on: #require(RealRelay.current))
    }
}

@Suite(.relay(.aiosmtpd), .serialized, .timeLimit(.minutes(3))) struct AiosmtpdRelayTests {
    @Test(arguments: RealRelayCheck.allCases) func check(_ check: RealRelayCheck) async throws {
        try await check.run(on: #require(RealRelay.current))
    }
}
