/// Why a source has no access token, in words that may be shown.
public protocol AccessTokenFailure: Error {
    /// What happened and what to do, in one line without secrets.
    var explanation: String { get }
    /// Whether the source may have a token later, with nothing changed.
    var isTemporary: Bool { get }
}
