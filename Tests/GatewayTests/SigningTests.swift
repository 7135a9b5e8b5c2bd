import Foundation
import Settings
import Testing

@testable import Gateway

/// Keys from files, and messages signed with them.
@Suite struct SigningTests {
    /// The key of RFC 8463, appendix A.2.
    private static let pem = """
        -----BEGIN PRIVATE KEY-----
        MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
        -----END PRIVATE KEY-----
        """

    private func configuration(_ keys: String) throws -> GatewayConfiguration {
        try GatewayConfiguration(
            SettingValues(environment: ["POSTERN_RELAY_URL": "smtp://127.0.0.1", "POSTERN_DKIM_KEYS": keys]))
    }

    @Test func aMessageFromADomainWithAKeyIsSigned() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "key-\(UUID()).pem")
        try Data(Self.pem.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let signer = try configuration("example.org:s1:\(file.path),example.com:s2:\(file.path)").signer
        for (from, domain) in [("a@mail.example.org", "d=example.org; s=s1;"), ("a@example.com", "d=example.com;")] {
            let json = #"{"from":"\#(from)","to":"b@example.net","text":"x"}"#
            let composition = try Composition(Submission(json: Array(json.utf8)), signer: signer)
            let text = String(decoding: composition.content, as: UTF8.self)
            #expect(text.hasPrefix("DKIM-Signature: v=1; a=ed25519-sha256;"))
            #expect(text.replacing("\r\n ", with: " ").contains(domain))
        }
        let other = #"{"from":"a@example.net","to":"b@example.net","text":"x"}"#
        let unsigned = try Composition(Submission(json: Array(other.utf8)), signer: signer)
        #expect(!String(decoding: unsigned.content, as: UTF8.self).contains("DKIM-Signature"))
        #expect(try configuration("").signer == nil)
    }

    @Test(arguments: [
        ("example.org", "domain:selector:file"), ("example.org:s1:/nowhere/key.pem", "cannot be read"),
        ("example.org:s1:\(#filePath)", "no private key"),
    ])
    func whatIsWrongWithAKeyIsSaid(keys: String, problem: String) {
        let error = #expect(throws: ConfigurationError.self) { try configuration(keys) }
        #expect(error.map { "\($0)".contains("POSTERN_DKIM_KEYS") && "\($0)".contains(problem) } == true)
    }
}
