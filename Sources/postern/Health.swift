import ArgumentParser
import Foundation
import Gateway
import SMTP

struct Health: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Asks a running gateway's /readyz; ends with 0 when it is ready, with 1 when not.")

    @Argument(help: "The gateway, http://host:port; by default the address of POSTERN_LISTEN.")
    var url: String?

    func run() async throws {
        let (host, port, path) = try target()
        do throws(HealthClient.Failure) {
            print(PrintableText.shown(try await HealthClient.check(host: host, port: port, path: path)))
        } catch {
            throw fail(error)
        }
    }

    private func target() throws -> (host: String, port: Int, path: String) {
        if let url {
            guard let parts = URLComponents(string: url), parts.scheme == "http", let host = parts.host else {
                throw fail("\(url.debugDescription) is not of the form http://host:port", code: ExitCode(64))
            }
            let path = parts.path.isEmpty || parts.path == "/" ? "/readyz" : parts.path
            return (host.trimmingCharacters(in: CharacterSet(charactersIn: "[]")), parts.port ?? 80, path)
        }
        do throws(ConfigurationError) {
            var (host, port) = try GatewayConfiguration.address(
                SettingValues(environment: ProcessInfo.processInfo.environment))
            // An address to listen on is not always one to connect to.
            if host == "0.0.0.0" { host = "127.0.0.1" }
            if host == "::" { host = "::1" }
            return (host, port, "/readyz")
        } catch {
            throw fail(error)
        }
    }
}
