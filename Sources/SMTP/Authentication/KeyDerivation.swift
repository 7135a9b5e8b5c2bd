/// Work that has to be done before a challenge can be answered, and takes too long for an event loop: up to some hundred
/// milliseconds, as the server wants it.
struct KeyDerivation: Equatable, Sendable {
    let salting: SaltedPasswords.Salting
    /// Does it; afterwards the answer is found at once. May run on any thread.
    let run: @Sendable () -> Void

    static func == (left: KeyDerivation, right: KeyDerivation) -> Bool {
        left.salting == right.salting
    }
}
