/// What the owner of sessions calls one of them.
struct SessionID: Hashable, Sendable {
    /// Its place in the owner's table, which others take after it.
    let index: Int
    /// No two sessions of an owner have the same.
    let serial: Int
}
