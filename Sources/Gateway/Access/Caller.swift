/// Who makes a request, as far as its key says.
final class Caller: Sendable {
    /// The key's name; nil without a key.
    let name: String?

    /// Whoever it is: no key was asked for.
    static let anonymous = Caller(name: nil)

    init(name: String?) {
        self.name = name
    }
}
