import Foundation
import TestSupport
import Testing

@testable import RelayAccess

@Suite struct TokenRequestTests {
    let now = Date(timeIntervalSince1970: 1_800_000_000)

    private func fields(
        _ endpoint: TokenEndpoint, refreshToken: String? = nil
    ) throws -> [String: String] {
        let request = try TokenRequest(endpoint, refreshToken: refreshToken, now: now)
        #expect(request.fields.count == Set(request.fields.map(\.name)).count)
        return ScriptedEndpoint.fields(of: request.form)
    }

    @Test func aSecretGoesWithTheForm() throws {
        let endpoint = try TokenEndpoint.microsoft(
            tenant: "example.org", .clientCredentials(clientID: "client", .secret("s~e+c&r=e t%ü")))
        let request = try TokenRequest(endpoint, refreshToken: nil, now: now)
        #expect(
            request.form
                == "grant_type=client_credentials&client_id=client&client_secret=s~e%2Bc%26r%3De%20t%25%C3%BC"
                + "&scope=https%3A%2F%2Foutlook.office365.com%2F.default")
        #expect(request.secrets == ["s~e+c&r=e t%ü"])
        #expect(endpoint.url.description == "https://login.microsoftonline.com/example.org/oauth2/v2.0/token")
    }

    @Test(arguments: ["RS256", "PS256", "ES256"]) func aCertificateSignsAnAssertion(algorithm: String) async throws {
        let keys = try await SigningKeys.made.value
        let pair = algorithm == "ES256" ? keys.p256 : keys.rsa
        let certificate = try ClientCertificate(certificatePEM: pair.certificate, keyPEM: pair.key)
        let grant = TokenGrant.clientCredentials(clientID: "client", .certificate(certificate))
        var endpoint = TokenEndpoint(url: try TokenURL("https://login.example.org/token"), grant, scope: "a b")
        endpoint.signsWithPSS = algorithm == "PS256"
        var fields = try fields(endpoint)
        let assertion = try #require(fields["client_assertion"])
        fields["client_assertion"] = nil
        #expect(
            fields == [
                "grant_type": "client_credentials", "client_id": "client", "scope": "a b",
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ])
        let token = try DecodedToken(assertion)
        #expect(Set(token.header.keys) == ["alg", "typ", "x5t", "x5t#S256"])
        #expect(token.header["alg"] == algorithm)
        #expect(token.header["typ"] == "JWT")
        #expect(try DecodedToken.hexadecimal(token.header["x5t"]) == pair.fingerprints[0])
        #expect(try DecodedToken.hexadecimal(token.header["x5t#S256"]) == pair.fingerprints[1])
        #expect(try token.isSigned(by: pair.publicKey))
        if algorithm != "ES256" { #expect(try !token.isSigned(by: keys.otherRSA.publicKey)) }
        #expect(Set(token.claims.keys) == ["aud", "iss", "sub", "jti", "iat", "nbf", "exp"])
        #expect(token.string("aud") == "https://login.example.org/token")
        #expect(token.string("iss") == "client")
        #expect(token.string("sub") == "client")
        #expect(UUID(uuidString: token.string("jti") ?? "") != nil)
        #expect(token.number("iat") == 1_800_000_000)
        #expect(token.number("nbf") == 1_800_000_000)
        #expect(token.number("exp") == 1_800_000_300)
        // Each has its own identifier.
        let other = try #require(try self.fields(endpoint)["client_assertion"])
        #expect(try DecodedToken(other).string("jti") != token.string("jti"))
        #expect(try TokenRequest(endpoint, refreshToken: nil, now: now).secrets.count == 1)
    }

    /// Another implementation verifies the signatures, with a salt as long as the hash (RFC 7518, section 3.5).
    @Test(arguments: [false, true]) func opensslVerifiesWhatRSASigns(pss: Bool) async throws {
        let pair = try await SigningKeys.made.value.rsa
        let certificate = try ClientCertificate(certificatePEM: pair.certificate, keyPEM: pair.key)
        let url = try TokenURL("https://login.example.org/token")
        var endpoint = TokenEndpoint(url: url, .clientCredentials(clientID: "client", .certificate(certificate)))
        endpoint.signsWithPSS = pss
        let token = try DecodedToken(try #require(try fields(endpoint)["client_assertion"]))
        let folder = try TemporaryFolder()
        try token.signed.write(to: URL(filePath: folder["signed"]))
        try token.signature.write(to: URL(filePath: folder["signature"]))
        try Data(pair.publicKey.utf8).write(to: URL(filePath: folder["key"]))
        let padding = pss ? ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"] : []
        let result = try await Program.run(
            "/usr/bin/env",
            ["openssl", "dgst", "-sha256", "-verify", folder["key"], "-signature", folder["signature"]] + padding
                + [folder["signed"]])
        #expect(result.output == "Verified OK\n")
    }

    @Test func microsoftGetsPSS() async throws {
        let pair = try await SigningKeys.made.value.rsa
        let certificate = try ClientCertificate(certificatePEM: pair.certificate, keyPEM: pair.key)
        let endpoint = try TokenEndpoint.microsoft(
            tenant: "1b2c3d4e-0000-4000-8000-000000000000",
            .clientCredentials(clientID: "client", .certificate(certificate)))
        let assertion = try #require(try fields(endpoint)["client_assertion"])
        #expect(try DecodedToken(assertion).header["alg"] == "PS256")
        #expect(try DecodedToken(assertion).string("aud") == endpoint.url.description)
    }

    @Test func aRefreshTokenGoesWithTheClientAndItsProofIfItHasOne() async throws {
        let pair = try await SigningKeys.made.value.p256
        let certificate = try ClientCertificate(certificatePEM: pair.certificate, keyPEM: pair.key)
        func microsoft(_ proof: ClientProof?) throws -> TokenEndpoint {
            try .microsoft(tenant: "example.org", .refreshToken(.value("unused"), clientID: "client", proof))
        }
        let plain = [
            "grant_type": "refresh_token", "refresh_token": "refresh", "client_id": "client",
            "scope": "https://outlook.office.com/SMTP.Send offline_access",
        ]
        #expect(try fields(microsoft(nil), refreshToken: "refresh") == plain)
        let withSecret = try fields(microsoft(.secret("secret")), refreshToken: "refresh")
        #expect(withSecret == plain.merging(["client_secret": "secret"]) { old, _ in old })
        let withAssertion = try fields(microsoft(.certificate(certificate)), refreshToken: "refresh")
        #expect(Set(withAssertion.keys) == Set(plain.keys).union(["client_assertion", "client_assertion_type"]))
        let secrets = try TokenRequest(microsoft(.secret("secret")), refreshToken: "refresh", now: now).secrets
        #expect(Set(secrets) == ["secret", "refresh"])
        let google = try TokenEndpoint.google(.refreshToken(.value("unused"), clientID: "client", .secret("secret")))
        #expect(google.url.description == "https://oauth2.googleapis.com/token")
        #expect(try fields(google, refreshToken: "refresh")["scope"] == "https://mail.google.com/")
    }

    @Test(arguments: [nil, "https://oauth2.example.org/token"])
    func aServiceAccountSignsForTheMailbox(url: String?) async throws {
        let pair = try await SigningKeys.made.value.rsa
        let key = try ServiceAccountKey(json: Self.keyFile(pair.key, url: url))
        let endpoint = try TokenEndpoint.google(.serviceAccount(key, mailbox: "ann@example.org"))
        #expect(endpoint.url.description == url ?? "https://oauth2.googleapis.com/token")
        var fields = try fields(endpoint)
        let assertion = try #require(fields["assertion"])
        fields["assertion"] = nil
        #expect(fields == ["grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer"])
        let token = try DecodedToken(assertion)
        #expect(token.header == ["alg": "RS256", "typ": "JWT", "kid": "key-1"])
        #expect(try token.isSigned(by: pair.publicKey))
        #expect(Set(token.claims.keys) == ["iss", "sub", "scope", "aud", "iat", "exp"])
        #expect(token.string("iss") == "postern@project.iam.gserviceaccount.com")
        #expect(token.string("sub") == "ann@example.org")
        #expect(token.string("scope") == "https://mail.google.com/")
        #expect(token.string("aud") == endpoint.url.description)
        #expect(token.number("iat") == 1_800_000_000)
        #expect(token.number("exp") == 1_800_003_600)
    }

    /// A key file as Google's console makes it.
    static func keyFile(_ key: [UInt8], type: String = "service_account", url: String? = nil) throws -> [UInt8] {
        var object = [
            "type": type, "project_id": "project", "private_key_id": "key-1",
            "private_key": String(decoding: key, as: UTF8.self),
            "client_email": "postern@project.iam.gserviceaccount.com", "client_id": "1234567890",
            "auth_uri": "https://accounts.google.com/o/oauth2/auth", "universe_domain": "googleapis.com",
        ]
        object["token_uri"] = url
        return Array(try JSONSerialization.data(withJSONObject: object))
    }
}
