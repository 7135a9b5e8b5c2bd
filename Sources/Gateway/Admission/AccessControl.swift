internal import HTTPServer
internal import InternetMessage
internal import MailAddress
internal import SMTP

/// Who may ask for what: keys, allowed senders and recipients, rates.
final class AccessControl: Sendable {
    private let keys: APIKeys
    private let recipients: [AddressPattern]?
    private let sameOrigin: SameOriginRule
    private let addressLimiter: AddressRateLimiter?
    private let takesTestKeys: Bool
    private let start = ContinuousClock.now

    /// - Parameter isLoopback: whether only this host can reach the gateway.
    init(_ configuration: AccessConfiguration, isLoopback: Bool) {
        keys = configuration.keys
        sameOrigin = SameOriginRule(isLoopback: isLoopback)
        recipients = configuration.recipients
        takesTestKeys = configuration.takesTestKeys
        addressLimiter = configuration.ratePerAddress.map { AddressRateLimiter($0) }
    }

    /// Whether a web page of another origin may have made the request, if no key tells.
    ///
    /// - Throws: a ``Problem`` with 403.
    func checkOrigin(of head: HTTPRequestHead) throws(Problem) {
        if keys.isEmpty { try sameOrigin.check(head) }
    }

    /// Who makes a request. One that names no key counts against the rate of its address, too: guessing keys is slow.
    ///
    /// - Parameters:
    ///   - field: where the key may be beside the fields that are taken everywhere.
    ///   - isTest: whether the key is a vendor's test key, so that nothing is sent.
    /// - Throws: a ``Problem`` with 401 or 429.
    func caller(of head: HTTPRequestHead, field: KeyField?, isTest: Bool = false) throws(Problem) -> Caller {
        if let addressLimiter, let wait = addressLimiter.take(head.client, now: now()) {
            throw .rateLimited("this client address", wait)
        }
        if isTest, takesTestKeys { return .test }
        return try keys.caller(of: head.headers, field: field)
    }

    /// Takes messages from the caller's rate, all or none.
    ///
    /// - Throws: a ``Problem`` with 429, or with 422 if the rate never allows so many at once.
    func takeMessages(_ count: Int, of caller: Caller) throws(Problem) {
        guard let limiter = caller.limiter else { return }
        guard limiter.allows(count) else { throw .tooManyForRate(count) }
        if let wait = limiter.take(count, now: now()) {
            throw .rateLimited(caller.name.map { "the key \($0)" } ?? "this gateway", wait)
        }
    }

    /// Whether the caller may send this message.
    ///
    /// - Parameters:
    ///   - authors: the addresses of `From` and `Sender`; nil if they cannot be read, and then no sender is allowed.
    ///   - envelope: who the relay is told. The null reverse-path names nobody, and anyone may use it.
    ///   - caller: who sends.
    /// - Throws: a ``Problem`` with 403 that names every address.
    func check(_ authors: [AddrSpec]?, _ envelope: Envelope, of caller: Caller) throws(Problem) {
        guard caller.senders != nil || caller.recipients != nil || recipients != nil else { return }
        var errors: [FieldError] = []
        if let allowed = caller.senders {
            if authors == nil { errors.append(FieldError("/from", "who sends it cannot be read from From and Sender")) }
            let authors = authors ?? []
            for author in authors where !allowed.contains(where: { $0.matches(author) }) {
                errors.append(FieldError("/from", "the key may not send as \(author)"))
            }
            if let path = envelope.reversePath, !authors.contains(path), !allowed.contains(where: { $0.matches(path) })
            {
                errors.append(FieldError("/envelope/from", "the key may not send as \(path)"))
            }
        }
        for recipient in envelope.recipients {
            if let recipients, !recipients.contains(where: { $0.matches(recipient) }) {
                errors.append(
                    FieldError(
                        "",
                        "this gateway sends to the addresses of POSTERN_ALLOWED_RECIPIENTS only, not to \(recipient)"))
            } else if let allowed = caller.recipients, !allowed.contains(where: { $0.matches(recipient) }) {
                errors.append(FieldError("", "the key may not send to \(recipient)"))
            }
        }
        if !errors.isEmpty { throw .forbidden(errors) }
    }

    /// The same for a message that is not composed yet.
    func check(_ draft: Draft, of caller: Caller) throws(Problem) {
        switch draft {
        case .fields(let submission): try check(submission, of: caller)
        case .raw(let message, _): try check(message.authors, message.envelope, of: caller)
        }
    }

    private func check(_ submission: Submission, of caller: Caller) throws(Problem) {
        guard caller.senders != nil || caller.recipients != nil || recipients != nil else { return }
        let message = submission.message
        var authors: [AddrSpec]? = message.from.map(\.address)
        for header in message.headers where Self.authorNames.contains(header.name.lowercased()) {
            let list = try? AddressList(parsing: header.value)
            authors = list.flatMap { list in authors.map { $0 + list.mailboxes.map(\.address) } }
        }
        try check(authors, submission.envelope, of: caller)
    }

    /// The header fields beside From that say who sends, in lower case.
    private static let authorNames: Set<String> = ["sender", "resent-from", "resent-sender"]

    private func now() -> Int64 {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
