/// A response that is kept to be given again.
public struct KeptResponse: Hashable, Sendable {
    /// A header field.
    public struct Field: Hashable, Sendable {
        /// The name, as it is written.
        public let name: String
        /// The value.
        public let value: String

        /// A field of a name and a value that hold no line ends.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The status code.
    public let status: Int
    /// The header fields, in their order.
    public let fields: [Field]
    /// The body.
    public let body: [UInt8]

    /// A response of its parts.
    public init(status: Int, fields: [Field], body: [UInt8]) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// How many octets it takes, about.
    var size: Int {
        fields.reduce(body.count + 8) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
    }
}
