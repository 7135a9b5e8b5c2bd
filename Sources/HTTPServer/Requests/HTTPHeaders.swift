/// The header fields of a request (RFC 9110, section 5), in their order. Names are matched without regard to case.
public struct HTTPHeaders: Sendable {
    private(set) var fields: [(name: String, value: String)] = []

    init() {
        // What common clients send.
        fields.reserveCapacity(8)
    }

    /// The value of the first field of that name, or nil.
    public subscript(name: String) -> String? {
        // Most are told apart by their length.
        let count = name.utf8.count
        for index in fields.indices where fields[index].name.utf8.count == count {
            if Self.isSame(fields[index].name, name) { return fields[index].value }
        }
        return nil
    }

    /// All values of the fields of that name.
    public func values(_ name: String) -> [String] {
        fields.filter { Self.isSame($0.name, name) }.map(\.value)
    }

    mutating func append(name: String, value: String) {
        fields.append((name, value))
    }

    /// Replaces all fields of that name by one.
    mutating func replace(name: String, value: String) {
        fields.removeAll { Self.isSame($0.name, name) }
        append(name: name, value: value)
    }

    private static func isSame(_ left: String, _ right: String) -> Bool {
        let left = left.utf8.span
        let right = right.utf8.span
        guard left.count == right.count else { return false }
        for index in left.indices {
            let (a, b) = (left[index], right[index])
            if a != b, a ^ b != 0x20 || !(0x61...0x7A).contains(a | 0x20) { return false }
        }
        return true
    }
}
