import Foundation
import Testing

/// Rows of the project's shared test data, or of the selection kept beside this file.
enum Cases {
    /// An address and whether it can be used in SMTP. Sources: dominicsayers/isemail (test/tests.xml) and
    /// JoshData/python-email-validator (tests/test_syntax.py), named in each row.
    struct AddressRow: Decodable, Sendable, CustomTestStringConvertible {
        let id: String
        let address: String
        let valid: Bool
        let needsSMTPUTF8: Bool?

        enum CodingKeys: String, CodingKey {
            case id, address, valid
            case needsSMTPUTF8 = "needs_smtputf8"
        }

        var testDescription: String { id }
    }

    /// A hostile value and the field of a request that carries it.
    struct InjectionRow: Decodable, Sendable, CustomTestStringConvertible {
        let id: String
        let field: String
        let value: String

        var testDescription: String { id }
    }

    static let addresses: [AddressRow] = load("addresses.json")
    static let recipients: [InjectionRow] = load("injection.json").filter { $0.field == "to" || $0.field == "from" }

    private static func load<Row: Decodable>(_ name: String) -> [Row] {
        let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let shared = here.appending(path: "../../../shared/cases/\(name)").standardizedFileURL
        let kept = here.appending(path: "Resources/\(name)")
        for file in [shared, kept] {
            guard let data = try? Data(contentsOf: file) else { continue }
            return (try? JSONDecoder().decode([Row].self, from: data)) ?? []
        }
        return []
    }
}
