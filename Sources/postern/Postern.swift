import ArgumentParser
import Gateway

@main
struct Postern: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "postern",
        abstract: "A small gate for mail: HTTP in, SMTP out, the relay's own answer back.",
        version: Gateway.version,
        subcommands: [Serve.self, Send.self, Check.self, Health.self, Config.self])
}
