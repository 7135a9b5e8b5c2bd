internal import HTTPServer

extension HTTPQuery {
    /// Whether a flag is set. Its endpoint has checked that it is one.
    func isSet(_ flag: String) -> Bool {
        self[flag].map { $0 != "false" } ?? false
    }
}
