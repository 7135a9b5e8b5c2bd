internal import Foundation
internal import NIOSSL
internal import SMTP
internal import Settings

/// The address of a relay as `POSTERN_RELAY_URL` has it.
struct RelayURL: Sendable {
    enum Security: String {
        case none, opportunistic, required, implicit
    }

    /// What named the relay.
    private let urlSetting: Setting
    let host: String
    let port: Int
    let credentials: SMTPCredentials?
    /// The user of access tokens, if these are the credentials.
    let tokenUser: String?
    /// The mechanism that was asked for.
    let mechanism: AuthenticationMechanism?
    let security: Security
    let verifies: Bool
    let allowsClearTextAuthentication: Bool

    /// What is worth a warning at every start.
    var warning: String? {
        verifies
            ? nil : "the relay's certificate is not verified (verify=false): anyone on the way can read and change mail"
    }

    /// Reads `smtp://[user:password@]host[:port][?tls=…]` or `smtps://…`.
    ///
    /// - Parameters:
    ///   - text: the URL.
    ///   - setting: what gives it.
    ///   - takesTokens: whether the user logs in with access tokens that come from elsewhere, and not with a password.
    /// - Throws: ``ConfigurationError`` that says what is wrong. It holds nothing of the text: where a character of a
    ///   password is not escaped, any part of the URL may be a piece of the secret.
    init(
        _ text: String, of setting: Setting = .relayURL, takesTokens: Bool = false
    ) throws(ConfigurationError) {
        func wrong(_ problem: String) -> ConfigurationError { ConfigurationError(setting.name, problem) }
        urlSetting = setting
        guard let url = URLComponents(string: text), let scheme = url.scheme?.lowercased(),
            scheme == "smtp" || scheme == "smtps", var host = url.host, !host.isEmpty
        else { throw wrong("it is not of the form smtp://host:port. \(Self.escaping)") }
        guard url.path.isEmpty || url.path == "/", url.fragment == nil else {
            throw wrong("there is nothing to say behind the port but ?tls=…. \(Self.escaping)")
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        // What follows is shown wherever the relay is named: it must be a host, and no piece of a password.
        guard host.unicodeScalars.allSatisfy(Self.mayBeOfHost) else {
            throw wrong("the host is neither a name nor an address. \(Self.escaping)")
        }
        self.host = host
        var credentials: (user: String, password: String)?
        var tokenUser: String?
        if let escapedUser = url.percentEncodedUser {
            // An empty part is a variable that was not set: without an error, mail would go out without a login.
            guard !escapedUser.isEmpty else { throw wrong("there is a password and no user before the @") }
            let escapedPassword = url.percentEncodedPassword ?? ""
            guard let user = escapedUser.removingPercentEncoding,
                let password = escapedPassword.removingPercentEncoding
            else { throw wrong("the escapes in the user's name or the password are not UTF-8") }
            if takesTokens {
                guard password.isEmpty else {
                    throw wrong("there is a password beside access tokens; leave out one of them")
                }
                tokenUser = user
            } else {
                guard !password.isEmpty else { throw wrong("there is a user and no password") }
                credentials = (user, password)
            }
        } else if takesTokens {
            throw wrong("access tokens need a user, the mailbox: write smtp://user@host, with %40 for its @")
        }
        let logsIn = credentials != nil || tokenUser != nil
        var options: [String: String] = [:]
        for item in url.queryItems ?? [] {
            guard Self.options.contains(item.name) else {
                throw wrong(
                    "an option behind ? is not known; there are \(Self.options.joined(separator: ", ")). \(Self.escaping)"
                )
            }
            guard options[item.name] == nil else { throw wrong("the option \(item.name) is given twice") }
            options[item.name] = item.value ?? ""
        }
        func flag(_ name: String, default value: Bool) throws(ConfigurationError) -> Bool {
            switch options[name] {
            case nil: return value
            case "true": return true
            case "false": return false
            default: throw wrong("\(name) is neither true nor false")
            }
        }
        verifies = try flag("verify", default: true)
        allowsClearTextAuthentication = try flag("insecure_auth", default: false)
        if scheme == "smtps" {
            guard options["tls"] == nil else { throw wrong("smtps:// is TLS from the first byte; leave out tls=") }
            security = .implicit
        } else {
            let name = options["tls"] ?? (logsIn ? "required" : "opportunistic")
            guard let security = Security(rawValue: name), security != .implicit else {
                throw wrong("tls is none, opportunistic or required")
            }
            self.security = security
        }
        if logsIn, security == .none, !allowsClearTextAuthentication {
            throw wrong("credentials would travel in clear; use tls=required, or insecure_auth=true if that is meant")
        }
        let mechanism = try Self.mechanism(options["auth"], setting)
        if !logsIn, mechanism != nil { throw wrong("auth is given and there are no credentials") }
        if tokenUser != nil, let mechanism, !mechanism.takesAccessToken {
            throw wrong("access tokens need auth=xoauth2 or auth=oauthbearer; leave auth out for what the relay offers")
        }
        self.credentials = credentials.map { Self.credentials($0.user, $0.password, mechanism) }
        self.tokenUser = tokenUser
        self.mechanism = mechanism
        port = url.port ?? (scheme == "smtps" ? 465 : logsIn ? 587 : 25)
        guard (1...65535).contains(port) else { throw wrong("the port is not from 1 to 65535") }
    }

    static let options = ["tls", "verify", "insecure_auth", "auth"]

    static let escaping =
        "In the user's name and the password write %3A for :, %40 for @, %2F for /, %3F for ?, "
        + "%23 for # and %25 for %"

    /// Letters, digits, and what stands between them in names and addresses.
    static func mayBeOfHost(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isAlphabetic || scalar.properties.numericType != nil || ".-_:".unicodeScalars.contains(scalar)
    }

    private static func mechanism(
        _ name: String?, _ setting: Setting
    ) throws(ConfigurationError) -> AuthenticationMechanism? {
        guard let name else { return nil }
        guard let mechanism = AuthenticationMechanism(rawValue: name.uppercased()) else {
            let known = AuthenticationMechanism.allCases.map { $0.rawValue.lowercased() }.joined(separator: ", ")
            throw ConfigurationError(setting.name, "auth is none of \(known)")
        }
        return mechanism
    }

    /// With a mechanism of OAuth the password is the access token.
    private static func credentials(
        _ user: String, _ password: String, _ mechanism: AuthenticationMechanism?
    ) -> SMTPCredentials {
        mechanism?.takesAccessToken == true
            ? SMTPCredentials(username: user, mechanism: mechanism) { password }
            : SMTPCredentials(username: user, password: password, mechanism: mechanism)
    }

    /// How sessions with this relay are set up.
    ///
    /// - Parameters:
    ///   - identity: the name for EHLO, or nil for the connection's own address.
    ///   - trustRoots: a file of extra trust roots (PEM), or nil.
    ///   - setting: what named the file.
    ///   - client: the certificate that the relay is shown, or nil.
    /// - Throws: ``ConfigurationError`` where TLS cannot be set up.
    func configuration(
        identity: ClientDomain?, trustRoots: String?, setting: Setting = .relayCAFile, client: CertificateFiles? = nil
    ) throws(ConfigurationError) -> SMTPConfiguration {
        var tls = SMTPSecurity.standardTLS
        try client?.add(to: &tls)
        if client != nil, self.security == .none {
            throw ConfigurationError(
                urlSetting.name, "a client certificate is set, and without TLS it is never shown; leave tls=none out")
        }
        if !verifies { tls.certificateVerification = .none }
        if let trustRoots { tls.additionalTrustRoots = [.certificates(try Self.certificates(in: trustRoots, setting))] }
        let security: SMTPSecurity
        do {
            switch self.security {
            case .none: security = .none
            case .opportunistic: security = try .opportunistic(tls)
            case .required: security = try .required(tls)
            case .implicit: security = try .implicit(tls)
            }
        } catch {
            throw ConfigurationError(urlSetting.name, "TLS cannot be set up: \(error)")
        }
        var configuration = SMTPConfiguration(
            host: host, port: port, identity: identity ?? .loopback, security: security, credentials: credentials)
        configuration.identifiesByAddress = identity == nil
        configuration.allowsClearTextAuthentication = allowsClearTextAuthentication
        return configuration
    }

    private static func certificates(in file: String, _ setting: Setting) throws(ConfigurationError)
        -> [NIOSSLCertificate]
    {
        do {
            let certificates = try NIOSSLCertificate.fromPEMBytes(Array(Data(contentsOf: URL(filePath: file))))
            if !certificates.isEmpty { return certificates }
        } catch is NIOSSLError {
            // The same as a file without a certificate.
        } catch {
            throw ConfigurationError(
                setting.name,
                "the file \(file.debugDescription) cannot be read: \(error.localizedDescription)")
        }
        throw ConfigurationError(
            setting.name,
            "the file \(file.debugDescription) does not hold certificates in PEM form, -----BEGIN CERTIFICATE-----")
    }
}
