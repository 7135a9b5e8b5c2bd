import Foundation
import Testing

/// A folder of Sources/Gateway is a floor: what it needs stands below it. So no two of them use each other, directly or by others.
@Suite struct FolderTests {
    private static let gateway = ConfigurationTests.root.appending(path: "Sources/Gateway").path

    /// The code of each file by its path, without comments and texts.
    private static func sources() throws -> [String: String] {
        var sources: [String: String] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: gateway) where path.hasSuffix(".swift") {
            sources[path] = try String(contentsOfFile: gateway + "/" + path, encoding: .utf8)
                .replacing(/"""[\s\S]*?"""|"(?:\\.|[^"\\\n])*"|\/\/[^\n]*/, with: "")
        }
        return sources
    }

    private static func folder(_ path: String) -> String {
        path.split(separator: "/").dropLast().joined(separator: "/")
    }

    @Test func noTwoFoldersUseEachOther() throws {
        let sources = try Self.sources()
        // The folders that declare a type of this name; one of several is not told from the others.
        var folders: [Substring: Set<String>] = [:]
        let declaration = /(?m)^(?:(?:public|package|final|indirect) )*(?:struct|class|enum|actor|protocol) (\w+)/
        for (path, code) in sources {
            for match in code.matches(of: declaration) {
                folders[match.output.1, default: []].insert(Self.folder(path))
            }
        }
        var used: [String: Set<String>] = [:]
        for (path, code) in sources {
            // A nested type may have the name of another folder's.
            let own = Set(code.matches(of: /\b(?:struct|class|enum|typealias|case) (\w+)/).map(\.output.1))
            for match in code.matches(of: /(?:^|[^.\w])([A-Z]\w+)/) where !own.contains(match.output.1) {
                guard let declaring = folders[match.output.1], declaring.count == 1 else { continue }
                used[Self.folder(path), default: []].formUnion(declaring)
            }
        }
        #expect(used.count > 10 && used["Delivery"]?.contains("Relays") == true)
        // What uses only folders that have been taken away is taken away; what is left uses itself by others.
        while let lowest = used.first(where: { folder, others in others.allSatisfy { $0 == folder || used[$0] == nil } }
        ) {
            used[lowest.key] = nil
        }
        #expect(used.isEmpty)
    }
}
