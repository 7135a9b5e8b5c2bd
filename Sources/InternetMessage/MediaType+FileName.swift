extension MediaType {
    /// The type that files with the ending of a name have; nil for an ending that says nothing.
    ///
    ///     MediaType(ofFile: "report.pdf")?.description    // "application/pdf"
    ///
    /// The types are those that IANA has registered; the ending's case does not count.
    public init?(ofFile name: String) {
        guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")), dot != name.startIndex else { return nil }
        let ending = name[name.utf8.index(after: dot)...]
        guard ending.utf8.count <= Self.longestEnding, let type = Self.typesByEnding[ending.lowercased()] else {
            return nil
        }
        let names = type.split(separator: "/")
        self.init(type: String(names[0]), subtype: String(names[1]), parameters: [])
    }

    private static let longestEnding = 5

    private static let openDocument = "application/vnd.oasis.opendocument."
    private static let officeDocument = "application/vnd.openxmlformats-officedocument."

    private static let typesByEnding: [String: String] = [
        "txt": "text/plain", "log": "text/plain", "csv": "text/csv", "tsv": "text/tab-separated-values",
        "html": "text/html", "htm": "text/html", "css": "text/css", "md": "text/markdown", "ics": "text/calendar",
        "vcf": "text/vcard", "js": "text/javascript", "rtf": "application/rtf", "xml": "application/xml",
        "json": "application/json", "pdf": "application/pdf", "ps": "application/postscript",
        "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
        "svg": "image/svg+xml", "bmp": "image/bmp", "tif": "image/tiff", "tiff": "image/tiff", "heic": "image/heic",
        "avif": "image/avif", "ico": "image/vnd.microsoft.icon",
        "mp3": "audio/mpeg", "m4a": "audio/mp4", "ogg": "audio/ogg", "wav": "audio/vnd.wave", "flac": "audio/flac",
        "mp4": "video/mp4", "mov": "video/quicktime", "webm": "video/webm", "mpeg": "video/mpeg",
        "avi": "video/vnd.avi",
        "zip": "application/zip", "gz": "application/gzip", "7z": "application/x-7z-compressed",
        "tar": "application/x-tar", "epub": "application/epub+zip", "wasm": "application/wasm",
        "doc": "application/msword", "xls": "application/vnd.ms-excel", "ppt": "application/vnd.ms-powerpoint",
        "docx": officeDocument + "wordprocessingml.document", "xlsx": officeDocument + "spreadsheetml.sheet",
        "pptx": officeDocument + "presentationml.presentation", "odt": openDocument + "text",
        "ods": openDocument + "spreadsheet", "odp": openDocument + "presentation",
        "p7m": "application/pkcs7-mime", "p7s": "application/pkcs7-signature", "asc": "application/pgp-signature",
        "eml": "message/rfc822",
    ]
}
