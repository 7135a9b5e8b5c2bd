internal import Foundation

/// A request for an access token: the form that goes to the endpoint, and what of it may not be shown.
struct TokenRequest {
    /// The form's fields, in their order.
    let fields: [(name: String, value: String)]
    /// What no error text may show.
    let secrets: [String]

    /// How long a client's assertion is valid. Microsoft wants 10 minutes at most.
    private static let assertionLifetime = 300
    /// How long a service account's assertion is valid. Google allows an hour.
    private static let serviceAccountLifetime = 3600

    /// - Parameters:
    ///   - endpoint: the endpoint, with the grant.
    ///   - refreshToken: the refresh token, for a grant that needs one.
    ///   - now: the time for assertions.
    /// - Throws: if an assertion cannot be signed.
    init(_ endpoint: TokenEndpoint, refreshToken: String?, now: Date) throws(AccessTokenError) {
        var fields: [(name: String, value: String)] = []
        var secrets: [String] = []
        switch endpoint.grant {
        case .clientCredentials(let clientID, let proof):
            fields = [("grant_type", "client_credentials"), ("client_id", clientID)]
            try Self.add(proof, of: clientID, to: &fields, &secrets, endpoint, now)
        case .refreshToken(_, let clientID, let proof):
            let token = refreshToken ?? ""
            fields = [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", clientID)]
            secrets = [token]
            if let proof { try Self.add(proof, of: clientID, to: &fields, &secrets, endpoint, now) }
        case .serviceAccount(let key, let mailbox):
            let seconds = Int(now.timeIntervalSince1970)
            let header = JSONWebToken.Header(algorithm: key.key.algorithm(pss: false), keyID: key.keyID)
            // The scope stands in the assertion, and not in the form.
            let claims = JSONWebToken.Claims(
                issuer: key.email, subject: mailbox, audience: endpoint.url.description, scope: endpoint.scope,
                issued: seconds, expires: seconds + Self.serviceAccountLifetime)
            let assertion = try Self.signed(header, claims, by: key.key, pss: false)
            self.fields = [
                ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", assertion),
            ]
            self.secrets = [assertion]
            return
        }
        if let scope = endpoint.scope { fields.append(("scope", scope)) }
        self.fields = fields
        self.secrets = secrets
    }

    /// The form as it is sent.
    var form: String { FormText.text(fields) }

    private static func add(
        _ proof: ClientProof, of clientID: String, to fields: inout [(name: String, value: String)],
        _ secrets: inout [String], _ endpoint: TokenEndpoint, _ now: Date
    ) throws(AccessTokenError) {
        switch proof {
        case .secret(let secret):
            fields.append(("client_secret", secret))
            secrets.append(secret)
        case .certificate(let certificate):
            let seconds = Int(now.timeIntervalSince1970)
            let pss = endpoint.signsWithPSS
            let header = JSONWebToken.Header(
                algorithm: certificate.key.algorithm(pss: pss), sha1Thumbprint: certificate.sha1Thumbprint,
                sha256Thumbprint: certificate.sha256Thumbprint)
            let claims = JSONWebToken.Claims(
                issuer: clientID, subject: clientID, audience: endpoint.url.description,
                identifier: UUID().uuidString.lowercased(), issued: seconds, notBefore: seconds,
                expires: seconds + assertionLifetime)
            let assertion = try signed(header, claims, by: certificate.key, pss: pss)
            fields += [
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                ("client_assertion", assertion),
            ]
            secrets.append(assertion)
        }
    }

    private static func signed(
        _ header: JSONWebToken.Header, _ claims: JSONWebToken.Claims, by key: SigningKey, pss: Bool
    ) throws(AccessTokenError) -> String {
        do {
            return try JSONWebToken.signed(header, claims, by: key, pss: pss)
        } catch {
            throw AccessTokenError(
                .signing, isTemporary: false,
                "The assertion for the token endpoint could not be signed. Check the private key.")
        }
    }
}
