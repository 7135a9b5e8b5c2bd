import Foundation
import Testing

@testable import RelayAccess

@Suite struct TokenAnswerTests {
    static let now = Date(timeIntervalSince1970: 1_800_000_000)

    private func answer(
        _ response: TokenResponse, secrets: [String] = []
    ) throws(AccessTokenError) -> TokenAnswer {
        try TokenAnswer(response, host: "login.example.org", secrets: secrets, now: Self.now)
    }

    private func error(_ response: TokenResponse, secrets: [String] = []) throws -> AccessTokenError {
        try #require(throws: AccessTokenError.self) { try answer(response, secrets: secrets) }
    }

    @Test func microsoftsAndGooglesAnswersAreRead() throws {
        let microsoft = try answer(
            .json(
                """
                {"token_type": "Bearer", "scope": "https://outlook.office.com/SMTP.Send", "expires_in": 3736,
                 "ext_expires_in": 3736, "access_token": "eyJ0.eyJh.c2ln", "refresh_token": "0.AXEA-x_y"}
                """))
        #expect(
            microsoft
                == TokenAnswer(
                    accessToken: "eyJ0.eyJh.c2ln", lifetime: .seconds(3736)))
        let google = try answer(
            .json(#"{"access_token":"ya29.c.b0Aa","expires_in":3599,"token_type":"Bearer"}"#))
        #expect(google == TokenAnswer(accessToken: "ya29.c.b0Aa", lifetime: .seconds(3599)))
    }

    @Test(arguments: [
        (#"{"access_token":"t"}"#, 3600.0), (#"{"access_token":"t","expires_in":null}"#, 3600),
        (#"{"access_token":"t","expires_in":"3599","token_type":"bearer"}"#, 3599),
        (#"{"access_token":"t","expires_in":1e300,"token_type":"BEARER"}"#, 2_592_000),
        (#"{"access_token":"t","expires_in":1.5}"#, 1.5),
    ]) func aLifetimeMayBeMissingOrAString(body: String, seconds: Double) throws {
        #expect(try answer(.json(body)).lifetime == .seconds(seconds))
    }

    @Test(arguments: [
        "", "[]", "<html>", "{}", #"{"access_token":7}"#, #"{"access_token":""}"#, #"{"access_token":"a b"}"#,
        #"{"access_token":"a\u0001b"}"#, #"{"access_token":"ä"}"#, #"{"access_token":"a\r\nb"}"#,
        #"{"access_token":"t","token_type":"mac"}"#, #"{"access_token":"t","expires_in":0}"#,
        #"{"access_token":"t","expires_in":-5}"#, #"{"access_token":"t","expires_in":"soon"}"#,
        #"{"access_token":"t","expires_in":"nan"}"#,
    ]) func anAnswerThatIsNoTokenIsAnError(body: String) throws {
        let error = try error(.json(body))
        #expect(error.kind == .notUnderstood)
        #expect(error.description.contains("login.example.org"))
    }

    /// Errors in the words of the providers, and what the advice has to name.
    static let documented: [(status: Int, error: String, text: String, advice: String)] = [
        (
            401, "invalid_client",
            "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app 'x'.",
            "value, not its ID"
        ),
        (
            401, "invalid_client", "AADSTS7000222: The provided client secret keys for app 'x' are expired.",
            "new client secret"
        ),
        (
            400, "unauthorized_client",
            "AADSTS700016: Application with identifier 'x' was not found in the directory 'y'.",
            "client ID and the tenant"
        ),
        (400, "invalid_request", "AADSTS90002: Tenant 'example.org' not found.", "ID or domain"),
        (
            400, "invalid_grant",
            "AADSTS65001: The user or administrator has not consented to use the application with ID 'x'.", "consent"
        ),
        (400, "invalid_grant", "AADSTS50034: The user account x does not exist in the y directory.", "mailbox"),
        (
            400, "invalid_grant", "AADSTS53003: Access has been blocked by Conditional Access policies.",
            "Conditional Access"
        ),
        (400, "invalid_grant", "AADSTS700082: The refresh token has expired due to inactivity.", "sign in again"),
        (
            401, "invalid_client",
            "AADSTS700027: The certificate with identifier used to sign the client assertion is not registered on application.",
            "Upload"
        ),
        (401, "invalid_client", "AADSTS700024: Client assertion is not within its valid time range.", "clock"),
        (
            400, "invalid_scope",
            "AADSTS1002012: The provided value for scope x is not valid. Client credential flows must have a scope value with /.default suffixed.",
            "/.default"
        ),
        (
            400, "invalid_scope", "AADSTS70011: The provided value for the input parameter 'scope' is not valid.",
            "scope"
        ),
        (
            401, "invalid_client",
            "AADSTS7000218: The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
            "client secret or certificate"
        ),
        (
            401, "unauthorized_client",
            "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.",
            "Domain-wide delegation"
        ),
        (400, "invalid_grant", "Invalid email or User ID", "main address"),
        (400, "invalid_grant", "Invalid JWT Signature.", "JSON key file"),
        (400, "invalid_grant", "Token has been expired or revoked.", "refresh token"),
        (
            400, "invalid_grant",
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.", "clock"
        ),
        (400, "invalid_grant", "Bad Request", "not valid any more"),
        (401, "invalid_client", "The OAuth client was not found.", "client ID"),
        (400, "invalid_scope", "", "scope"),
        (400, "unauthorized_client", "Unauthorized", "provider"),
    ]

    @Test(arguments: documented.indices) func eachDocumentedErrorSaysWhatToDo(index: Int) throws {
        let documented = Self.documented[index]
        let body = try JSONSerialization.data(withJSONObject: [
            "error": documented.error,
            "error_description": documented.text + "\r\nTrace ID: 0000aaaa-11bb\r\nTimestamp: 2026-01-09 02:02:12Z",
            "error_codes": [7_000_215], "error_uri": "https://login.example.org/error?code=1",
        ])
        let error = try error(TokenResponse(status: documented.status, body: Array(body)))
        #expect(error.kind == .refused)
        #expect(error.code == documented.error)
        #expect(!error.isTemporary)
        let advice = try #require(error.advice)
        #expect(advice.contains(documented.advice))
        #expect(error.description.hasSuffix(advice))
        let start =
            "The token endpoint login.example.org refused the request (\(documented.status) \(documented.error)): "
        #expect(error.description.hasPrefix(start))
        #expect(error.description.contains(documented.text + (documented.text.isEmpty ? "" : " ") + "Trace ID"))
        #expect(error.description.allSatisfy { $0.isASCII && !$0.isNewline })
    }

    @Test func anUnknownErrorIsShownWithoutAdvice() throws {
        let error = try error(.json(#"{"error":"teapot"}"#, status: 400))
        #expect(error.advice == nil)
        #expect(error.description == "The token endpoint login.example.org refused the request (400 teapot).")
    }

    @Test func noSecretComesBack() throws {
        let secrets = ["s3cr+t", "s3cr+t-longer", "eyJ.assertion"]
        let error = try error(
            .json(
                #"{"error":"s3cr+t","error_description":"bad s3cr+t-longer, s3cr%2Bt, eyJ.assertion and s3cr+t"}"#,
                status: 401), secrets: secrets)
        #expect(error.code == "[secret]")
        #expect(error.description.contains("bad [secret], [secret], [secret] and [secret]."))
    }

    @Test func whatTheEndpointSaysIsBoundedAndPrintable() throws {
        let text = "a\\u001b[31mb\\u202ec\\n" + String(repeating: "ü", count: 400)
        let error = try error(.json(#"{"error":"x","error_description":"\#(text)"}"#, status: 400))
        #expect(error.description.contains("a\\u{1b}[31mb\\u{202e}c ü"))
        #expect(error.description.contains("…"))
        #expect(error.description.utf8.count < 620)
        let long = String(repeating: "e", count: 5000)
        #expect(try self.error(.json(#"{"error":"\#(long)"}"#, status: 400)).description.utf8.count < 300)
    }

    @Test func aSecretAtTheBoundIsNotShownInPart() {
        let text = String(repeating: "x", count: 495) + "hunter2hunter2"
        #expect(!ForeignText.shown(text, without: ["hunter2hunter2"]).contains("hunt"))
    }

    @Test(arguments: [
        (302, false, "Redirects are not followed"), (404, false, "Check the token URL"), (502, true, "by itself"),
        (429, true, "by itself"), (204, false, "Check the token URL"),
    ]) func anAnswerWithoutAnErrorNamesItsStatus(status: Int, isTemporary: Bool, advice: String) throws {
        for body in ["<html>", #"{"error":{"code":404,"message":"x"}}"#] {
            let error = try error(.json(body, status: status))
            #expect(error.kind == .refused)
            #expect(error.code == nil)
            #expect(error.isTemporary == isTemporary)
            #expect(error.description.contains("status \(status)"))
            #expect(error.description.contains(advice))
        }
    }

    @Test func anErrorWithStatus200IsARefusal() throws {
        let error = try error(.json(#"{"error":"temporarily_unavailable"}"#))
        #expect(error.kind == .refused)
        #expect(error.isTemporary)
    }

    @Test(
        arguments: [
            (429, "7", 7), (503, "120", 120), (429, "0", 0), (429, "86400", 300), (400, "7", nil), (429, "-1", nil),
            (429, "soon", nil), (503, "99999999999999999999", nil),
            (429, "Fri, 15 Jan 2027 08:00:42 GMT", 42), (429, "Friday, 15-Jan-27 08:00:42 GMT", 42),
            (429, "Fri Jan 15 08:00:42 2027", 42), (429, "Fri, 15 Jan 2027 07:00:00 GMT", 0),
            (429, "Fri, 15 Jan 2027 09:00:00 GMT", 300),
        ] as [(Int, String, Int?)]) func retryAfterIsSecondsOrADateAndBounded(
            status: Int, field: String, seconds: Int?
        ) throws
    {
        let error = try error(.json("", status: status, retryAfter: field))
        #expect(error.retryAfter == seconds.map { .seconds($0) })
    }
}
