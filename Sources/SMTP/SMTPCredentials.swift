/// A user name and a password for AUTH (RFC 4954).
///
/// Its description hides the password, so that no log or error text can show it by accident.
public struct SMTPCredentials: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// The user's name.
    public let username: String
    let password: String

    /// Credentials of a user.
    public init(username: String, password: String) {
        self.username = username
        self.password = password
    }

    /// The user's name; the password is left out.
    public var description: String { "\(username):[password]" }
    /// The same as `description`.
    public var debugDescription: String { description }

    /// The one response of PLAIN (RFC 4616, section 2).
    var plainResponse: [UInt8] { [0] + Array(username.utf8) + [0] + Array(password.utf8) }
}
