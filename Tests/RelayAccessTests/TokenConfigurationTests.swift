import Foundation
import Testing

@testable import RelayAccess

@Suite struct TokenConfigurationTests {
    private func message(_ work: () throws(TokenConfigurationError) -> Void) -> String? {
        do throws(TokenConfigurationError) {
            try work()
            return nil
        } catch {
            return error.description
        }
    }

    @Test(arguments: [
        ("https://login.example.org/token?x=1", "login.example.org"), ("HTTPS://example.org", "example.org"),
        ("https://[2001:db8::1]:8443/token", "2001:db8::1"), ("http://localhost:1/t", "localhost"),
        ("http://127.3.2.1/t", "127.3.2.1"), ("http://[::1]:1/t", "::1"),
    ]) func aTokenURLIsHTTPSOrOfThisMachine(text: String, host: String) throws {
        let url = try TokenURL(text)
        #expect(url.description == text)
        #expect(url.host == host)
    }

    @Test(arguments: [
        "http://login.example.org/token", "http://127.0.0.1.example.org/", "http://127.example/", "http://10.0.0.1/",
        "ftp://example.org", "login.example.org/token", "", "https://", "https://user:hunter2@example.org/token",
        "https://example.org/token#part", "https://example.org/ token", "https://exämple.org/token",
        "http://127.0.0.256/", "http://localhost.example.org/",
    ]) func anythingElseIsRefused(text: String) throws {
        let told = try #require(message { () throws(TokenConfigurationError) in _ = try TokenURL(text) })
        #expect(!told.contains("hunter2"))
    }

    @Test(arguments: ["", "a/b", "..", "a?b", "a b", "ä"]) func aTenantIsAnIdentifierOrADomain(tenant: String) {
        #expect(throws: TokenConfigurationError.self) {
            try TokenEndpoint.microsoft(tenant: tenant, .clientCredentials(clientID: "c", .secret("s")))
        }
    }

    @Test func aProviderHasItsGrants() async throws {
        let pair = try await SigningKeys.made.value.rsa
        let key = try ServiceAccountKey(json: TokenRequestTests.keyFile(pair.key))
        #expect(throws: TokenConfigurationError.self) {
            try TokenEndpoint.microsoft(tenant: "example.org", .serviceAccount(key, mailbox: "a@example.org"))
        }
        #expect(throws: TokenConfigurationError.self) {
            try TokenEndpoint.google(.clientCredentials(clientID: "c", .secret("s")))
        }
    }

    @Test func noDescriptionShowsASecret() async throws {
        let keys = try await SigningKeys.made.value
        let certificate = try ClientCertificate(certificatePEM: keys.rsa.certificate, keyPEM: keys.rsa.key)
        let account = try ServiceAccountKey(json: TokenRequestTests.keyFile(keys.rsa.key))
        let grants: [TokenGrant] = [
            .clientCredentials(clientID: "client", .secret("hunter2")),
            .clientCredentials(clientID: "client", .certificate(certificate)),
            .refreshToken(.value("hunter2"), clientID: "client", .secret("hunter2")),
            .refreshToken(.file(path: "/run/refresh"), clientID: "client", nil),
            .serviceAccount(account, mailbox: "ann@example.org"),
        ]
        let secret = String(decoding: keys.rsa.key, as: UTF8.self).split(separator: "\n")[3]
        for grant in grants {
            let url = try TokenURL("https://login.example.org/token")
            let configuration = TokenConfiguration.endpoint(TokenEndpoint(url: url, grant, scope: "mail"))
            let texts = [
                "\(configuration)", String(reflecting: configuration), "\(grant)", String(reflecting: grant),
            ]
            for text in texts {
                #expect(!text.contains("hunter2"))
                #expect(!text.contains(secret))
            }
            #expect("\(configuration)".hasPrefix("token endpoint https://login.example.org/token, "))
        }
        #expect("\(grants[3])" == #"refresh token in "/run/refresh" of "client""#)
        #expect("\(TokenConfiguration.file(path: "/run/token"))" == #"token file "/run/token""#)
        #expect(String(reflecting: ClientProof.secret("hunter2")) == "[secret]")
        #expect(String(reflecting: RefreshToken.value("hunter2")) == "refresh token [secret]")
    }

    @Test func theKeyIsThatOfTheCertificate() async throws {
        let keys = try await SigningKeys.made.value
        for key in [keys.otherRSA.key, keys.p256.key] {
            let told = message { () throws(TokenConfigurationError) in
                _ = try ClientCertificate(certificatePEM: keys.rsa.certificate, keyPEM: key)
            }
            #expect(told?.contains("not that of the client's certificate") == true)
        }
        // The first of a chain counts.
        let chain = keys.rsa.certificate + keys.p256.certificate
        _ = try ClientCertificate(certificatePEM: chain, keyPEM: keys.rsa.key)
        #expect(throws: TokenConfigurationError.self) {
            try ClientCertificate(certificatePEM: chain, keyPEM: keys.p256.key)
        }
    }

    @Test func theUsualFormsOfKeysAreRead() async throws {
        let keys = try await SigningKeys.made.value
        _ = try ClientCertificate(certificatePEM: keys.rsa.certificate, keyPEM: keys.rsaPKCS1)
        _ = try ClientCertificate(certificatePEM: keys.p256.certificate, keyPEM: keys.p256SEC1)
        let both = keys.rsa.certificate + keys.rsa.key
        _ = try ClientCertificate(certificatePEM: both, keyPEM: both)
    }

    @Test func aKeyThatCannotBeUsedIsToldWithTheWayOut() async throws {
        let keys = try await SigningKeys.made.value
        func told(_ certificate: [UInt8], _ key: [UInt8]) -> String? {
            message { () throws(TokenConfigurationError) in
                _ = try ClientCertificate(certificatePEM: certificate, keyPEM: key)
            }
        }
        #expect(told(keys.rsa.certificate, keys.encrypted)?.contains("passphrase") == true)
        #expect(told(keys.rsa.certificate, keys.rsa.certificate)?.contains("no private key") == true)
        #expect(told(keys.p384.certificate, keys.p384.key)?.contains("P-256") == true)
        #expect(told(keys.rsa.key, keys.rsa.key)?.contains("certificate cannot be read") == true)
        #expect(told([], [])?.contains("certificate cannot be read") == true)
    }

    @Test func aKeyFileOfAnotherKindIsRefused() async throws {
        let keys = try await SigningKeys.made.value
        #expect(throws: TokenConfigurationError.self) {
            try ServiceAccountKey(json: TokenRequestTests.keyFile(keys.rsa.key, type: "authorized_user"))
        }
        #expect(throws: TokenConfigurationError.self) {
            try ServiceAccountKey(json: TokenRequestTests.keyFile(keys.p256.key))
        }
        #expect(throws: TokenConfigurationError.self) {
            try ServiceAccountKey(json: TokenRequestTests.keyFile(keys.rsa.key, url: "http://example.org/token"))
        }
        #expect(throws: TokenConfigurationError.self) { try ServiceAccountKey(json: Array("{}".utf8)) }
    }

    @Test func aProxyIsHTTPOrSOCKS5() throws {
        #expect("\(try TokenProxy("http://proxy.example.org:3128"))" == "HTTP proxy proxy.example.org:3128")
        #expect("\(try TokenProxy("http://ann:hunter2@proxy.example.org/"))" == "HTTP proxy proxy.example.org:80")
        #expect("\(try TokenProxy("socks5://[::1]"))" == "SOCKS5 proxy ::1:1080")
        for text in [
            "https://proxy.example.org", "socks5://ann:hunter2@proxy.example.org", "proxy", "http://p/path",
            "http://p:0",
            "http://p:99999", "http://:hunter2@p", "http://ann:@p", "http://a%3Ab:hunter2@p",
        ] {
            let told = try #require(message { () throws(TokenConfigurationError) in _ = try TokenProxy(text) })
            #expect(!told.contains("hunter2"))
        }
    }
}
