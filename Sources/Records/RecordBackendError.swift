/// Why a database does not do what a store needs, in words for a person, without secrets.
struct RecordBackendError: Error, Hashable, CustomStringConvertible {
    let description: String
    /// Whether it will not go away by itself: a start with it makes no sense.
    let isLasting: Bool
    /// Whether another process has the database for itself.
    let isInUse: Bool

    init(_ description: String, isLasting: Bool = false, isInUse: Bool = false) {
        self.description = description
        self.isLasting = isLasting
        self.isInUse = isInUse
    }
}
