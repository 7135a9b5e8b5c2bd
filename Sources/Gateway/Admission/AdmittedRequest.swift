internal import MailAddress
internal import SMTP

/// A request with messages that was admitted: everything that was decided about it before its body was read. Whoever
/// handles the request has this, and does not decide again.
final class AdmittedRequest: Sendable {
    let dialect: any Dialect
    /// The path of its endpoint, as it is declared.
    let path: String
    let pathValues: [String]
    let caller: Caller
    /// The rules that applied when it was admitted, and do so to its end.
    let access: AccessControl
    private let relays: RelaySet
    /// Nil if the client gave none.
    let idempotencyKey: IdempotencyKey?
    private let room: Room

    init(
        _ dialect: any Dialect, path: String, pathValues: [String], _ caller: Caller, _ access: AccessControl,
        _ relays: RelaySet, _ idempotencyKey: IdempotencyKey?, _ room: Room
    ) {
        self.dialect = dialect
        self.path = path
        self.pathValues = pathValues
        self.caller = caller
        self.access = access
        self.relays = relays
        self.idempotencyKey = idempotencyKey
        self.room = room
    }

    /// The one mailbox as which a message has to be sent, and the relays that want it so; nil if they take any sender.
    func sender(for envelope: Envelope) -> (address: AddrSpec, relays: [Relay])? {
        relays.sender(for: envelope, key: caller.name)
    }

    /// The relays of a message, the first choice first.
    func relays(for envelope: Envelope) -> [Relay] {
        relays.relays(for: envelope, key: caller.name)
    }

    /// Checks that the caller may send a message.
    ///
    /// - Throws: a ``Problem`` with 403 that names every address that is not allowed.
    func check(_ draft: Draft) throws(Problem) {
        try access.check(draft, of: caller)
    }

    /// Takes messages from the caller's rate, all or none.
    ///
    /// - Throws: a ``Problem`` with 429, or with 422 if the rate never allows so many at once.
    func takeMessages(_ count: Int) throws(Problem) {
        try access.takeMessages(count, of: caller)
    }

    /// Checks that there is room. With an Idempotency-Key this happens after the look-up, and not at admission; so it is
    /// with the caller's rate.
    ///
    /// - Parameter isCounted: whether the message is among those that are under way.
    /// - Throws: a ``Problem`` with 503.
    func checkRoom(isCounted: Bool) throws(Problem) {
        try room.check(isCounted: isCounted)
    }
}
