/// What is wrong with the members of a request: the first errors, and how many there are in all.
///
/// A request can hold an error in every octet or two. Only as many are made as a client would read, so that what a bad
/// request costs does not depend on how bad it is.
struct FieldErrors: Sendable {
    /// The most errors that a response lists: nobody reads more, and the next attempt shows the others.
    static let maximumListed = 100

    /// The first errors, in the order in which they were found.
    private(set) var listed: [FieldError] = []
    /// How many errors there are, listed or not.
    private(set) var count = 0

    init() {}

    init(_ errors: [FieldError]) {
        listed = Array(errors.prefix(Self.maximumListed))
        count = errors.count
    }

    var isEmpty: Bool { count == 0 }

    /// Whether further errors are counted only.
    var isFull: Bool { listed.count >= Self.maximumListed }

    /// How many errors are not listed.
    var unlisted: Int { count - listed.count }

    /// The same errors with other pointers.
    func withPointers(_ pointer: (String) -> String) -> FieldErrors {
        var errors = self
        errors.listed = listed.map { FieldError(pointer($0.pointer), $0.detail) }
        return errors
    }

    /// Adds an error, which is made only if it is listed.
    mutating func add(_ error: @autoclosure () -> FieldError) {
        count += 1
        if !isFull { listed.append(error()) }
    }

    /// Adds what is wrong with a member.
    ///
    /// - Parameter name: the name of the member; nil if the errors are those of the same object.
    mutating func add(_ others: FieldErrors, under name: String? = nil) {
        guard others.count > 0 else { return }
        count += others.count
        for error in others.listed.prefix(Self.maximumListed - listed.count) {
            listed.append(name.map { error.under($0) } ?? error)
        }
    }
}
