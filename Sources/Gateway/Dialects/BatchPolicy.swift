/// How the messages of a request depend on each other.
enum BatchPolicy: Sendable {
    /// Not at all.
    case independent
    /// Nothing more is sent once a message was not accepted.
    case stopsOnError
    /// Nothing is sent if one is not valid.
    case allValid
}
