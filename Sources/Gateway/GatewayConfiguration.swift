internal import Foundation
public import HTTPServer
public import InternetMessage
public import Logging
internal import MailAddress
public import Records
public import SMTP
public import Settings

/// Everything that a gateway is told before it starts.
public struct GatewayConfiguration: Sendable {
    /// The host of the HTTP server's address.
    public var listenHost: String
    /// The port of the HTTP server's address.
    public var listenPort: Int
    /// The socket to serve that a service manager listens on; nil to listen at that address.
    let inheritedSocket: InheritedSocket?
    /// The files of the certificate for HTTPS, or nil for HTTP.
    public var certificate: CertificateFiles?
    /// What clients may hold.
    public var connections: ConnectionLimits
    /// The relays, that of `POSTERN_RELAY_URL` first.
    public var relays: [RelayConfiguration]
    /// Which message goes to which relay.
    let routes: RoutePlan
    /// What is worth a warning at every start.
    public var warnings: [String]
    /// Who may ask for what.
    public var access: AccessConfiguration
    /// Where it is kept what was sent under an `Idempotency-Key`.
    public var store: RecordStoreLocation
    /// How long and how much is kept there.
    public var recordLimits: RecordLimits
    /// What signs messages, or nil if nothing does.
    public var signer: DKIMSigner?
    /// The name given in EHLO, which is also the domain of an identifier if nobody who sends the message has one.
    let hostDomain: String
    /// The author of a message that names none.
    let defaultAuthor: Mailbox?
    /// Whether messages carry the trace of their request.
    let tracesMessages: Bool
    /// The vendors whose APIs are served.
    let vendorAPIs: [VendorAPI]
    /// The largest request body in bytes.
    public var maximumMessageBytes: Int
    /// Requests taken at once.
    public var maximumInFlight: Int
    /// How long after the signal to stop messages are still taken.
    public var shutdownDelay: Duration
    /// How long a drain may take.
    public var shutdownGrace: Duration
    /// The least level of the log lines that are written.
    public var logLevel: Logger.Level
    /// Whether log lines name senders and recipients.
    public var logsAddresses: Bool
    /// How log lines are written, or nil for what fits standard error.
    public var logFormat: LogFormat?

    /// Reads and checks all settings.
    ///
    /// - Parameters:
    ///   - values: what was given.
    ///   - sandboxPort: the port of the sandbox's SMTP server, which takes the place of `POSTERN_RELAY_URL`; nil without
    ///     a sandbox.
    ///   - mayBeOpen: whether an address that others can reach needs no keys.
    ///   - socket: the socket that a service manager passed, which takes the place of `POSTERN_LISTEN`.
    ///   - servedHost: the host at which a gateway serves that is to take the configuration over; it stays there until a
    ///     restart, whatever `POSTERN_LISTEN` says now.
    /// - Throws: ``ConfigurationError`` that names the first setting that is missing or malformed.
    public init(
        _ values: SettingValues, sandboxPort: Int? = nil, mayBeOpen: Bool = false,
        socket: InheritedSocket? = nil, servedHost: String? = nil
    ) throws(ConfigurationError) {
        (listenHost, listenPort) = try Self.address(values)
        if let socket { (listenHost, listenPort) = (socket.host, socket.port) }
        inheritedSocket = socket
        let identity = try Self.identity(values)
        hostDomain = (identity ?? ClientDomain(ProcessInfo.processInfo.hostName) ?? .loopback).description
        let sandbox = try SandboxSettings(values)
        if let sandboxPort {
            relays = [try RelayConfiguration(sandbox, port: sandboxPort, values, identity: identity)]
        } else {
            relays = try Self.relays(values, identity)
        }
        routes = try RoutePlan(values, relays: relays.map(\.name))
        try routes.checkSenders(of: relays)
        let isIgnored = sandboxPort != nil && (values.value(of: .relayURL) != nil || !values.relays.isEmpty)
        warnings =
            relays.compactMap(\.warning)
            + (isIgnored ? ["the sandbox delivers nothing: the relays of the settings are not used"] : [])
        maximumInFlight = try values.integer(.maxInFlight)
        maximumMessageBytes = try values.integer(.maxMessageBytes)
        shutdownDelay = try values.duration(.shutdownDelay)
        shutdownGrace = try values.duration(.shutdownGrace)
        defaultAuthor = try Self.defaultAuthor(values)
        tracesMessages = try values.boolean(.traceMessages)
        vendorAPIs = try VendorAPI.list(values)
        access = try AccessConfiguration(values)
        connections = try ConnectionLimits(values)
        store = try RecordStoreLocation(values)
        recordLimits = try RecordLimits(values)
        signer = try Self.signer(values)
        certificate = try CertificateFiles(values)
        // The kinds of both settings have been checked.
        logLevel = values.value(of: .logLevel).flatMap(Logger.Level.init(rawValue:)) ?? .info
        logsAddresses = try values.boolean(.logAddresses)
        logFormat = values.value(of: .logFormat).flatMap(LogFormat.init(rawValue:))
        let openHost = [listenHost, servedHost].compactMap(\.self).first { !Self.isLoopback($0) }
        if let openHost, access.keys.isEmpty, !mayBeOpen, try !values.boolean(.allowAnonymous) {
            throw ConfigurationError(
                Setting.listen.name,
                "\(openHost) can be reached from outside and there are no keys; set POSTERN_API_KEYS, "
                    + "or POSTERN_ALLOW_ANONYMOUS=true to let anyone send")
        }
    }

    /// Checks the values that are given, whether or not a gateway could start with them.
    ///
    /// - Throws: ``ConfigurationError`` that names the first setting that is malformed.
    public static func check(_ values: SettingValues) throws(ConfigurationError) {
        let hasRelay = values.value(of: .relayURL) != nil || !values.relays.isEmpty
        // A relay that is missing is not malformed: the sandbox stands for it.
        _ = try GatewayConfiguration(values, sandboxPort: hasRelay ? nil : 1, mayBeOpen: true)
    }

    /// The relay that a message goes to where nothing else is said.
    public var relay: SMTPConfiguration { relays[0].smtp }

    private static func relays(
        _ values: SettingValues, _ identity: ClientDomain?
    ) throws(ConfigurationError) -> [RelayConfiguration] {
        let hasDefault = values.value(of: .relayURL) != nil
        let names = (hasDefault ? [RelayConfiguration.defaultName] : []) + values.relays
        guard !names.isEmpty else {
            throw ConfigurationError(
                Setting.relayURL.name, "it is needed: write smtp://host:port, or start with --sandbox")
        }
        guard Set(names).count == names.count else {
            throw ConfigurationError(
                Setting.relayURL.of(relay: RelayConfiguration.defaultName).name,
                "the relay of POSTERN_RELAY_URL has this name; choose another")
        }
        var relays: [RelayConfiguration] = []
        for name in names { relays.append(try RelayConfiguration(name, values, identity: identity)) }
        return relays
    }

    private static func defaultAuthor(_ values: SettingValues) throws(ConfigurationError) -> Mailbox? {
        guard let text = values.value(of: .defaultFrom) else { return nil }
        do throws(AddressError) {
            return try Mailbox(parsing: text)
        } catch {
            throw ConfigurationError(
                Setting.defaultFrom.name,
                "\(text.debugDescription) is not an address: \(error); write Shop <shop@example.org>"
            )
        }
    }

    /// Host and port, the host of an IPv6 address without its brackets.
    public static func address(_ values: SettingValues) throws(ConfigurationError) -> (host: String, port: Int) {
        try values.address(.listen)
    }

    /// Whether only this host can reach an address. A name counts for what it is: no other than `localhost` is sure.
    static func isLoopback(_ host: String) -> Bool {
        if host.lowercased() == "localhost" || host == "::1" || host.hasPrefix("unix:") { return true }
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return numbers.count == 4 && numbers.first == 127 && !numbers.contains(nil)
    }

    /// The name for EHLO, or nil for each connection's own address: a host without a full name introduces itself by that
    /// (RFC 5321, section 4.1.4). Containers have such names, and strict relays refuse them.
    private static func identity(_ values: SettingValues) throws(ConfigurationError) -> ClientDomain? {
        if let name = values.value(of: .heloName) {
            guard let identity = ClientDomain(name) else {
                throw ConfigurationError(
                    Setting.heloName.name,
                    "\(name.debugDescription) is neither a domain nor an address literal; write client.example.org, "
                        + "[192.0.2.1] or [IPv6:2001:db8::1]")
            }
            return identity
        }
        let host = ProcessInfo.processInfo.hostName
        return host.contains(".") ? ClientDomain(host) : nil
    }
}
