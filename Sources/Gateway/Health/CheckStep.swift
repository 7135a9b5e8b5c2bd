/// Something that was tried, to see whether the gateway can do its work.
public struct CheckStep: Hashable, Sendable {
    /// What was tried.
    public let name: String
    /// Whether it went well.
    public let isSound: Bool
    /// What was found, or what went wrong and what to do.
    public let detail: String
}
