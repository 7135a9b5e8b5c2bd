/// A setting that is missing, unknown or malformed: one line that names it and says what to do.
public struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The setting's name, such as `POSTERN_LISTEN`.
    public let setting: String
    /// What is wrong and what to do. It never holds the value of a secret.
    public let problem: String

    /// The whole line.
    public var description: String { "\(setting): \(problem)" }

    /// - Parameters:
    ///   - setting: its name, such as `POSTERN_LISTEN`.
    ///   - problem: what is wrong and what to do, without the value of a secret.
    package init(_ setting: String, _ problem: String) {
        self.setting = setting
        self.problem = problem
    }
}
