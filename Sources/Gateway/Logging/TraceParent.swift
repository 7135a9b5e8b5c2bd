/// The trace that a request belongs to, as its field `traceparent` says (W3C Trace Context, section 3.2).
struct TraceParent: Equatable {
    /// The field as a request carries it, of version 00.
    let text: String
    /// 32 hexadecimal digits.
    let traceID: String
    /// 16 hexadecimal digits: the span that the request was made in.
    let parentID: String

    /// The octets of version 00; a later version may go on behind them, after a hyphen.
    private static let length = 55

    /// Reads the field; nil if it is not of that form, and then the request belongs to no trace.
    init?(_ text: String) {
        let octets = Array(text.utf8.prefix(Self.length + 1))
        guard octets.count >= Self.length else { return nil }
        let hyphens = [2, 35, 52]
        for (place, octet) in octets.prefix(Self.length).enumerated() {
            let isSound =
                hyphens.contains(place)
                ? octet == UInt8(ascii: "-") : (0x30...0x39).contains(octet) || (0x61...0x66).contains(octet)
            guard isSound else { return nil }
        }
        let version = octets[0..<2]
        guard !version.elementsEqual("ff".utf8) else { return nil }
        if octets.count > Self.length {
            guard !version.elementsEqual("00".utf8), octets[Self.length] == UInt8(ascii: "-") else { return nil }
        }
        let (trace, parent) = (octets[3..<35], octets[36..<52])
        guard trace.contains(where: { $0 != UInt8(ascii: "0") }), parent.contains(where: { $0 != UInt8(ascii: "0") })
        else { return nil }
        self.text = "00" + String(decoding: octets[2..<Self.length], as: UTF8.self)
        traceID = String(decoding: trace, as: UTF8.self)
        parentID = String(decoding: parent, as: UTF8.self)
    }
}
