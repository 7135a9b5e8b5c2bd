internal import SMTP

/// Whether the relays can be used: asked in the background by sessions of their own, the results kept.
///
/// Nobody is asked before the first question, and no longer after nobody has asked for a while: an instance that nothing
/// watches does not trouble its relays.
actor RelayHealth {
    /// What was found of a relay.
    struct Finding {
        let name: String
        let latency: Duration
        let error: SMTPError?
    }

    /// How long a finding counts. Monitoring may ask as often as it likes without the relay noticing.
    static let lifetime: Duration = .seconds(5)
    /// How long probes go on after the last question: longer than monitoring is used to wait between two.
    static let attention: Duration = .seconds(120)

    private let clock = ContinuousClock()
    private var relays: [Relay]
    private var findings: [Finding]?
    private var askedAt: ContinuousClock.Instant
    private var probe: Task<[Finding], Never>?
    private var watch: Task<Void, Never>?

    init(_ relays: [Relay]) {
        self.relays = relays
        askedAt = clock.now
    }

    /// The last findings, or the first ones where there are none.
    func check() async -> [Finding] {
        askedAt = clock.now
        if watch == nil { watch = Task { await self.keepWatching() } }
        if let findings { return findings }
        return await refresh()
    }

    /// The last findings without asking for more, for the metrics.
    var last: [Finding] { findings ?? [] }

    /// Other relays are to be asked.
    func use(_ relays: [Relay]) {
        self.relays = relays
        findings = nil
        probe = nil
    }

    /// Nothing is asked any more.
    func stop() {
        watch?.cancel()
    }

    /// Those who ask at the same time share one probe.
    private func refresh() async -> [Finding] {
        if let probe { return await probe.value }
        let relays = relays
        let probe = Task { await Self.ask(relays) }
        self.probe = probe
        let found = await probe.value
        // A reload may have put other relays in the place of these.
        if self.probe == probe {
            self.probe = nil
            findings = found
        }
        return found
    }

    private func keepWatching() async {
        while clock.now - askedAt < Self.attention {
            do {
                try await Task.sleep(for: Self.lifetime)
            } catch {
                break
            }
            _ = await refresh()
        }
        // What was found is old when somebody asks again.
        watch = nil
        findings = nil
    }

    private static func ask(_ relays: [Relay]) async -> [Finding] {
        await withTaskGroup { group in
            for (index, relay) in relays.enumerated() { group.addTask { (index, await ask(relay)) } }
            var found: [(Int, Finding)] = []
            for await finding in group { found.append(finding) }
            return found.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    /// Connects, sets up a session as for a message, and ends it.
    private static func ask(_ relay: Relay) async -> Finding {
        let clock = ContinuousClock()
        let start = clock.now
        do throws(SMTPError) {
            let session = try await SMTPSession.connect(relay.configuration.smtp)
            let latency = clock.now - start
            try? await session.disconnect()
            relay.probeSucceeded()
            return Finding(name: relay.name, latency: latency, error: nil)
        } catch {
            return Finding(name: relay.name, latency: clock.now - start, error: error)
        }
    }
}
