internal import Foundation
internal import MailAddress
internal import NIOCore
internal import RelayAccess
public import SMTP
internal import Settings

/// One relay as the settings describe it.
public struct RelayConfiguration: Sendable {
    /// The name of the relay that `POSTERN_RELAY_URL` gives, and of the sandbox's.
    public static let defaultName = Setting.defaultRelay

    /// The name in answers, logs and metrics.
    public let name: String
    /// How sessions with it are set up. With access tokens the credentials are still missing: ``RelayAccessTokens`` adds
    /// them.
    public var smtp: SMTPConfiguration
    /// The bounds of its pool of sessions.
    public var pool: SMTPPoolLimits
    /// How many messages go to it at most, or nil for no bound.
    let rates: [Rate]?
    /// Failures in a row that open the circuit breaker.
    private(set) var breakerFailures: Int
    let breakerPause: Duration
    /// What is worth a warning at every start.
    let warning: String?
    /// The one mailbox as which the relay lets messages be sent; nil for any.
    private(set) var sender: AddrSpec?
    /// Where access tokens come from, and for whom; nil if the relay needs none.
    private(set) var tokens: (source: TokenConfiguration, user: String, mechanism: AuthenticationMechanism?)?
    /// All that the relay depends on, files included: a reload that does not change it leaves the relay as it is.
    let origin: [String]
    /// Returns the configuration with the client certificate that its files hold now; nil if they have not changed. Nil if the
    /// relay is shown no certificate.
    private(set) var renewal: (@Sendable () throws(ConfigurationError) -> RelayConfiguration?)?

    /// The relay that `POSTERN_RELAY_URL` gives, or a named one.
    ///
    /// - Parameter identity: the name for EHLO, or nil for the connection's own address.
    init(_ name: String, _ values: SettingValues, identity: ClientDomain?) throws(ConfigurationError) {
        let (url, urlSetting) = Self.value(of: .relayURL, name, values, inherits: false)
        guard let url else { throw ConfigurationError(urlSetting.name, "it is needed: write smtp://host:port") }
        let tokenSettings = AccessTokenSettings(values, of: name)
        let relayURL = try RelayURL(url, of: urlSetting, takesTokens: tokenSettings.areGiven)
        let roots = Self.value(of: .relayCAFile, name, values)
        let content = try roots.0.map { _ throws(ConfigurationError) in try values.file(roots.1) } ?? nil
        let client = try CertificateFiles(
            values, certificate: Self.value(of: .relayClientCertificateFile, name, values).1,
            key: Self.value(of: .relayClientKeyFile, name, values).1)
        let certificate = try client.map { client throws(ConfigurationError) in try client.content() }
        var smtp = try relayURL.configuration(
            identity: identity, trustRoots: roots.0, setting: roots.1, client: client)
        smtp.sourceAddress = try Self.sourceAddress(name, values)
        let (proxy, proxySetting) = Self.value(of: .relayProxy, name, values)
        smtp.proxy = try proxy.map { text throws(ConfigurationError) in try ProxyURL.proxy(text, of: proxySetting) }
        let warning = relayURL.warning.map { name == Self.defaultName ? $0 : "relay \(name): \($0)" }
        try self.init(
            name, values, smtp, warning: warning,
            origin: [
                url, identity?.description ?? "", content?.base64EncodedString() ?? "",
                certificate ?? "",
            ] + tokenSettings.origin)
        sender = try Self.sender(name, values)
        if let client {
            renewal = { () throws(ConfigurationError) in
                guard try client.content() != certificate else { return nil }
                return try RelayConfiguration(name, values, identity: identity)
            }
        }
        if let user = relayURL.tokenUser {
            tokens = (try tokenSettings.configuration(user: user), user, relayURL.mechanism)
        }
    }

    private static func sourceAddress(_ name: String, _ values: SettingValues) throws(ConfigurationError) -> String? {
        let (text, setting) = value(of: .relaySourceAddress, name, values)
        guard let text else { return nil }
        guard (try? SocketAddress(ipAddress: text, port: 0)) != nil else {
            throw ConfigurationError(
                setting.name, "\(text.debugDescription) is no address; write 192.0.2.1, or 2001:db8::1 without brackets"
            )
        }
        return text
    }

    private static func sender(_ name: String, _ values: SettingValues) throws(ConfigurationError) -> AddrSpec? {
        let (text, setting) = value(of: .relaySender, name, values)
        guard let text else { return nil }
        do throws(AddressError) {
            return try AddrSpec(text)
        } catch {
            throw ConfigurationError(
                setting.name, "\(text.debugDescription) is no address: \(error.description); write app@example.org")
        }
    }

    /// The sandbox's embedded relay.
    init(
        _ sandbox: SandboxSettings, port: Int, _ values: SettingValues, identity: ClientDomain?
    ) throws(ConfigurationError) {
        let smtp = SMTPConfiguration(host: sandbox.reachableHost, port: port, identity: identity ?? .loopback)
        try self.init(Self.defaultName, values, smtp, warning: nil, origin: ["sandbox"])
        // Its failures are simulated, on request of a recipient's name, and say nothing about the next message.
        breakerFailures = .max
    }

    private init(
        _ name: String, _ values: SettingValues, _ smtp: SMTPConfiguration, warning: String?, origin: [String]
    ) throws(ConfigurationError) {
        func setting(_ general: Setting) -> Setting { Self.value(of: general, name, values).1 }
        self.name = name
        self.smtp = smtp
        self.warning = warning
        let connect = try values.duration(setting(.relayConnectTimeout))
        let reply = try values.duration(setting(.relayReplyTimeout))
        self.smtp.usesPipelining = try values.boolean(setting(.relayPipelining))
        self.smtp.timeouts.connect = connect
        self.smtp.timeouts.greeting = connect
        self.smtp.timeouts.reply = reply
        self.smtp.timeouts.data = reply
        self.smtp.timeouts.content = reply
        self.smtp.timeouts.finalReply = try values.duration(setting(.relayFinalReplyTimeout))
        pool = SMTPPoolLimits()
        pool.sessions = try values.integer(setting(.relayConnections))
        pool.messagesPerSession = try values.integer(setting(.relaySessionMessages))
        pool.queueTimeout = try values.duration(.queueTimeout)
        pool.queueLength = try values.integer(.maxInFlight)
        let rate = setting(.relayRate)
        // The kind of the setting has been checked.
        rates = values.value(of: rate).flatMap { Rate.list($0) }
        breakerFailures = try values.integer(setting(.relayBreakerFailures))
        breakerPause = try values.duration(setting(.relayBreakerPause))
        // Those of access tokens are in `origin` already: the file of a refresh token changes by itself.
        let others = Setting.ofRelays.filter { !Setting.ofAccessTokens.contains($0) }.map(setting)
        self.origin = origin + (others + [.queueTimeout, .maxInFlight]).map { values.value(of: $0) ?? "" }
    }

    /// A setting of this relay: its own, or else the general one.
    private static func value(
        of general: Setting, _ name: String, _ values: SettingValues, inherits: Bool = true
    ) -> (String?, Setting) {
        guard name != defaultName else { return (values.value(of: general), general) }
        let own = general.of(relay: name)
        if let value = values.value(of: own) { return (value, own) }
        return inherits ? (values.value(of: general), general) : (nil, own)
    }
}
