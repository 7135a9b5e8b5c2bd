internal import Foundation

/// A key of a service account of Google, as its JSON file holds it.
public struct ServiceAccountKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// The account's address.
    public let email: String
    let key: SigningKey
    let keyID: String?
    let tokenURL: TokenURL

    private struct File: Decodable {
        let type: String?
        let email: String
        let key: String
        let keyID: String?
        let tokenURL: String?

        enum CodingKeys: String, CodingKey {
            case type
            case email = "client_email"
            case key = "private_key"
            case keyID = "private_key_id"
            case tokenURL = "token_uri"
        }
    }

    /// Reads the content of a JSON key file.
    ///
    /// - Throws: ``TokenConfigurationError`` if it is not the key file of a service account, or if its key or its token URL
    ///   cannot be used.
    public init(json: [UInt8]) throws(TokenConfigurationError) {
        guard let file = try? JSONDecoder().decode(File.self, from: Data(json)),
            file.type == nil || file.type == "service_account"
        else {
            throw TokenConfigurationError(
                "this is not the JSON key file of a service account; create a key of the type JSON in the Google Cloud console"
            )
        }
        email = file.email
        key = try SigningKey(pem: Array(file.key.utf8))
        guard case .rsa = key else {
            throw TokenConfigurationError("the service account's key is not an RSA key; create a new key file")
        }
        keyID = file.keyID
        tokenURL = if let text = file.tokenURL { try TokenURL(text) } else { .google }
    }

    /// The account's address, without the key.
    public var description: String { "service account \(email.debugDescription)" }
    /// The same as `description`.
    public var debugDescription: String { description }
}
