/// A database with records in it, as the thread of a ``DurableRecordStore`` sees it: it may wait, and is used by that
/// thread only.
protocol RecordBackend: Sendable {
    static var kind: RecordStoreStatus.Kind { get }
    /// Whether a claim changes nothing in the database, and need not wait for what does.
    static var claimsAreReads: Bool { get }
    /// How many records were removed before their time so far, to keep within the bound of their size.
    var evicted: Int { get }

    /// Opens the database, creates or migrates its tables, and takes the secret that it keeps.
    ///
    /// - Parameter instance: who opens it.
    mutating func open(as instance: InstanceID) throws(RecordBackendError) -> RecordSecret

    /// All keys that have a record, told from those that have none; nil if others may add some.
    mutating func filter() throws(RecordBackendError) -> KeyFilter?

    /// Does jobs, each about another key, and returns when all that they changed is durable. If it throws, nothing may
    /// have been changed, or all.
    ///
    /// - Parameter isHeld: whether a message under a key is this process's own and under way.
    mutating func run(
        _ jobs: [RecordJob], isHeld: (RecordKey) -> Bool
    ) throws(RecordBackendError) -> [RecordJob.Result]

    /// Takes a turn for each request, in their order. Nil where no turns are shared.
    mutating func takeTurns(_ requests: [TurnRequest]) throws(RecordBackendError) -> [Turn?]

    /// Does what is due from time to time: says that the instance lives, removes what has expired, in slices.
    mutating func maintain(isHeld: (RecordKey) -> Bool) throws(RecordBackendError)

    /// Says that the instance ends.
    mutating func leave()

    /// Lets the database go; after an error ``open(as:)`` follows.
    mutating func close()
}

extension RecordBackend {
    mutating func takeTurns(_ requests: [TurnRequest]) throws(RecordBackendError) -> [Turn?] {
        requests.map { _ in nil }
    }
}
