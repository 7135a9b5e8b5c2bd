/// An access token that may be handed out.
struct HeldToken: Hashable, Sendable {
    let token: String
    /// When it is renewed.
    let renewal: Duration
    /// From when on it is not handed out any more.
    let end: Duration

    /// The longest time before its end at which a token is renewed. In five minutes the pauses after failures allow about
    /// nine attempts.
    private static let longestMargin: Duration = .seconds(300)
    /// The longest time before its end in which a token is not handed out any more. It has to reach the relay before its end.
    private static let longestReserve: Duration = .seconds(30)
    /// The shortest time between two renewals in the background.
    private static let shortestInterval: Duration = .seconds(10)

    /// A token that was given now.
    ///
    /// It is renewed when a fifth of its life is left, or five minutes if that is less: an hour's token after 55 minutes,
    /// a minute's after 48 seconds. It is handed out until a twentieth of its life is left, or 30 seconds if that is less.
    init(_ token: String, lifetime: Duration, at now: Duration) {
        self.token = token
        renewal = now + max(lifetime - min(lifetime / 5, Self.longestMargin), Self.shortestInterval)
        end = now + lifetime - min(lifetime / 20, Self.longestReserve)
    }

    func isValid(at now: Duration) -> Bool { now < end }
}
