public import Foundation
public import InternetMessage

/// A message that an embedded relay caught instead of delivering it.
public struct CaughtMessage: Sendable {
    /// The ID by which it is asked for.
    public let id: String
    /// Its place in the order of arrival, from 1.
    public let number: Int
    /// When it was received.
    public let receivedAt: Date
    /// The reverse-path, empty for the null reverse-path.
    public let reversePath: String
    /// The forward-paths.
    public let recipients: [String]
    /// The message as it was received.
    public let raw: [UInt8]
    /// The same, read to be shown.
    public let content: ReceivedMessage

    /// A caught message.
    public init(
        id: String, number: Int, receivedAt: Date, reversePath: String, recipients: [String], raw: [UInt8],
        content: ReceivedMessage
    ) {
        self.id = id
        self.number = number
        self.receivedAt = receivedAt
        self.reversePath = reversePath
        self.recipients = recipients
        self.raw = raw
        self.content = content
    }
}
