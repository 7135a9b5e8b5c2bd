internal import Synchronization

/// The id of a request, by which its answer and its log lines are found: the client's own where that is well formed,
/// otherwise a new one.
enum RequestIdentifier {
    /// The name of the field that carries it, in requests and in answers.
    static let field = "X-Request-Id"

    /// Characters of a client's id that are taken at most: it stands in every log line of the request.
    static let maximumLength = 128

    /// Differs from process to process, so that ids of several instances and of later starts do not meet.
    private static let start = UInt64.random(in: .min ... .max)
    private static let count = Atomic<UInt64>(0)

    /// The digits of base 32 without the letters that are read as other ones (Crockford's).
    private static let digits: [UInt8] = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
    /// Digits of 64 bits. With up to 15 the string needs no memory of its own.
    private static let length = 13

    static func of(_ headers: HTTPHeaders) -> String {
        if let given = headers[field], isWellFormed(given) { return given }
        return make()
    }

    /// Letters, digits and `-._~:/+=@`: what UUIDs, ULIDs, base64 and the ids of proxies consist of, and nothing that
    /// could end a field or a log line.
    static func isWellFormed(_ text: String) -> Bool {
        (1...maximumLength).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "-._~:/+=@".utf8.contains(byte)
                }
            }
    }

    /// A new id: the next of a sequence in which no 64-bit number comes twice, mixed so that neighbours look unlike
    /// (the finalizer of SplitMix64).
    static func make() -> String {
        var bits = start &+ count.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        bits ^= bits >> 31
        // Each of the `length` octets that are announced is written, and all are ASCII.
        return unsafe String(unsafeUninitializedCapacity: length) { buffer in
            for place in 0..<length {
                unsafe buffer[place] = digits[Int(truncatingIfNeeded: bits & 31)]
                bits >>= 5
            }
            return length
        }
    }
}
