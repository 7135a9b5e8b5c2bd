internal import Foundation

/// A PostgreSQL server of its own on loopback, for as long as a test needs it.
public final class PostgreSQLServer: Sendable {
    /// The server could not be started.
    public struct Failure: Error {
        let text: String
    }

    /// Where it is, with user and password.
    public let uri: String
    private let folder: String

    private static let script = Program.project + "/scripts/store-postgresql"

    /// Makes a database, and starts its server.
    public init() async throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "postern-pg-\(UUID().uuidString)").path
        let started = try await Program.run(Self.script, ["start", folder])
        guard started.status == 0 else { throw Failure(text: started.errors) }
        uri = try String(contentsOfFile: folder + "/uri", encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Ends all connections, and starts anew.
    public func restart() async throws {
        let restarted = try await Program.run(Self.script, ["restart", folder])
        guard restarted.status == 0 else { throw Failure(text: restarted.errors) }
    }

    /// Ends the server.
    ///
    /// - Parameter removing: whether its database goes, too.
    public func stop(removing: Bool = true) async throws {
        _ = try await Program.run(Self.script, ["stop", folder] + (removing ? ["--remove"] : []))
    }

    /// Runs a statement.
    public func run(_ statement: String) async throws -> String {
        try await Program.run("/usr/bin/psql", [uri, "-qAtc", statement]).output
    }
}
