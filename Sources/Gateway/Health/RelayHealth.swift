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
        /// How long the relay is not probed after this; `lifetime` but for a relay that refused the login.
        var pause = lifetime
        /// When it was found.
        let time = ContinuousClock.now
    }

    /// How long a finding counts. Monitoring may ask as often as it likes without the relay noticing.
    static let lifetime: Duration = .seconds(5)
    /// How long probes go on after the last question: longer than monitoring is used to wait between two.
    static let attention: Duration = .seconds(120)
    /// The longest pause between probes of a relay that refuses the login. Each probe is a failed login, and many in a row
    /// get an address banned or an account locked.
    static let longestPause: Duration = .seconds(300)

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

    /// The last findings, without waiting for the first ones. Whoever reads metrics counts as one who asks, so that an
    /// alert needs nobody else who does.
    func watched() -> [Finding] {
        askedAt = clock.now
        if watch == nil {
            watch = Task {
                _ = await self.refresh()
                await self.keepWatching()
            }
        }
        return findings ?? []
    }

    /// The last findings, without asking for more.
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
        let known = findings ?? []
        let probe = Task { await Self.ask(relays, known) }
        self.probe = probe
        let found = await probe.value
        // A reload may have replaced these relays.
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

    /// - Parameter known: what was found before.
    private static func ask(_ relays: [Relay], _ known: [Finding]) async -> [Finding] {
        await withTaskGroup { group in
            for (index, relay) in relays.enumerated() {
                let last = known.first { $0.name == relay.name }
                group.addTask { (index, await ask(relay, after: last)) }
            }
            var found: [(Int, Finding)] = []
            for await finding in group { found.append(finding) }
            return found.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    /// How long a relay is not probed: after a refused login twice as long as the time before.
    static func pause(after error: SMTPError, last: Finding?) -> Duration {
        guard error.stage == .auth, error.reason == .refused else { return lifetime }
        guard let last, last.error?.stage == .auth else { return lifetime * 2 }
        return min(last.pause * 2, longestPause)
    }

    /// Connects, sets up a session as for a message, and ends it; or repeats the last finding, while its pause lasts.
    private static func ask(_ relay: Relay, after last: Finding?) async -> Finding {
        let clock = ContinuousClock()
        let start = clock.now
        if let last, last.pause > lifetime, start - last.time < last.pause { return last }
        do throws(SMTPError) {
            let session = try await SMTPSession.connect(relay.smtp)
            let latency = clock.now - start
            try? await session.disconnect()
            relay.probeSucceeded()
            return Finding(name: relay.name, latency: latency, error: nil)
        } catch {
            return Finding(
                name: relay.name, latency: clock.now - start, error: error, pause: pause(after: error, last: last))
        }
    }
}
