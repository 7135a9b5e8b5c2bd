@testable import HTTPServer

/// However a form is cut, its parts are the same, and no content holds a delimiter.
enum FormsTarget {
    private static let boundaries = ["b", "--", "aabaa", "----WebKitFormBoundary"]

    static func run(_ input: [UInt8]) {
        var input = Input(input)
        let seed = input.byte()
        let choice = Int(input.byte())
        let octets = input.remainder()
        let isURLEncoded = choice % 5 == 4
        let boundary = boundaries[choice % boundaries.count]
        let type =
            isURLEncoded ? "application/x-www-form-urlencoded" : "multipart/form-data; boundary=\"\(boundary)\""
        let whole = read([octets], type)
        ensure(whole == read(pieces(of: octets, seed: seed), type), "other parts")
        guard !isURLEncoded, case .success(let parts) = whole else { return }
        let delimiter = Array("\r\n--\(boundary)".utf8)
        for part in parts {
            ensure(!part.name.isEmpty, "a part without a name")
            for start in part.content.indices {
                ensure(!part.content[start...].starts(with: delimiter), "a delimiter within a part")
            }
        }
    }

    private static func read(_ pieces: [[UInt8]], _ type: String) -> Result<[HTTPFormPart], HTTPFormError> {
        let reader = FormReader(contentType: type, maximumParts: 20)
        for piece in pieces { reader.take(piece.span) }
        do throws(HTTPFormError) {
            return .success(try reader.finish())
        } catch {
            return .failure(error)
        }
    }
}
