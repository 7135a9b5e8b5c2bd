/// How log lines are written.
public enum LogFormat: String, Sendable {
    /// One JSON object a line.
    case json
    /// For a person at a terminal.
    case text
}
