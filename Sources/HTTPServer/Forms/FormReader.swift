internal import CMicrohttpd

/// Reads a form with libmicrohttpd's post processor while its body arrives. Used on the thread of its connection only.
@safe final class FormReader {
    /// The media type of a form, from Content-Type.
    private enum Kind {
        /// Rewritten and read at the end.
        case text
        case multipart
        case unreadable
    }

    /// Octets in which the post processor keeps what it has not understood yet: a header line of a part, such as one with
    /// a long file name, has to fit.
    private static let bufferSize = 32 * 1024

    private let kind: Kind
    private var processor: OpaquePointer?
    private var delimiters: FormDelimiters
    private var collector: FormCollector
    /// The text of a form that is not multipart.
    private var text: [UInt8] = []
    private var error: HTTPFormError?

    init(contentType: String?, maximumParts: Int) {
        let boundary = contentType.flatMap(Self.boundary)
        if contentType?.lowercased().hasPrefix("application/x-www-form-urlencoded") == true {
            kind = .text
        } else {
            kind = boundary == nil ? .unreadable : .multipart
        }
        delimiters = FormDelimiters(boundary: boundary ?? "")
        collector = FormCollector(maximumParts: maximumParts)
        if kind == .unreadable { error = .boundary }
    }

    deinit {
        unsafe MHD_destroy_post_processor(processor)
    }

    /// The boundary as libmicrohttpd takes it from Content-Type: all that follows `boundary=`, without quotes around it.
    /// A boundary that it would take wrongly is none.
    static func boundary(_ contentType: String) -> String? {
        guard contentType.lowercased().hasPrefix("multipart/form-data"),
            let name = contentType.firstRange(of: "boundary=")
        else { return nil }
        var boundary = contentType[name.upperBound...]
        if boundary.count > 1, boundary.hasPrefix("\""), boundary.hasSuffix("\"") {
            boundary = boundary.dropFirst().dropLast()
        } else if boundary.contains(where: { ";, \t\"".contains($0) }) {
            return nil
        }
        // RFC 2046, section 5.1.1, allows one character; libmicrohttpd does not.
        return (2...70).contains(boundary.utf8.count) && !boundary.contains("\"") ? String(boundary) : nil
    }

    /// Takes a piece of the body.
    func take(_ piece: UnsafeRawBufferPointer, of connection: OpaquePointer) {
        guard error == nil else { return }
        guard kind == .multipart else {
            unsafe text.append(contentsOf: piece)
            return
        }
        var rest = unsafe piece
        while let end = unsafe delimiters.next(in: rest) {
            unsafe process(UnsafeRawBufferPointer(rebasing: rest[..<end]), of: connection)
            collector.delimiterPassed()
            unsafe rest = UnsafeRawBufferPointer(rebasing: rest[end...])
        }
        unsafe process(rest, of: connection)
    }

    /// The parts, at the end of the body.
    func finish(_ connection: OpaquePointer) -> Result<[HTTPFormPart], HTTPFormError> {
        if error == nil, kind == .text { unsafe processText(of: connection) }
        if error == nil, kind == .multipart, delimiters.count == 0 { error = .malformed }
        let isWhole = unsafe MHD_destroy_post_processor(processor) == .YES
        unsafe processor = nil
        if let error { return .failure(error) }
        return isWhole ? .success(collector.parts) : .failure(.malformed)
    }

    private func processText(of connection: OpaquePointer) {
        do throws(HTTPFormError) {
            let canonical = try FormText.canonical(text)
            text = []
            // All at once: then each value is called back with from its beginning, and names tell the parts apart.
            unsafe canonical.withUnsafeBytes { unsafe process($0, of: connection) }
        } catch {
            self.error = error
        }
    }

    private func process(_ octets: UnsafeRawBufferPointer, of connection: OpaquePointer) {
        guard unsafe !octets.isEmpty, error == nil else { return }
        if unsafe processor == nil {
            // No call comes but from `MHD_post_process`, right below, while this object is there.
            unsafe processor = MHD_create_post_processor(
                connection, Self.bufferSize, Self.iterator, Unmanaged.passUnretained(self).toOpaque())
        }
        guard unsafe processor != nil else {
            error = .boundary
            return
        }
        let result = unsafe MHD_post_process(
            processor, octets.baseAddress?.assumingMemoryBound(to: CChar.self), octets.count)
        if result != .YES, error == nil { error = .malformed }
    }

    private static let iterator: MHD_PostDataIterator = {
        context, _, name, filename, type, encoding, data, offset, size in
        guard let context = unsafe context else { return .NO }
        let reader = unsafe Unmanaged<FormReader>.fromOpaque(context).takeUnretainedValue()
        let piece = unsafe FormCollector.Piece(
            name: FormReader.text(name), filename: FormReader.name(filename), contentType: FormReader.text(type),
            transferEncoding: FormReader.text(encoding), offset: Int(clamping: offset))
        return unsafe reader.called(piece, UnsafeRawBufferPointer(start: data, count: size)) ? .YES : .NO
    }

    private func called(_ piece: FormCollector.Piece, _ octets: UnsafeRawBufferPointer) -> Bool {
        // Each value of a form that is not multipart begins with offset 0.
        if kind == .text, piece.offset == 0 { collector.delimiterPassed() }
        do throws(HTTPFormError) {
            unsafe try collector.take(piece, octets)
            return true
        } catch {
            self.error = error
            return false
        }
    }

    private static func text(_ text: UnsafePointer<CChar>?) -> String? {
        guard let text = unsafe text else { return nil }
        return unsafe String(validatingCString: text)
    }

    private static func name(_ text: UnsafePointer<CChar>?) -> FormCollector.Name {
        guard let text = unsafe text else { return .absent }
        return unsafe String(validatingCString: text).map { .text($0) } ?? .unreadable
    }
}
