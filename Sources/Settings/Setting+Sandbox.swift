/// The embedded SMTP server.
extension Setting {
    package static let ofSandbox = [sandboxListen, sandboxMessages, sandboxBytes]

    package static let sandboxListen = Setting(
        "POSTERN_SANDBOX_LISTEN", .text, default: "127.0.0.1:0",
        "address of the sandbox's SMTP server, for other programs; port 0 is a free one, which the start shows")
    package static let sandboxMessages = Setting(
        "POSTERN_SANDBOX_MESSAGES", .number(1...100_000), default: "500",
        "most messages that the sandbox keeps; the oldest go first")
    package static let sandboxBytes = Setting(
        "POSTERN_SANDBOX_BYTES", .bytes(1024...17_179_869_184), default: "67108864",
        "most octets that the sandbox keeps; the oldest messages go first")
}
