internal import Foundation
internal import NIOSSL
internal import RelayAccess
internal import Settings

/// Reads where a relay's access tokens come from.
struct AccessTokenSettings {
    private let values: SettingValues
    private let relay: String

    /// - Parameter relay: the relay's name. A named relay does not inherit these settings: its tokens are its own.
    init(_ values: SettingValues, of relay: String) {
        self.values = values
        self.relay = relay
    }

    /// Whether the relay has any of the settings.
    var areGiven: Bool { Setting.ofAccessTokens.contains { value($0) != nil } }

    /// The source of the tokens.
    ///
    /// - Parameter user: the mailbox for which a service account gets them.
    /// - Throws: ``ConfigurationError`` that names a setting that is missing, given twice or of no use.
    func configuration(user: String) throws(ConfigurationError) -> TokenConfiguration {
        if let path = value(.relayOAuthTokenFile) {
            try refuse(beside: .relayOAuthTokenFile, Setting.ofAccessTokens.filter { $0 != .relayOAuthTokenFile })
            return .file(path: path)
        }
        let grant = try grant(user: user)
        var endpoint = try endpoint(grant)
        if let scope = value(.relayOAuthScope) { endpoint.scope = scope }
        if let content = try content(.relayOAuthCAFile) {
            guard let roots = try? NIOSSLCertificate.fromPEMBytes(content), !roots.isEmpty else {
                throw wrong(.relayOAuthCAFile, "the file does not hold certificates in PEM form")
            }
            endpoint.trustRoots = roots
        }
        if let proxy = value(.relayOAuthProxy) {
            do throws(TokenConfigurationError) {
                endpoint.proxy = try TokenProxy(proxy)
            } catch {
                throw wrong(.relayOAuthProxy, error.description)
            }
        }
        return .endpoint(endpoint)
    }

    /// All that the tokens depend on but for the file of a refresh token, which changes by itself.
    var origin: [String] {
        let files: [Setting] = [
            .relayOAuthCertificateFile, .relayOAuthKeyFile, .relayOAuthServiceAccountFile, .relayOAuthCAFile,
        ]
        return Setting.ofAccessTokens.map { general in
            let setting = general.own(of: relay)
            if general == .relayOAuthRefreshToken, let path = values.path(of: setting) { return path }
            let path = values.value(of: setting) ?? ""
            guard files.contains(general), let content = try? Data(contentsOf: URL(filePath: path)) else { return path }
            return content.base64EncodedString()
        }
    }

    private func endpoint(_ grant: TokenGrant) throws(ConfigurationError) -> TokenEndpoint {
        if value(.relayOAuthTokenURL) != nil { try refuse(beside: .relayOAuthTokenURL, [.relayOAuthProvider]) }
        if value(.relayOAuthProvider) != "microsoft", value(.relayOAuthTenant) != nil {
            throw wrong(.relayOAuthTenant, "it is for \(name(.relayOAuthProvider))=microsoft only")
        }
        do throws(TokenConfigurationError) {
            switch value(.relayOAuthProvider) {
            case "microsoft":
                return try .microsoft(tenant: value(.relayOAuthTenant) ?? "", grant)
            case "google": return try .google(grant)
            default:
                // The key file of a service account names its endpoint.
                if case .serviceAccount = grant, value(.relayOAuthTokenURL) == nil { return try .google(grant) }
                return TokenEndpoint(url: try TokenURL(value(.relayOAuthTokenURL) ?? ""), grant)
            }
        } catch {
            let cause: Setting =
                value(.relayOAuthTokenURL) != nil
                ? .relayOAuthTokenURL
                : value(.relayOAuthProvider) == "microsoft" ? .relayOAuthTenant : .relayOAuthProvider
            throw wrong(cause, error.description)
        }
    }

    private func grant(user: String) throws(ConfigurationError) -> TokenGrant {
        if let content = try content(.relayOAuthServiceAccountFile) {
            try refuse(
                beside: .relayOAuthServiceAccountFile,
                [
                    .relayOAuthClientID, .relayOAuthClientSecret, .relayOAuthCertificateFile, .relayOAuthKeyFile,
                    .relayOAuthRefreshToken, .relayOAuthTenant,
                ])
            do throws(TokenConfigurationError) {
                return .serviceAccount(try ServiceAccountKey(json: content), mailbox: user)
            } catch {
                throw wrong(.relayOAuthServiceAccountFile, error.description)
            }
        }
        if value(.relayOAuthTokenURL) == nil, value(.relayOAuthProvider) == nil {
            throw wrong(
                .relayOAuthTokenURL,
                "missing; or set \(name(.relayOAuthProvider)) to microsoft or google, or "
                    + "\(name(.relayOAuthTokenFile)) to a file with an access token")
        }
        if value(.relayOAuthProvider) == "microsoft", value(.relayOAuthTenant) == nil {
            throw wrong(.relayOAuthTenant, "missing: the directory (tenant) ID, or a domain of it")
        }
        guard let clientID = value(.relayOAuthClientID) else {
            throw wrong(.relayOAuthClientID, "missing: the ID of the application that may have the tokens")
        }
        let proof = try proof()
        if let token = value(.relayOAuthRefreshToken) {
            let path = values.path(of: Setting.relayOAuthRefreshToken.own(of: relay))
            return .refreshToken(path.map(RefreshToken.file) ?? .value(token), clientID: clientID, proof)
        }
        guard let proof else {
            throw wrong(
                .relayOAuthClientSecret,
                "missing; or set \(name(.relayOAuthCertificateFile)), or \(name(.relayOAuthRefreshToken))")
        }
        return .clientCredentials(clientID: clientID, proof)
    }

    private func proof() throws(ConfigurationError) -> ClientProof? {
        if let secret = value(.relayOAuthClientSecret) {
            try refuse(beside: .relayOAuthClientSecret, [.relayOAuthCertificateFile, .relayOAuthKeyFile])
            return .secret(secret)
        }
        switch (try content(.relayOAuthCertificateFile), try content(.relayOAuthKeyFile)) {
        case (nil, nil): return nil
        case (let certificate?, let key?):
            do throws(TokenConfigurationError) {
                return .certificate(try ClientCertificate(certificatePEM: certificate, keyPEM: key))
            } catch {
                throw wrong(.relayOAuthCertificateFile, error.description)
            }
        case (nil, _):
            throw wrong(.relayOAuthCertificateFile, "missing beside \(name(.relayOAuthKeyFile))")
        case (_, nil):
            throw wrong(.relayOAuthKeyFile, "missing beside \(name(.relayOAuthCertificateFile))")
        }
    }

    // MARK: Values

    private func name(_ setting: Setting) -> String { setting.own(of: relay).name }

    private func value(_ setting: Setting) -> String? { values.value(of: setting.own(of: relay)) }

    private func content(_ setting: Setting) throws(ConfigurationError) -> [UInt8]? {
        try values.file(setting.own(of: relay)).map(Array.init)
    }

    private func wrong(_ setting: Setting, _ problem: String) -> ConfigurationError {
        ConfigurationError(name(setting), problem)
    }

    /// Refuses what says something else than a setting does.
    private func refuse(beside setting: Setting, _ others: [Setting]) throws(ConfigurationError) {
        guard let other = others.first(where: { value($0) != nil }) else { return }
        throw wrong(other, "it is given beside \(name(setting)); leave out one of them")
    }
}
