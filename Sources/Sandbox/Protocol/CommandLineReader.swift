/// Cuts received octets into command lines (RFC 5321, section 2.3.8), wherever the network has cut them.
///
/// A lone LF ends a command line too, for people who type by hand; it never ends content.
struct CommandLineReader {
    enum Line: Equatable {
        /// A line without its end.
        case line(ArraySlice<UInt8>)
        /// A line that was longer than allowed and has been thrown away.
        case tooLong
    }

    /// Octets of a command line, its end included: RFC 5321, section 4.5.3.1.4, asks for 512, the parameters offered may add
    /// 600 (RFC 3461, section 4), and a response in AUTH may have 12,288 (RFC 4954, section 4).
    static let maximumOctets = 12_290

    private var partial: [UInt8] = []
    private var isTooLong = false

    /// The next complete line, or nil if its end has not come. Moves `index` behind what it took.
    mutating func next(_ octets: [UInt8], from index: inout Int) -> Line? {
        let start = index
        let end = Octets.index(of: Octets.lineFeed, in: octets, from: start)
        guard end < octets.count else {
            index = end
            isTooLong = isTooLong || partial.count + end - start >= Self.maximumOctets
            if isTooLong { partial = [] } else { partial += octets[start...] }
            return nil
        }
        index = end + 1
        defer {
            partial = []
            isTooLong = false
        }
        if isTooLong || partial.count + end + 1 - start > Self.maximumOctets { return .tooLong }
        var line = partial.isEmpty ? octets[start..<end] : (partial + octets[start..<end])[...]
        if line.last == Octets.carriageReturn { line.removeLast() }
        return .line(line)
    }
}
