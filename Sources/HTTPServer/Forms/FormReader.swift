/// Reads the form of a request while its body arrives.
///
/// An object, because the pieces of the body are added to it in place.
final class FormReader {
    private enum Kind {
        /// Gathered and read at the end: its fields are small.
        case urlEncoded([UInt8])
        case multipart(MultipartForm)
        case failed(HTTPFormError)
    }

    private var kind: Kind
    private let maximumParts: Int

    init(contentType: String?, maximumParts: Int) {
        self.maximumParts = maximumParts
        let type = contentType.flatMap { FieldParameters($0.utf8.span) }
        if type?.value == "application/x-www-form-urlencoded" {
            kind = .urlEncoded([])
        } else if type?.value == "multipart/form-data", let boundary = type?["boundary"].flatMap(Self.boundary) {
            kind = .multipart(MultipartForm(boundary: boundary, maximumParts: maximumParts))
        } else {
            kind = .failed(.boundary)
        }
    }

    /// A boundary of 1 to 70 visible characters or inner spaces (RFC 2046, section 5.1.1); nil for any other.
    static func boundary(_ octets: [UInt8]) -> String? {
        guard (1...70).contains(octets.count), octets.last != Octet.space,
            octets.allSatisfy({ (Octet.space..<Octet.delete).contains($0) })
        else { return nil }
        return String(decoding: octets, as: UTF8.self)
    }

    /// Takes a piece of the body.
    func take(_ octets: Span<UInt8>) {
        // Nothing else refers to what is taken out for the time of the change, so it is changed in place.
        let taken = kind
        kind = .failed(.malformed)
        switch consume taken {
        case .urlEncoded(var text):
            // The closure reads the octets, and keeps nothing of them.
            unsafe octets.withUnsafeBufferPointer { unsafe text.append(contentsOf: $0) }
            kind = .urlEncoded(text)
        case .multipart(var form):
            do throws(HTTPFormError) {
                try form.take(octets)
                kind = .multipart(form)
            } catch {
                kind = .failed(error)
            }
        case .failed(let error): kind = .failed(error)
        }
    }

    /// The parts, at the end of the body.
    ///
    /// - Throws: ``HTTPFormError`` if the form cannot be read.
    func finish() throws(HTTPFormError) -> [HTTPFormPart] {
        switch kind {
        case .urlEncoded(let text): return try URLEncodedForm.parts(text, atMost: maximumParts)
        case .multipart(let form):
            guard form.isComplete else { throw .malformed }
            return form.parts
        case .failed(let error): throw error
        }
    }
}
