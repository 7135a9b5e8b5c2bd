/// What is tried with any input. A target that finds something wrong traps.
enum FuzzTarget: String, CaseIterable {
    case replies, conversation, pool, addresses, sandbox, headers, requests, forms, json, mail

    func run(_ input: [UInt8]) {
        switch self {
        case .replies: RepliesTarget.run(input)
        case .conversation: ConversationTarget.run(input)
        case .pool: PoolTarget.run(input)
        case .addresses: AddressesTarget.run(input)
        case .sandbox: SandboxTarget.run(input)
        case .headers: HeadersTarget.run(input)
        case .requests: RequestsTarget.run(input)
        case .forms: FormsTarget.run(input)
        case .json: JSONTarget.run(input)
        case .mail: MailTarget.run(input)
        }
    }
}

/// Traps with what is wrong, in a release build too.
func ensure(_ condition: Bool, _ message: @autoclosure () -> String) {
    if !condition { fatalError(message()) }
}
