/// The content of a message as it comes in, held up to a bound; what goes beyond it is counted out and not kept.
struct ContentBuffer {
    private let maximumOctets: Int
    private var octets: [UInt8] = []
    /// Whether more came than may be kept.
    private(set) var isTooLarge = false

    init(maximumOctets: Int) {
        self.maximumOctets = maximumOctets
    }

    mutating func append(_ run: ArraySlice<UInt8>) {
        guard !isTooLarge else { return }
        guard run.count <= maximumOctets - octets.count else {
            isTooLarge = true
            octets = []
            return
        }
        octets += run
    }

    /// The content; the buffer is empty afterwards.
    mutating func take() -> [UInt8] {
        let taken = octets
        removeAll()
        guard taken.capacity > taken.count + taken.count / 4 else { return taken }
        // An array that grew may hold twice what is in it, and the inbox counts only what is in it.
        var exact: [UInt8] = []
        exact.reserveCapacity(taken.count)
        exact += taken
        return exact
    }

    mutating func removeAll() {
        octets = []
        isTooLarge = false
    }
}
