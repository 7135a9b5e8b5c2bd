import Foundation
import TestSupport

/// Keys and certificates for signing, made once a run by the openssl command.
struct SigningKeys: Sendable {
    struct Pair: Sendable {
        let certificate: [UInt8]
        let key: [UInt8]
        /// The public key (PEM).
        let publicKey: String
        /// The SHA-1 and SHA-256 fingerprints in hexadecimal, as openssl shows them.
        let fingerprints: [String]
    }

    let rsa: Pair
    let otherRSA: Pair
    let p256: Pair
    let p384: Pair
    /// The key of `rsa` in PKCS #1.
    let rsaPKCS1: [UInt8]
    /// The key of `p256` in SEC 1, with the parameters of the curve before it.
    let p256SEC1: [UInt8]
    /// The key of `rsa` with a passphrase.
    let encrypted: [UInt8]

    static let made = Task { try await SigningKeys() }

    struct Failure: Error {
        let errors: String
    }

    private init() async throws {
        let folder = try TemporaryFolder()
        func openssl(_ arguments: String...) async throws -> String {
            let result = try await Program.run("/usr/bin/env", ["openssl"] + arguments)
            guard result.status == 0 else { throw Failure(errors: result.errors) }
            return result.output
        }
        func octets(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: folder[name]))) }
        func pair(_ name: String, _ kind: String...) async throws -> Pair {
            var arguments = ["req", "-x509", "-days", "2", "-nodes", "-subj", "/CN=\(name)", "-newkey"]
            arguments += kind + ["-keyout", folder["\(name).key"], "-out", folder["\(name).pem"]]
            let made = try await Program.run("/usr/bin/env", ["openssl"] + arguments)
            guard made.status == 0 else { throw Failure(errors: made.errors) }
            var fingerprints: [String] = []
            for digest in ["-sha1", "-sha256"] {
                let line = try await openssl("x509", "-in", folder["\(name).pem"], "-noout", "-fingerprint", digest)
                let hexadecimal = line.split(separator: "=").last.map(String.init) ?? ""
                fingerprints.append(
                    hexadecimal.trimmingCharacters(in: .whitespacesAndNewlines).replacing(":", with: "").lowercased())
            }
            return Pair(
                certificate: try octets("\(name).pem"), key: try octets("\(name).key"),
                publicKey: try await openssl("x509", "-in", folder["\(name).pem"], "-noout", "-pubkey"),
                fingerprints: fingerprints)
        }
        rsa = try await pair("rsa", "rsa:2048")
        otherRSA = try await pair("other", "rsa:2048")
        p256 = try await pair("p256", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
        p384 = try await pair("p384", "ec", "-pkeyopt", "ec_paramgen_curve:P-384")
        _ = try await openssl("rsa", "-in", folder["rsa.key"], "-traditional", "-out", folder["pkcs1"])
        rsaPKCS1 = try octets("pkcs1")
        _ = try await openssl("ec", "-in", folder["p256.key"], "-out", folder["sec1"])
        let parameters = try await openssl("ecparam", "-name", "prime256v1")
        p256SEC1 = Array(parameters.utf8) + (try octets("sec1"))
        _ = try await openssl("rsa", "-in", folder["rsa.key"], "-aes128", "-passout", "pass:x", "-out", folder["enc"])
        encrypted = try octets("enc")
    }
}

/// A folder that goes with this value.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "postern-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// The path of a file in it.
    subscript(name: String) -> String { "\(path)/\(name)" }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
