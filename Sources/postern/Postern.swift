import ArgumentParser
import Gateway

@main
struct Postern: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "postern",
        abstract: "An HTTP-to-SMTP gateway: HTTP in, SMTP out, the relay's own reply back.",
        version: Gateway.version,
        subcommands: [Serve.self, Send.self, Check.self, Health.self, Config.self])
}
