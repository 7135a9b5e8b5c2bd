public import SMTP

/// How far a session with a relay gets, stage by stage: for whoever sets the gateway up.
public struct RelayCheck: Sendable {
    /// The stages in their order, up to the first that failed.
    public let steps: [CheckStep]

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

    private init(steps: [CheckStep]) {
        self.steps = steps
    }

    private static func found(
        _ session: SMTPSession, _ configuration: SMTPConfiguration, after duration: Duration
    ) async -> [CheckStep] {
        let milliseconds = duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
        let extensions = await session.capabilities.names
        let tls = await session.tls
        let mechanism = await session.authenticationMechanism
        let verified = configuration.security.verifiesCertificate ? "verified" : "not verified (verify=false)"
        return [
            CheckStep(
                name: "connect", isSound: true,
                detail: "\(configuration.host):\(configuration.port), session set up in \(milliseconds) ms"),
            CheckStep(
                name: "ehlo", isSound: true,
                detail: extensions.isEmpty ? "no extensions" : "offers " + extensions.joined(separator: " ")),
            CheckStep(
                name: "tls", isSound: true,
                detail: tls.map { "\($0.version), certificate \(verified)" } ?? "not used: all travels in clear"),
            CheckStep(
                name: "auth", isSound: true,
                detail: mechanism.map { "as \(configuration.credentials?.shownUsername ?? ""), by \($0.rawValue)" }
                    ?? "no credentials are set"),
        ]
    }

    /// What stands before the stage that failed went well.
    private init(_ error: SMTPError, _ configuration: SMTPConfiguration, relay: String) {
        let stages: [(SMTPStage, String)] = [
            (.connect, "connect"), (.greeting, "greeting"), (.ehlo, "ehlo"), (.startTLS, "tls"), (.auth, "auth"),
        ]
        var steps: [CheckStep] = []
        for (stage, name) in stages {
            guard stage != error.stage else { break }
            steps.append(
                CheckStep(
                    name: name, isSound: true,
                    detail: stage == .connect ? "\(configuration.host):\(configuration.port)" : "done"))
        }
        let failed = stages.first { $0.0 == error.stage }?.1 ?? error.stage.rawValue
        steps.append(CheckStep(name: failed, isSound: false, detail: RelayFailure(error, relay: relay).detail))
        self.steps = steps
    }
}
