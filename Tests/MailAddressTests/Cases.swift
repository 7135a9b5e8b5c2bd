import TestSupport
import Testing

/// Rows of the shared test data.
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

    static let addresses: [AddressRow] = SharedCases.rows("addresses.json")
    static let recipients: [InjectionRow] = SharedCases.rows("injection.json").filter {
        $0.field == "to" || $0.field == "from"
    }
}
