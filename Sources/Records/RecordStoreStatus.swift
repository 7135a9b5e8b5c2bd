/// What a store is doing: for health checks and metrics.
public struct RecordStoreStatus: Hashable, Sendable {
    /// Where the records are.
    public enum Kind: String, Hashable, Sendable {
        case memory, sqlite, postgresql
    }

    /// Where this store has them.
    public let kind: Kind
    /// Why requests under keys are refused now; nil if they are not. It holds no secret.
    public var error: String?
    /// How many records were removed before their time, to keep within the bound of their size.
    public var evicted = 0

    init(_ kind: Kind) {
        self.kind = kind
    }
}
