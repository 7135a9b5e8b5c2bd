/// The query parameters of a request, decoded, in their order.
public struct HTTPQuery: Sendable {
    /// Names and values; a parameter without a value has an empty one.
    public private(set) var parameters: [(name: String, value: String)] = []

    /// The value of the first parameter of that name, or nil.
    public subscript(name: String) -> String? {
        parameters.first { $0.name == name }?.value
    }

    mutating func append(name: String, value: String) {
        parameters.append((name, value))
    }
}
