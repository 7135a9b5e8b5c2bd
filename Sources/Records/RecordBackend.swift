/// A database with records in it, as the thread of a ``DurableRecordStore`` sees it: it may wait, and is used by that
/// thread only.
protocol RecordBackend: Sendable {
    static var kind: RecordStoreStatus.Kind { get }
    /// How many records were removed before their time so far, to keep within the bound of their size.
    var evicted: Int { get }

    /// Opens the database, creates or migrates its tables, and takes the secret that it keeps.
    mutating func open() throws(RecordBackendError) -> RecordSecret

    /// Does jobs, each about another key, and returns when all that they changed is durable. If it throws, nothing may
    /// have been changed, or all.
    ///
    /// - Parameter held: the messages that are this process's own and under way.
    mutating func run(
        _ jobs: [RecordJob], held: [RecordKey: MessageFingerprint]
    ) throws(RecordBackendError) -> [RecordJob.Result]

    /// Does what is due from time to time: says that the instance lives, removes what has expired, in slices.
    mutating func maintain(held: [RecordKey: MessageFingerprint]) throws(RecordBackendError)

    /// Lets the database go; after an error ``open()`` follows.
    mutating func close()
}

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
