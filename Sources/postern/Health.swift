import ArgumentParser
import Foundation
import Gateway
import SMTP
import Settings

struct Health: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Asks a running gateway's /readyz; ends with 0 when it is ready, with 1 when not.")

    @Argument(
        help:
            "The gateway, http://host:port or https://host:port; by default the one of POSTERN_LISTEN, over HTTPS if that is configured."
    )
    var url: String?

    func run() async throws {
        let (host, port, path, security) = try target()
        do throws(HealthClient.Failure) {
            print(
                PrintableText.shown(
                    try await HealthClient.check(host: host, port: port, path: path, security: security)))
        } catch {
            throw fail(error)
        }
    }

    private func target() throws -> (host: String, port: Int, path: String, security: HealthClient.Security) {
        if let url {
            guard let parts = URLComponents(string: url), let scheme = parts.scheme?.lowercased(),
                ["http", "https"].contains(scheme), let host = parts.host, !host.isEmpty
            else {
                throw fail(
                    "\(url.debugDescription) is not of the form http://host:port or https://host:port",
                    code: ExitCode(64))
            }
            let path = parts.path.isEmpty || parts.path == "/" ? "/readyz" : parts.path
            let isSecure = scheme == "https"
            return (
                host.trimmingCharacters(in: CharacterSet(charactersIn: "[]")), parts.port ?? (isSecure ? 443 : 80),
                path,
                isSecure ? .verified : .none
            )
        }
        do throws(ConfigurationError) {
            let values = try SettingValues(environment: ProcessInfo.processInfo.environment)
            var (host, port) = try GatewayConfiguration.address(values)
            // An address to listen on is not always one to connect to.
            if host == "0.0.0.0" { host = "127.0.0.1" }
            if host == "::" { host = "::1" }
            let isSecure = values.value(of: .tlsCertificateFile) != nil
            return (host, port, "/readyz", isSecure ? .unverified : .none)
        } catch {
            throw fail(error)
        }
    }
}
