/// Brings a body of `application/x-www-form-urlencoded` into a form that libmicrohttpd's post processor reads as every
/// browser means it. A value without I/O.
///
/// In 0.9.75 it refuses a second `=` in a value and a line break, drops a last name without `=`, and puts a lone `%` in
/// front of the next value.
enum FormText {
    /// The body rewritten.
    ///
    /// - Throws: where a name holds a NUL, at which the post processor would end it.
    static func canonical(_ body: [UInt8]) throws(HTTPFormError) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(body.count + 16)
        for pair in body.split(separator: UInt8(ascii: "&")) {
            if !output.isEmpty { output.append(UInt8(ascii: "&")) }
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            let name = pair[..<equals]
            let nameStart = output.count
            append(name, to: &output)
            if name.isEmpty || output[nameStart...].contains([0x25, 0x30, 0x30]) { throw .name }
            output.append(UInt8(ascii: "="))
            append(pair[equals...].dropFirst(), to: &output)
        }
        return output
    }

    private static func append(_ text: ArraySlice<UInt8>, to output: inout [UInt8]) {
        var index = text.startIndex
        while index < text.endIndex {
            let octet = text[index]
            switch octet {
            case UInt8(ascii: "="): output += "%3D".utf8
            case 0x0D: output += "%0D".utf8
            case 0x0A: output += "%0A".utf8
            case 0: output += "%00".utf8
            case UInt8(ascii: "%") where !isEscape(text[index...]): output += "%25".utf8
            default: output.append(octet)
            }
            index += 1
        }
    }

    private static func isEscape(_ text: ArraySlice<UInt8>) -> Bool {
        let digits = text.dropFirst().prefix(2)
        return digits.count == 2
            && digits.allSatisfy { $0 &- 0x30 < 10 || ($0 | 0x20) &- 0x61 < 6 }
    }
}
