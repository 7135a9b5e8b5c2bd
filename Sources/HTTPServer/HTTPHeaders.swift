/// The header fields of a request (RFC 9110, section 5), in their order. Names are matched without regard to case.
public struct HTTPHeaders: Sendable {
    private(set) var fields: [(name: String, value: String)] = []

    /// The value of the first field of that name, or nil.
    public subscript(name: String) -> String? {
        fields.first { Self.isSame($0.name, name) }?.value
    }

    /// All values of the fields of that name.
    public func values(_ name: String) -> [String] {
        fields.filter { Self.isSame($0.name, name) }.map(\.value)
    }

    mutating func append(name: String, value: String) {
        fields.append((name, value))
    }

    private static func isSame(_ left: String, _ right: String) -> Bool {
        guard left.utf8.count == right.utf8.count else { return false }
        var others = right.utf8.makeIterator()
        for a in left.utf8 {
            guard let b = others.next() else { return false }
            if a != b, a ^ b != 0x20 || !(0x61...0x7A).contains(a | 0x20) { return false }
        }
        return true
    }
}
