/// A message that the sandbox caught.
public struct SandboxMessage: Hashable, Sendable {
    /// The id that its final reply named.
    public let id: String
    /// When it was received, in seconds since 1970.
    public let receivedAt: Double
    /// The name that the client gave in EHLO or HELO.
    public let helloName: String
    /// The reverse-path, empty for the null reverse-path (RFC 5321, section 4.5.5).
    public let reversePath: String
    /// The forward-paths that were accepted.
    public let recipients: [String]
    /// The content, byte for byte, the doubled dots undone (RFC 5321, section 4.5.2).
    public let raw: [UInt8]

    /// The fields of the header section in their order, unfolded; the values as UTF-8, what is not is replaced.
    public var headers: [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        for line in raw.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            if line.isEmpty { break }
            if line.first == UInt8(ascii: " ") || line.first == UInt8(ascii: "\t"), let last = fields.indices.last {
                fields[last].value += String(decoding: line, as: UTF8.self)
            } else if let colon = line.firstIndex(of: UInt8(ascii: ":")) {
                let value = line[(colon + 1)...].drop { $0 == UInt8(ascii: " ") }
                fields.append(
                    (String(decoding: line[..<colon], as: UTF8.self), String(decoding: value, as: UTF8.self)))
            } else {
                break
            }
        }
        return fields
    }
}
