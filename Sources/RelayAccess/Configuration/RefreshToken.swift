/// A refresh token (RFC 6749, section 1.5), or the file that holds it.
public enum RefreshToken: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// In a file, which is read for each request. A new refresh token of the endpoint replaces what the file holds.
    case file(path: String)
    /// The refresh token itself. A new one of the endpoint is kept in memory only, and lost when the process ends.
    case value(String)

    /// The file's path, or that there is a value.
    public var description: String {
        switch self {
        case .file(let path): "refresh token in \(path.debugDescription)"
        case .value: "refresh token [secret]"
        }
    }

    /// The same as `description`.
    public var debugDescription: String { description }
}
