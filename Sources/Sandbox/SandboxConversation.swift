/// The server's side of a session as a value (RFC 5321): bytes in, replies and messages out, no I/O.
struct SandboxConversation {
    /// A message that is complete, but for what only the server knows: its id and the time.
    struct Caught: Equatable {
        let helloName: String
        let reversePath: String
        let recipients: [String]
        let raw: [UInt8]
    }

    /// What comes of received bytes, in order.
    enum Action: Equatable {
        case reply(String)
        /// Keep the message and answer with the id it gets.
        case keep(Caught)
        /// Close the connection, after the replies before.
        case close
    }

    /// Octets of a command line (RFC 5321, section 4.5.3.1.4, and room for the extensions' parameters).
    static let maximumLine = 4096
    /// Recipients of a message.
    static let maximumRecipients = 1000
    /// Octets of a message: as large as the gateway takes by default, encoded.
    static let maximumContent = 64 * 1024 * 1024

    private var buffer: [UInt8] = []
    private var isInContent = false
    private var isAtLineStart = true
    private var isTooLarge = false
    private var content: [UInt8] = []
    private var helloName: String?
    private var reversePath: String?
    private var recipients: [String] = []
    private var contentRefusal: String?
    private var drops = false
    private(set) var isClosed = false

    let greeting = "220 localhost ESMTP Postern sandbox"

    /// Takes bytes as they came.
    mutating func receive(_ bytes: some Collection<UInt8>) -> [Action] {
        buffer += bytes
        var actions: [Action] = []
        var start = 0
        while !isClosed, let end = buffer[start...].firstIndex(of: UInt8(ascii: "\n")) {
            if isInContent {
                takeContent(start, end + 1, &actions)
            } else {
                let last = end > start && buffer[end - 1] == UInt8(ascii: "\r") ? end - 1 : end
                if end - start > Self.maximumLine {
                    actions.append(.reply("500 5.5.2 Line too long"))
                } else {
                    take(String(decoding: buffer[start..<last], as: UTF8.self), &actions)
                }
            }
            start = end + 1
        }
        buffer.removeFirst(start)
        if !isInContent, buffer.count > Self.maximumLine {
            actions += [.reply("500 5.5.2 Line too long"), .close]
            isClosed = true
        } else if isInContent, buffer.count > Self.maximumContent {
            actions += [.reply("552 5.3.4 Message too large"), .close]
            isClosed = true
        }
        return actions
    }

    private mutating func takeContent(_ start: Int, _ end: Int, _ actions: inout [Action]) {
        var start = start
        // Only CRLF ends a line for the final dot: a lone LF before or behind it is content (RFC 5321, section 4.1.1.4).
        if isAtLineStart, buffer[start] == UInt8(ascii: ".") {
            if end - start == 3, buffer[start + 1] == UInt8(ascii: "\r") {
                finishContent(&actions)
                return
            }
            start += 1
        }
        isAtLineStart = end - start >= 2 && buffer[end - 2] == UInt8(ascii: "\r")
        if content.count + end - start > Self.maximumContent {
            isTooLarge = true
            content = []
        } else if !isTooLarge {
            content += buffer[start..<end]
        }
    }

    private mutating func finishContent(_ actions: inout [Action]) {
        if isTooLarge {
            actions.append(.reply("552 5.3.4 Message too large"))
        } else if drops {
            actions.append(.close)
            isClosed = true
        } else if let contentRefusal {
            actions.append(.reply(contentRefusal))
        } else {
            actions.append(
                .keep(
                    Caught(
                        helloName: helloName ?? "", reversePath: reversePath ?? "", recipients: recipients,
                        raw: content)))
        }
        reset()
    }

    private mutating func reset() {
        isInContent = false
        isAtLineStart = true
        isTooLarge = false
        content = []
        reversePath = nil
        recipients = []
        contentRefusal = nil
        drops = false
    }

    private mutating func take(_ line: String, _ actions: inout [Action]) {
        let verb = line.prefix { $0 != " " }.uppercased()
        switch verb {
        case "EHLO", "HELO": actions.append(.reply(hello(verb, line)))
        case "MAIL": actions.append(.reply(mail(line)))
        case "RCPT": actions.append(.reply(rcpt(line)))
        case "DATA":
            guard !recipients.isEmpty else {
                actions.append(.reply("554 5.5.1 No valid recipients"))
                return
            }
            isInContent = true
            actions.append(.reply("354 End data with <CR><LF>.<CR><LF>"))
        case "RSET":
            reset()
            actions.append(.reply("250 2.0.0 Ok"))
        case "NOOP": actions.append(.reply("250 2.0.0 Ok"))
        case "VRFY": actions.append(.reply("252 2.0.0 Send some mail, and see"))
        case "HELP": actions.append(.reply("214 2.0.0 RFC 5321"))
        case "QUIT":
            isClosed = true
            actions += [.reply("221 2.0.0 Bye"), .close]
        default: actions.append(.reply("500 5.5.2 Command not recognized"))
        }
    }

    private mutating func hello(_ verb: String, _ line: String) -> String {
        let name = line.dropFirst(verb.utf8.count).drop { $0 == " " }
        guard !name.isEmpty else { return "501 5.5.4 A domain is needed" }
        reset()
        helloName = String(name)
        if verb == "HELO" { return "250 localhost" }
        return "250-localhost\r\n250-PIPELINING\r\n250-SIZE \(Self.maximumContent)\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
            + "250 ENHANCEDSTATUSCODES"
    }

    private mutating func mail(_ line: String) -> String {
        guard helloName != nil else { return "503 5.5.1 EHLO first" }
        guard reversePath == nil else { return "503 5.5.1 There is a sender already" }
        guard let path = Self.path(line, after: "MAIL FROM:") else { return "501 5.5.4 MAIL FROM:<address>" }
        reversePath = path
        return "250 2.1.0 Ok"
    }

    private mutating func rcpt(_ line: String) -> String {
        guard reversePath != nil else { return "503 5.5.1 MAIL first" }
        guard let path = Self.path(line, after: "RCPT TO:"), !path.isEmpty else { return "501 5.5.4 RCPT TO:<address>" }
        guard recipients.count < Self.maximumRecipients else { return "452 4.5.3 Too many recipients" }
        switch SandboxRules.fate(of: path) {
        case .accept: break
        case .refuse(let reply): return reply
        case .refuseContent(let reply): contentRefusal = reply
        case .drop: drops = true
        }
        recipients.append(path)
        return "250 2.1.5 Ok"
    }

    /// What stands between the angle brackets; nil where there are none. A quoted local part may hold any of them.
    private static func path(_ line: String, after prefix: String) -> String? {
        guard line.utf8.count > prefix.utf8.count, line.prefix(prefix.count).uppercased() == prefix else { return nil }
        let rest = line.dropFirst(prefix.count).drop { $0 == " " }
        guard rest.first == "<" else { return nil }
        var isQuoted = false
        var isEscaped = false
        for index in rest.indices.dropFirst() {
            let character = rest[index]
            if isEscaped {
                isEscaped = false
            } else if character == "\\" {
                isEscaped = isQuoted
            } else if character == "\"" {
                isQuoted.toggle()
            } else if character == ">", !isQuoted {
                return String(rest[rest.index(after: rest.startIndex)..<index])
            }
        }
        return nil
    }
}
