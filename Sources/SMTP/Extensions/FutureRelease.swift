/// Until when a server holds a message before it passes it on (RFC 4865).
public struct FutureRelease: Hashable, Sendable {
    /// The longest hold in seconds that the RFC can express: nine digits.
    public static let maximumSeconds = 999_999_999

    /// The seconds from the server's taking the message.
    public let seconds: Int

    /// A hold of so many seconds.
    ///
    /// - Throws: ``SMTPError`` with the reason `invalidUse` where the seconds are not from 1 to ``maximumSeconds``.
    public init(after seconds: Int) throws(SMTPError) {
        guard (1...Self.maximumSeconds).contains(seconds) else {
            throw SMTPError(
                .invalidUse, stage: .mail,
                detail: "the hold is \(seconds) s; it has to be from 1 to \(Self.maximumSeconds)")
        }
        self.seconds = seconds
    }

    func problem(with capabilities: Capabilities) -> String? {
        guard let most = capabilities.futureRelease.first else {
            return "a hold is asked for and the server does not offer FUTURERELEASE; leave it out"
        }
        if let most = Int(most), seconds > most {
            return "the hold is \(seconds) s and the server takes \(most) s at most"
        }
        return nil
    }

    /// The value of HOLDFOR.
    var value: String { String(seconds) }
}
