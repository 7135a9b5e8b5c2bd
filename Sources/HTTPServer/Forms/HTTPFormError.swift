/// Why a form cannot be read: what is wrong and what to do about it.
public struct HTTPFormError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong and what to do.
    public let description: String

    init(_ description: String) {
        self.description = description
    }

    static let boundary = HTTPFormError(
        "Content-Type has no usable boundary; write multipart/form-data; boundary=…, of 1 to 70 characters")
    static let malformed = HTTPFormError(
        "the form is not well formed; each part begins with the boundary and a Content-Disposition, and the last one is "
            + "followed by the boundary and two hyphens")
    static let name = HTTPFormError(
        "a part of the form has no usable name; write Content-Disposition: form-data; name=\"…\", in UTF-8")
    static let nested = HTTPFormError(
        "a part of the form has parts of its own; send each file as a part of the form")

    static func filename(of part: String) -> HTTPFormError {
        HTTPFormError(
            "the file name of \(part.prefix(100).debugDescription) cannot be read; write it in UTF-8, and a double quote in it "
                + "as %22")
    }

    static func encoding(of part: String, _ encoding: String) -> HTTPFormError {
        HTTPFormError(
            "\(part.prefix(100).debugDescription) comes with Content-Transfer-Encoding \(encoding.prefix(40).debugDescription); "
                + "send its octets as they are")
    }

    static func tooManyParts(_ limit: Int) -> HTTPFormError {
        HTTPFormError("the form has more than \(limit) parts; send fewer")
    }
}
