internal import SMTP

/// Whether the relay can be used: asked by a session of its own, the result kept for some seconds.
actor RelayHealth {
    /// What was found.
    struct Finding {
        let latency: Duration
        let error: SMTPError?
    }

    /// How long a finding counts. Monitoring may ask as often as it likes without the relay noticing.
    static let lifetime: Duration = .seconds(5)

    private let configuration: SMTPConfiguration
    private let clock = ContinuousClock()
    private var finding: (at: ContinuousClock.Instant, Finding)?
    private var probe: Task<Finding, Never>?

    init(_ configuration: SMTPConfiguration) {
        self.configuration = configuration
    }

    /// The last finding, or a new one where that is too old. Those who ask at the same time share one probe.
    func check() async -> Finding {
        if let (at, finding) = finding, clock.now - at < Self.lifetime { return finding }
        if let probe { return await probe.value }
        let probe = Task { await self.ask() }
        self.probe = probe
        let found = await probe.value
        self.probe = nil
        finding = (clock.now, found)
        return found
    }

    /// Connects, sets up a session as for a message, and ends it.
    private nonisolated func ask() async -> Finding {
        let start = clock.now
        do throws(SMTPError) {
            let session = try await SMTPSession.connect(configuration)
            let latency = clock.now - start
            try? await session.disconnect()
            return Finding(latency: latency, error: nil)
        } catch {
            return Finding(latency: clock.now - start, error: error)
        }
    }
}
