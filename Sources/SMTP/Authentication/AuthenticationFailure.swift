/// Why a client breaks off an exchange. It holds no secret.
struct AuthenticationFailure: Error, Hashable, CustomStringConvertible {
    let description: String

    /// Whether the server broke the protocol; otherwise the credentials cannot be used.
    let isOfTheServer: Bool
    /// Whether the server only does not take the channel binding that it was offered.
    var isOfTheBinding = false

    static func server(_ description: String) -> AuthenticationFailure {
        AuthenticationFailure(description: description, isOfTheServer: true)
    }

    static func binding(_ description: String) -> AuthenticationFailure {
        AuthenticationFailure(description: description, isOfTheServer: true, isOfTheBinding: true)
    }

    static func credentials(_ description: String) -> AuthenticationFailure {
        AuthenticationFailure(description: description, isOfTheServer: false)
    }
}
