public import SMTP

/// How far a session with a relay gets, stage by stage: for whoever sets the gateway up.
public struct RelayCheck: Sendable {
    /// One stage that was tried.
    public struct Step: Hashable, Sendable {
        /// What was tried.
        public let name: String
        /// Whether it went well.
        public let isSound: Bool
        /// What was found, or what went wrong and what to do.
        public let detail: String
    }

    /// The stages in their order, up to the first that failed.
    public let steps: [Step]

    /// Whether a message could be sent now.
    public var isSound: Bool { steps.allSatisfy(\.isSound) }

    /// Sets a session up as for a message, and ends it.
    ///
    /// - Parameters:
    ///   - configuration: how sessions with the relay are set up.
    ///   - name: the relay's name among the settings.
    public static func run(_ configuration: SMTPConfiguration, relay name: String) async -> RelayCheck {
        let clock = ContinuousClock()
        let start = clock.now
        do throws(SMTPError) {
            let session = try await SMTPSession.connect(configuration)
            let duration = clock.now - start
            let steps = await found(session, configuration, after: duration)
            try? await session.disconnect()
            return RelayCheck(steps: steps)
        } catch {
            return RelayCheck(error, configuration, relay: name)
        }
    }

    private init(steps: [Step]) {
        self.steps = steps
    }

    private static func found(
        _ session: SMTPSession, _ configuration: SMTPConfiguration, after duration: Duration
    ) async -> [Step] {
        let milliseconds = duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
        let extensions = await session.capabilities.names
        let tls = await session.tls
        let mechanism = await session.authenticationMechanism
        let verified = configuration.security.verifiesCertificate ? "verified" : "not verified (verify=false)"
        return [
            Step(
                name: "connect", isSound: true,
                detail: "\(configuration.host):\(configuration.port), session set up in \(milliseconds) ms"),
            Step(
                name: "ehlo", isSound: true,
                detail: extensions.isEmpty ? "no extensions" : "offers " + extensions.joined(separator: " ")),
            Step(
                name: "tls", isSound: true,
                detail: tls.map { "\($0.version), certificate \(verified)" } ?? "not used: all travels in clear"),
            Step(
                name: "auth", isSound: true,
                detail: mechanism.map { "as \(configuration.credentials?.username ?? ""), by \($0.rawValue)" }
                    ?? "no credentials are set"),
        ]
    }

    /// What stands before the stage that failed went well.
    private init(_ error: SMTPError, _ configuration: SMTPConfiguration, relay: String) {
        let stages: [(SMTPStage, String)] = [
            (.connect, "connect"), (.greeting, "greeting"), (.ehlo, "ehlo"), (.startTLS, "tls"), (.auth, "auth"),
        ]
        var steps: [Step] = []
        for (stage, name) in stages {
            guard stage != error.stage else { break }
            steps.append(
                Step(
                    name: name, isSound: true,
                    detail: stage == .connect ? "\(configuration.host):\(configuration.port)" : "done"))
        }
        let failed = stages.first { $0.0 == error.stage }?.1 ?? error.stage.rawValue
        steps.append(Step(name: failed, isSound: false, detail: RelayFailure(error, relay: relay).detail))
        self.steps = steps
    }
}
