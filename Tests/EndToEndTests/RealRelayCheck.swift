import Foundation
import MailAddress
import NIOCore
import NIOPosix
import SMTP
import Synchronization
import TestSupport
import Testing

/// What is tried with every real relay.
enum RealRelayCheck: CaseIterable, Sendable {
    case offersInClear, offersInTLS, sendsPlain, sendsWithSTARTTLS, sendsWithImplicitTLS, doesNotTrustByItself
    case authenticates, refusesAWrongPassword, keepsCredentialsFromClearText
    case carriesUTF8, notifies, refusesOneOfSeveral, carriesTenMegabytes, takesChunks, takesManyFromAPool,
        servesTheGateway, isReachedThroughProxies

    func run(on relay: RealRelay) async throws {
        switch self {
        case .offersInClear: try await relay.checkOffer(.plain)
        case .offersInTLS: try await relay.checkOffer(.startTLS)
        case .sendsPlain: try await relay.checkSending(.plain)
        case .sendsWithSTARTTLS: try await relay.checkSending(.startTLS)
        case .sendsWithImplicitTLS: try await relay.checkSending(.implicit)
        case .doesNotTrustByItself: try await relay.checkTrust()
        case .authenticates: try await relay.checkAuthentication()
        case .refusesAWrongPassword: try await relay.checkWrongPassword()
        case .keepsCredentialsFromClearText: try await relay.checkClearTextCredentials()
        case .carriesUTF8: try await relay.checkUTF8()
        case .notifies: try await relay.checkNotification()
        case .refusesOneOfSeveral: try await relay.checkRecipients()
        case .carriesTenMegabytes: try await relay.checkLargeMessage()
        case .takesChunks: try await relay.checkChunks()
        case .takesManyFromAPool: try await relay.checkPool()
        case .servesTheGateway: try await relay.checkGateway()
        case .isReachedThroughProxies: try await relay.checkProxies()
        }
    }
}

extension RealRelay {
    fileprivate static func mark() -> String { UUID().uuidString }

    /// The most protected way there is.
    fileprivate var bestWay: Way { hasWorkingTLS ? .startTLS : .plain }

    fileprivate func failure(_ work: () async throws -> Void) async throws -> SMTPError? {
        do {
            try await work()
            return nil
        } catch let error as SMTPError {
            return error
        }
    }

    @discardableResult
    fileprivate func send(
        _ text: String, to recipient: String = "bob@example.net", on session: SMTPSession
    ) async throws -> Reply {
        var message = try await session.open(from: "ann@example.net", to: recipient)
        try await message.write(text)
        return try await message.close()
    }

    // MARK: What it offers

    fileprivate func checkOffer(_ way: Way) async throws {
        guard way == .plain || hasWorkingTLS else { return try await checkBrokenTLS(way) }
        let session = try await connect(way)
        let capabilities = await session.capabilities
        #expect(capabilities.startTLS == (way == .plain))
        #expect(capabilities.pipelining == offer.pipelining)
        #expect(capabilities.chunking == offer.chunking)
        #expect(capabilities.smtpUTF8 == offer.smtpUTF8)
        #expect(capabilities.dsn == offer.dsn)
        #expect(capabilities.enhancedStatusCodes == offer.enhancedStatusCodes)
        #expect(capabilities.eightBitMIME)
        #expect(capabilities.size == 20 << 20)
        let usable = capabilities.authentication.compactMap { AuthenticationMechanism(rawValue: $0) }
        #expect(Set(usable) == (way == .plain ? [] : Set(offer.mechanisms)))
        try await session.disconnect()
    }

    /// A server whose TLS does not work gets nothing in clear text instead.
    fileprivate func checkBrokenTLS(_ way: Way) async throws {
        let error = try await failure { _ = try await connect(way) }
        #expect(error?.reason == .tls)
        #expect(error?.tlsFailure?.kind == .handshake)
        #expect(error?.stage == (way == .implicit ? .connect : .startTLS))
        #expect(error?.outcome == .notSent)
        #expect(error?.detail.contains("INTERNAL_ERROR") == true, "\(error?.detail ?? "")")
    }

    fileprivate func checkTrust() async throws {
        for way in [Way.startTLS, .implicit] {
            guard hasWorkingTLS else {
                try await checkBrokenTLS(way)
                continue
            }
            let error = try await failure { _ = try await connect(way, trusted: false) }
            #expect(error?.tlsFailure?.kind == .unknownAuthority, "\(error?.detail ?? "")")
            #expect(error?.stage == (way == .implicit ? .connect : .startTLS))
        }
    }

    // MARK: Messages

    fileprivate func checkSending(_ way: Way) async throws {
        guard way == .plain || hasWorkingTLS else { return try await checkBrokenTLS(way) }
        let session = try await connect(way)
        #expect(await session.isSecure == (way != .plain))
        for body in [
            "plain", ".\r\n..\r\n.hidden\r\n.", "x\r\n.\r\nMAIL FROM:<evil@example.org>\r\n.\r\nDATA\r\n", "",
        ] {
            let mark = Self.mark()
            let reply = try await send("Subject: \(mark)\r\nX-Long: \(mark)\r\n\r\n\(body)", on: session)
            #expect(reply.code == 250)
            let text = String(decoding: try #require(try await delivered(to: "bob", with: mark).first), as: UTF8.self)
            let end = body.replacingOccurrences(of: "\r\n", with: "\n")
            #expect(text.contains("\nX-Long: \(mark)\n"))
            #expect(
                text.trimmingSuffix("\n").hasSuffix(("\n\n" + end).trimmingSuffix("\n")), "\(text.debugDescription)")
        }
        try await session.disconnect()
    }

    fileprivate func checkProxies() async throws {
        for kind in [SMTPProxy.Kind.socks5, .http] {
            for needsLogin in [false, true] {
                let proxy = try await RealProxy(kind, needsLogin: needsLogin)
                for way in Way.allCases where way == .plain || hasWorkingTLS {
                    var configuration = try configuration(way)
                    configuration.proxy = proxy.client
                    let session = try await SMTPSession.connect(configuration)
                    let mark = Self.mark()
                    #expect(try await send("Subject: \(mark)\r\n\r\nthrough a proxy", on: session).code == 250)
                    #expect(try await delivered(to: "bob", with: mark).count == 1)
                    try await session.disconnect()
                }
                guard needsLogin else { continue }
                for refused in [proxy.anonymous, proxy.wrong] {
                    var configuration = try configuration(.plain)
                    configuration.proxy = refused
                    let error = try await failure { _ = try await SMTPSession.connect(configuration) }
                    #expect(
                        error?.stage == .connect && error?.detail.contains("the proxy") == true,
                        "\(error?.detail ?? "")")
                }
            }
        }
    }

    fileprivate func checkUTF8() async throws {
        let session = try await connect(bestWay)
        let mark = Self.mark()
        let text = "Subject: Grüße \(mark)\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGrüße, 大きさ\r\n"
        var envelope = try Envelope(from: "ann@example.net", to: ["jürgen@example.net"])
        envelope.needsSMTPUTF8 = true
        let fixed = envelope
        if offer.smtpUTF8 {
            var message = try await session.open(fixed)
            try await message.write(text)
            #expect(try await message.close().code == 250)
            let file = try #require(try await delivered(to: "juergen", with: mark).first)
            #expect(String(decoding: file, as: UTF8.self).contains("Subject: Grüße \(mark)\n"))
            #expect(String(decoding: file, as: UTF8.self).hasSuffix("\n\nGrüße, 大きさ\n"))
        } else {
            let error = try await failure { _ = try await session.open(fixed) }
            #expect(error?.reason == .unsupported)
            #expect(error?.outcome == .notSent)
        }
        // The session goes on.
        #expect(try await send("Subject: \(mark)\r\n\r\n", on: session).code == 250)
        try await session.disconnect()
    }

    fileprivate func checkNotification() async throws {
        let session = try await connect(bestWay)
        let mark = Self.mark()
        var envelope = try Envelope(from: "ann@example.net", to: ["bob@example.net"])
        var extensions = MailExtensions()
        extensions.notification = try DeliveryStatusNotification(
            of: [.success], returning: .headers, identifier: "order+7=\(mark)")
        envelope.extensions = extensions
        let fixed = envelope
        guard offer.dsn else {
            let error = try await failure { _ = try await session.open(fixed) }
            #expect(error?.reason == .unsupported)
            return try await session.disconnect()
        }
        var message = try await session.open(fixed)
        try await message.write("Subject: \(mark)\r\n\r\nwhat stays out of the notification\r\n")
        #expect(try await message.close().code == 250)
        try await session.disconnect()
        // The relay tells the sender.
        let file = try #require(try await delivered(to: "ann", with: mark).first)
        let text = String(decoding: file, as: UTF8.self)
        #expect(text.contains("Action: delivered") || text.contains("Action: relayed"), "\(text)")
        #expect(text.contains("bob@example.net"))
        if let returned = offer.returnedIdentifier?("order+7=\(mark)", "order+2B7+3D\(mark)") {
            #expect(text.contains(returned), "\(text)")
        }
        #expect(!text.contains("what stays out"))
    }

    fileprivate func checkRecipients() async throws {
        let session = try await connect(bestWay)
        let mark = Self.mark()
        var message = try await session.open(
            from: "ann@example.net", to: "bob@example.net", "nobody-here@example.net", "carol@example.net")
        #expect(message.rejected.map(\.address.description) == ["nobody-here@example.net"])
        #expect(message.rejected.first?.reply.code == 550)
        #expect(message.accepted.map(\.description) == ["bob@example.net", "carol@example.net"])
        try await message.write("Subject: \(mark)\r\n\r\n")
        #expect(try await message.close().code == 250)
        for mailbox in ["bob", "carol"] { #expect(try await delivered(to: mailbox, with: mark).count == 1) }

        var all = try Envelope(from: "ann@example.net", to: ["dan@example.net", "nobody-here@example.net"])
        all.recipientPolicy = .all
        let none = try Envelope(from: "ann@example.net", to: ["nobody-here@example.net"])
        for envelope in [all, none] {
            let error = try await failure { _ = try await session.open(envelope) }
            #expect(error?.reason == .refused)
            #expect(error?.stage == .rcpt)
            #expect(error?.code == 550)
            #expect(error?.rejected.count == 1)
        }
        // The session goes on behind the resets, and nothing of the refused messages comes.
        let last = Self.mark()
        #expect(try await send("Subject: \(last)\r\n\r\n", to: "dan@example.net", on: session).code == 250)
        #expect(try await delivered(to: "dan", with: "Subject: ").count == 1)
        try await session.disconnect()
    }

    fileprivate func checkLargeMessage() async throws {
        let session = try await connect(bestWay)
        let mark = Self.mark()
        // Lines of 78 that differ, some with a dot in front.
        var lines: [String] = []
        for number in 0..<131_072 {
            let head = "\(number % 7 == 0 ? "." : "")\(number) "
            lines.append(head + String(repeating: "x", count: 78 - head.utf8.count))
        }
        var message = try await session.open(from: "ann@example.net", to: "bob@example.net")
        try await message.write("Subject: \(mark)\r\n\r\n")
        for start in stride(from: 0, to: lines.count, by: 1000) {
            let piece = lines[start..<min(start + 1000, lines.count)]
            try await message.write(piece.joined(separator: "\r\n") + "\r\n")
        }
        #expect(try await message.close().code == 250)
        try await session.disconnect()
        let file = try #require(try await delivered(to: "bob", with: mark).first)
        let start = try #require(file.range(of: Data("\n\n".utf8)))
        // In one comparison: a difference would print 10 MB.
        let isEqual = file[start.upperBound...] == Data((lines.joined(separator: "\n") + "\n").utf8)
        #expect(isEqual)
    }

    /// With CHUNKING the envelope waits for the content, and all goes out in one write; without, DATA does it.
    fileprivate func checkChunks() async throws {
        let lines = Mutex<[String]>([])
        var configuration = try configuration(bestWay)
        configuration.transcript = SMTPTranscript { line in lines.withLock { $0.append(line) } }
        let session = try await SMTPSession.connect(configuration)
        let mark = Self.mark()
        let body = ".\r\n.dots are not stuffed\r\n.\r\n"
        let envelope = try Envelope(from: "ann@example.net", to: ["bob@example.net", "nobody-here@example.net"])
        var message = try await session.open(envelope, mayDefer: true)
        try await message.write("Subject: \(mark)\r\n\r\n\(body)")
        let receipt = try await message.finish()
        #expect(receipt.reply.code == 250)
        #expect(receipt.accepted.map(\.description) == ["bob@example.net"])
        #expect(receipt.rejected.map(\.reply.code) == [550])
        let file = try #require(try await delivered(to: "bob", with: mark).first)
        let text = String(decoding: file, as: UTF8.self)
        #expect(text.hasSuffix("\n\n" + body.replacingOccurrences(of: "\r\n", with: "\n")), "\(text.debugDescription)")
        #expect(lines.withLock { $0.contains { $0.hasPrefix("C: BDAT ") } } == offer.chunking)
        #expect(lines.withLock { $0.contains("C: DATA") } == !offer.chunking)

        // Nobody is left to take it: the content that went along is not taken either, and the session goes on.
        let error = try await failure {
            var message = try await session.open(
                Envelope(from: "ann@example.net", to: ["nobody-here@example.net"]), mayDefer: true)
            try await message.write("Subject: \(mark)\r\n\r\n")
            _ = try await message.finish()
        }
        #expect(error?.reason == .refused)
        #expect(error?.stage == .rcpt)
        #expect(error?.code == 550)
        #expect(error?.outcome == .notSent)
        #expect(try await send("Subject: \(mark)\r\n\r\n", to: "dan@example.net", on: session).code == 250)
        try await session.disconnect()
    }

    /// Chained transactions where the relay takes groups of commands, one after the other where not.
    fileprivate func checkPool() async throws {
        let mark = Self.mark()
        var limits = SMTPPoolLimits()
        limits.sessions = 2
        let pool = SMTPSessionPool(
            try configuration(bestWay), limits: limits, on: [MultiThreadedEventLoopGroup.singleton.next()])
        try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<40 {
                group.addTask {
                    let envelope = try Envelope(from: "ann@example.net", to: ["carol@example.net"])
                    var message = try await pool.open(envelope)
                    try await message.write("Subject: \(mark)\r\nX-Number: \(number)\r\n\r\nhi\r\n")
                    return try await message.close().code
                }
            }
            for try await code in group { #expect(code == 250) }
        }
        await pool.shutdown()
        let files = try await delivered(to: "carol", with: mark, count: 40)
        let numbers = files.compactMap { String(decoding: $0, as: UTF8.self).firstMatch(of: /X-Number: (\d+)/)?.1 }
        #expect(Set(numbers).count == 40)
        #expect(files.count == 40)
    }
}

extension String {
    fileprivate func trimmingSuffix(_ character: Character) -> String {
        var text = self[...]
        while text.last == character { text.removeLast() }
        return String(text)
    }
}
