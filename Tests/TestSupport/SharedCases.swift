internal import Foundation

/// Test cases that are kept as JSON: from the folder `shared/cases` beside the project where it exists, so that new
/// cases are taken up by themselves, and otherwise from the project's own selection.
public enum SharedCases {
    /// The rows of a file, at least one: a test without cases would assert nothing.
    public static func rows<Row: Decodable>(_ file: String, as row: Row.Type = Row.self) -> [Row] {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let outside = tests.deletingLastPathComponent().deletingLastPathComponent().appending(
            path: "shared/cases/\(file)")
        let inside = tests.appending(path: "Cases/\(file)")
        for place in [outside, inside] {
            if let data = try? Data(contentsOf: place), let rows = try? JSONDecoder().decode([Row].self, from: data) {
                return rows
            }
        }
        preconditionFailure("there are no cases in \(file)")
    }
}
