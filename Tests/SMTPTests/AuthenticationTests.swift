import Testing

@testable import SMTP

@Suite struct AuthenticationExchangeTests {
    private static func text(_ octets: [UInt8]?) -> String? { octets.map { String(decoding: $0, as: UTF8.self) } }

    // MARK: SCRAM

    private static let serverFirst =
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"

    private func scram(_ password: String = "pencil") throws -> SCRAMExchange {
        try SCRAMExchange(username: "user", password: password, nonce: "rOprNGfwEbeRWgbNEkqO", SaltedPasswords())
    }

    /// The exchange of RFC 7677, section 3.
    @Test func theRFCsExample() throws {
        var exchange = try scram()
        #expect(Self.text(exchange.initialResponse()) == "n,,n=user,r=rOprNGfwEbeRWgbNEkqO")
        #expect(
            Self.text(try exchange.respond(to: Array(Self.serverFirst.utf8)))
                == "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        )
        #expect(!exchange.isComplete)
        #expect(try exchange.respond(to: Array("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=".utf8)) == [])
        #expect(exchange.isComplete)
    }

    @Test(arguments: [
        "v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", "v=", "v=*", "", "e=other-error", "r=x",
        "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G",
    ]) func aServerThatProvesNothingIsNotBelieved(_ final: String) throws {
        var exchange = try scram()
        _ = exchange.initialResponse()
        _ = try exchange.respond(to: Array(Self.serverFirst.utf8))
        #expect(throws: AuthenticationFailure.self) { try exchange.respond(to: Array(final.utf8)) }
        #expect(!exchange.isComplete)
    }

    @Test(arguments: [
        "r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4095",
        "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=600001",
        "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=-1", "r=rOprNGfwEbeRWgbNEkqOx,s=,i=4096",
        "m=ext,r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "r=rOprNGfwEbeRWgbNEkqOx,s=*,i=4096",
        "r=rOprNGfwEbeRWgbNEkqOx", "", ",,", "e=x",
    ]) func aFirstMessageThatIsNotSoundEndsIt(_ first: String) throws {
        var exchange = try scram()
        _ = exchange.initialResponse()
        let failure = #expect(throws: AuthenticationFailure.self) { try exchange.respond(to: Array(first.utf8)) }
        #expect(failure?.isOfTheServer == true)
        #expect(failure?.description.contains("pencil") == false)
    }

    @Test func namesAreEscapedAndOctetsChecked() throws {
        var exchange = try SCRAMExchange(username: "a=b,c", password: "p", nonce: "n", SaltedPasswords())
        #expect(Self.text(exchange.initialResponse()) == "n,,n=a=3Db=2Cc,r=n")
        #expect(throws: AuthenticationFailure.self) { try exchange.respond(to: [0xFF, 0xFE]) }
    }

    /// The same example with the binding in front: `p=tls-server-end-point,,` and the hash are what the proof covers.
    @Test func theProofIsBoundToTheCertificate() throws {
        let hash = [UInt8](repeating: 0xA5, count: 32)
        var exchange = try SCRAMExchange(
            username: "user", password: "pencil", nonce: "rOprNGfwEbeRWgbNEkqO", binding: .serverEndPoint(hash),
            SaltedPasswords())
        #expect(Self.text(exchange.initialResponse()) == "p=tls-server-end-point,,n=user,r=rOprNGfwEbeRWgbNEkqO")
        let final = try #require(Self.text(try exchange.respond(to: Array(Self.serverFirst.utf8))))
        let attributes = final.split(separator: ",")
        #expect(
            Base64.decode(attributes[0].dropFirst(2))
                == Array("p=tls-server-end-point,,".utf8) + hash)
        // As Python's hashlib and hmac have it for the same messages.
        #expect(attributes.last == "p=I41oP5fseLrQ8/PHr1So4rWrliDSUt0TABjHoUAXFn0=")
    }

    @Test(arguments: [
        (["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN"], true, AuthenticationMechanism.scramSHA256Plus),
        (["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN"], false, .scramSHA256),
        (["PLAIN", "SCRAM-SHA-256"], true, .scramSHA256), (["LOGIN", "PLAIN", "CRAM-MD5"], true, .cramMD5),
        (["LOGIN", "PLAIN"], true, .plain), (["LOGIN"], true, .login), (["GSSAPI", "XOAUTH2"], true, nil),
    ]) func theStrongestIsChosen(_ offered: [String], _ canBind: Bool, _ choice: AuthenticationMechanism?) {
        let credentials = SMTPCredentials(username: "u", password: "p")
        #expect(credentials.choice(of: offered, canBind: canBind) == choice)
    }

    // MARK: The others

    /// The exchange of RFC 2195, section 2.
    @Test func challengeAndResponse() throws {
        var exchange = ChallengeResponseExchange(username: "tim", password: "tanstaaftanstaaf")
        #expect(exchange.initialResponse() == nil)
        #expect(!exchange.isComplete)
        let challenge = Array("<1896.697170952@postoffice.reston.mci.net>".utf8)
        #expect(Self.text(try exchange.respond(to: challenge)) == "tim b913a602c7eda7a495b4e6e7334d3890")
        #expect(throws: AuthenticationFailure.self) { try exchange.respond(to: challenge) }
    }

    /// The form of RFC 7628, section 4.1, and the older one.
    @Test func tokens() throws {
        var bearer = try TokenExchange(.oauthBearer, username: "user@example.com", token: "vF9dft4qmT")
        #expect(
            Self.text(bearer.initialResponse()) == "n,a=user@example.com,\u{1}auth=Bearer vF9dft4qmT\u{1}\u{1}")
        #expect(try bearer.respond(to: Array(#"{"status":"invalid_token","scope":"x"}"#.utf8)) == [1])
        #expect(bearer.refusalDetail == "the token was refused: invalid_token")
        var older = try TokenExchange(.xoauth2, username: "u", token: "t")
        #expect(Self.text(older.initialResponse()) == "user=u\u{1}auth=Bearer t\u{1}\u{1}")
        #expect(try older.respond(to: Array(#"{"status":"401"}"#.utf8)) == [])
        #expect(throws: AuthenticationFailure.self) { try older.respond(to: Array(#"{"status":"401"}"#.utf8)) }
        for hostile in ["", "a b", "a\u{1}b", "a\r\nb", "ü"] {
            #expect(throws: AuthenticationFailure.self) {
                try TokenExchange(.xoauth2, username: "u", token: hostile)
            }
        }
        #expect(throws: AuthenticationFailure.self) {
            try TokenExchange(.xoauth2, username: "u\u{1}auth=x", token: "t")
        }
    }

    // MARK: SASLprep

    /// The examples of RFC 4013, section 3, and those of the tables.
    @Test(
        arguments: [
            ("I\u{AD}X", "IX"), ("user", "user"), ("USER", "USER"), ("\u{AA}", "a"), ("\u{2168}", "IX"),
            ("a\u{A0}b", "a b"), ("a\u{3000}b", "a b"), ("pa\u{200B}ss", "pass"), ("e\u{301}", "\u{E9}"), ("", ""),
            ("\u{5D0}\u{5D1}", "\u{5D0}\u{5D1}"), ("\u{627}1\u{628}", "\u{627}1\u{628}"),
        ]) func prepares(_ text: String, _ prepared: String) throws
    {
        let result = try PreparedString.prepare(text, as: "it")
        #expect(Array(result.unicodeScalars) == Array(prepared.unicodeScalars))
    }

    @Test(arguments: ["\u{7}", "\u{627}\u{31}", "\u{627}a\u{628}", "a\u{E000}", "\u{FFFE}", "\u{200E}x", "a\u{7F}"])
    func forbids(_ text: String) {
        let failure = #expect(throws: AuthenticationFailure.self) { try PreparedString.prepare(text, as: "it") }
        #expect(failure?.isOfTheServer == false)
    }
}

@Suite struct AuthenticationConversationTests {
    /// A conversation that has come to AUTH, and what it did then.
    private struct Begun: ~Copyable {
        var play: Play
        let actions: [String]
    }

    private func begin(
        _ credentials: SMTPCredentials, offering mechanisms: String, transcript: Bool = false
    ) throws -> Begun {
        var play = try Play(security: .implicit, credentials: credentials, transcript: transcript)
        var actions = play.server("220 hello\r\n")
        actions += play.server("250-server\r\n250 AUTH \(mechanisms)\r\n")
        return Begun(play: play, actions: actions.filter { !$0.hasPrefix("> EHLO") })
    }

    @Test(arguments: [
        ("LOGIN PLAIN CRAM-MD5 SCRAM-SHA-256", "> AUTH SCRAM-SHA-256 biws"),
        ("LOGIN PLAIN CRAM-MD5", "> AUTH CRAM-MD5|"),
        ("LOGIN PLAIN XOAUTH2", "> AUTH PLAIN AHUAcA==|"), ("login", "> AUTH LOGIN|"),
    ]) func theStrongestIsTaken(_ offered: String, _ command: String) throws {
        let actions = try begin(SMTPCredentials(username: "u", password: "p"), offering: offered).actions
        #expect(actions.count == 1)
        #expect(actions.first?.hasPrefix(command.replacing("biws", with: "bi")) == true)
    }

    @Test func theOneAskedForIsTakenOrNone() throws {
        let asked = SMTPCredentials(username: "u", password: "p", mechanism: .login)
        #expect(try begin(asked, offering: "PLAIN LOGIN").actions == ["> AUTH LOGIN|"])
        #expect(
            try begin(asked, offering: "PLAIN").actions == [
                "> QUIT|", "leave authentication_unavailable auth not_sent",
            ])
        let token = SMTPCredentials(username: "u") { "t" }
        #expect(
            try begin(token, offering: "PLAIN LOGIN").actions == [
                "> QUIT|", "leave authentication_unavailable auth not_sent",
            ])
        #expect(
            try begin(asked, offering: "").actions == ["> QUIT|", "leave authentication_unavailable auth not_sent"])
    }

    @Test func aSuccessBeforeTheProofIsNotBelieved() throws {
        var play = try begin(SMTPCredentials(username: "u", password: "p"), offering: "SCRAM-SHA-256").play
        #expect(play.server("235 2.7.0 welcome\r\n") == ["close protocol_violation auth not_sent"])
    }

    @Test(arguments: [
        "334 *\r\n", "334-YQ==\r\n334 YQ==\r\n", "334 Y\r\n",
    ])
    func aChallengeThatIsNotSoundEndsIt(_ challenge: String) throws {
        var play = try begin(SMTPCredentials(username: "u", password: "p"), offering: "CRAM-MD5").play
        #expect(play.server(challenge) == ["close protocol_violation auth not_sent"])
    }

    /// An initial response that does not fit into a line of 512 octets waits for the challenge (RFC 4954, section 4).
    @Test(arguments: [900, 1600]) func aLongResponseWaitsForTheChallenge(_ length: Int) throws {
        let long = String(repeating: "t", count: length)
        for mechanism in ["XOAUTH2", "OAUTHBEARER"] {
            var play = try begin(SMTPCredentials(username: "u") { "unused" }, offering: mechanism).play
            play.conversation.tokenArrived(long)
            #expect(play.drain() == ["> AUTH \(mechanism)|"])
            let response = play.server("334 \r\n")
            #expect(response.count == 1)
            let sent = Base64.decode(response.first?.dropFirst(2).dropLast() ?? "") ?? []
            #expect(String(decoding: sent, as: UTF8.self).contains("auth=Bearer \(long)\u{1}"))
            #expect(play.server("235 2.7.0 welcome\r\n").contains("ready"))
        }
        var play = try begin(SMTPCredentials(username: "u", password: long), offering: "PLAIN")
        #expect(play.actions == ["> AUTH PLAIN|"])
        #expect(play.play.server("334 \r\n") == ["> \(Base64.encode(Array("\0u\0\(long)".utf8)))|"])
    }

    /// The longest line that fits still saves the round trip, and one octet more does not.
    @Test func theLimitIsTheLineWithItsEnd() throws {
        let fits = try begin(
            SMTPCredentials(username: "u", password: String(repeating: "p", count: 360)), offering: "PLAIN")
        #expect(fits.actions.first?.utf8.count ?? 0 <= "> ".utf8.count + 511)
        #expect(fits.actions.first != "> AUTH PLAIN|")
        let exceeds = try begin(
            SMTPCredentials(username: "u", password: String(repeating: "p", count: 380)), offering: "PLAIN")
        #expect(exceeds.actions == ["> AUTH PLAIN|"])
    }

    /// A server that refuses the mechanism and not the credentials is asked with the next one, in this session and first in
    /// later ones.
    @Test(arguments: ["504 5.5.4 not known", "534 5.7.9 too weak", "538 5.7.11 encryption needed"])
    func theNextMechanismIsTried(_ refusal: String) throws {
        let credentials = SMTPCredentials(username: "u", password: "p")
        var play = try begin(credentials, offering: "CRAM-MD5 PLAIN LOGIN").play
        #expect(play.server(refusal + "\r\n") == ["> AUTH PLAIN AHUAcA==|"])
        #expect(play.server("235 2.7.0 welcome\r\n").contains("ready"))
        #expect(try begin(credentials, offering: "CRAM-MD5 PLAIN LOGIN").actions == ["> AUTH PLAIN AHUAcA==|"])
        // Where it was asked for by name there is no other.
        let asked = SMTPCredentials(username: "u", password: "p", mechanism: .cramMD5)
        var other = try begin(asked, offering: "CRAM-MD5 PLAIN").play
        #expect(other.server(refusal + "\r\n").first == "> QUIT|")
    }

    /// What the challenges of LOGIN hold is the server's own affair (RFC 4954 knows no form for it).
    @Test(arguments: ["VXNlcm5hbWU6 ", "VXNlcm5hbWU", "Username:", "", "*"])
    func theWordsOfLoginDoNotMatter(_ challenge: String) throws {
        var play = try begin(SMTPCredentials(username: "u", password: "p"), offering: "LOGIN").play
        #expect(play.server("334 \(challenge)\r\n") == ["> dQ==|"])
        #expect(play.server("334 \(challenge)\r\n") == ["> cA==|"])
    }

    /// A server that repeats what it was sent does not get it into an error.
    @Test(arguments: ["PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"]) func aRepeatedSecretIsWithheld(_ mechanism: String)
        throws
    {
        let secret = "planted-secret-of-some-length-0123456789"
        let isToken = mechanism.contains("OAUTH")
        let credentials =
            isToken
            ? SMTPCredentials(username: "the-user") { secret } : SMTPCredentials(username: "the-user", password: secret)
        for shows in ["", secret, String(secret.dropFirst(5).dropLast(5)), "wire"] {
            var play = try begin(credentials, offering: mechanism).play
            var sent: [String] = []
            for _ in 0..<2 {
                if isToken {
                    play.conversation.tokenArrived(secret)
                    sent += play.drain()
                } else if mechanism == "LOGIN" {
                    sent += play.server("334 VXNlcm5hbWU6\r\n") + play.server("334 UGFzc3dvcmQ6\r\n")
                } else {
                    sent = ["AUTH PLAIN " + Base64.encode(Array("\0the-user\0\(secret)".utf8))]
                }
                let wire = sent.joined(separator: " ").replacing("|", with: "")
                _ = play.server("535 5.7.8 you said \(shows == "wire" ? wire : shows)\r\n")
                if !isToken { break }
            }
            let last = play.lastError
            let error = try #require(last)
            #expect(error.code == 535)
            #expect(error.detail.contains("not shown") == !shows.isEmpty, "\(error.detail)")
            #expect(!error.detail.contains("secret-of"), "\(error.detail)")
        }
    }

    @Test(arguments: ["", "5.7.8 "]) func aRepeatedSecretIsNotInTheTranscript(_ enhanced: String) throws {
        let credentials = SMTPCredentials(username: "the-user", password: "planted-secret")
        var play = try begin(credentials, offering: "PLAIN", transcript: true).play
        let transcript = play.server("535 \(enhanced)you said planted-secret\r\n").filter { $0.hasPrefix("S: 535") }
        #expect(transcript == ["S: 535 \(enhanced)[the text of the reply repeats credentials and is not shown]"])
    }

    @Test func challengesEnd() throws {
        var play = try begin(SMTPCredentials(username: "u") { "t" }, offering: "XOAUTH2").play
        play.conversation.tokenArrived("t")
        _ = play.drain()
        for _ in 0..<8 { #expect(play.server("334 \r\n").first?.hasPrefix("> ") == true) }
        #expect(play.server("334 \r\n").last?.contains("protocol_violation auth") == true)
    }

    @Test func aRefusalHasItsCode() throws {
        var play = try begin(SMTPCredentials(username: "u", password: "p"), offering: "PLAIN").play
        #expect(play.server("535 5.7.8 no\r\n") == ["> QUIT|", "leave refused auth 535 not_sent"])
    }

    @Test func aTokenIsAskedForOnceMore() throws {
        let credentials = SMTPCredentials(username: "u") { "unused" }
        let begun = try begin(credentials, offering: "XOAUTH2 OAUTHBEARER")
        #expect(begun.actions == ["ask for token"])
        var play = begun.play
        #expect(play.conversation.awaited?.stage == .auth)
        play.conversation.tokenArrived("old")
        let first = Base64.encode(Array("n,a=u,\u{1}auth=Bearer old\u{1}\u{1}".utf8))
        #expect(play.drain() == ["> AUTH OAUTHBEARER \(first)|"])
        let error = Base64.encode(Array(#"{"status":"invalid_token"}"#.utf8))
        #expect(play.server("334 \(error)\r\n") == ["> AQ==|"])
        #expect(play.server("535 5.7.8 no\r\n") == ["token refused 535", "ask for token"])
        play.conversation.tokenArrived("new")
        let second = Base64.encode(Array("n,a=u,\u{1}auth=Bearer new\u{1}\u{1}".utf8))
        #expect(play.drain() == ["> AUTH OAUTHBEARER \(second)|"])
        #expect(play.server("334 \(error)\r\n") == ["> AQ==|"])
        #expect(play.server("535 5.7.8 no\r\n") == ["token refused 535", "> QUIT|", "leave refused auth 535 not_sent"])
    }

    @Test func withoutATokenThereIsNoSession() throws {
        var play = try begin(SMTPCredentials(username: "u") { "unused" }, offering: "XOAUTH2").play
        play.conversation.tokenFailed("Gone", isTemporary: false)
        #expect(play.drain() == ["> QUIT|", "leave access_token_refused auth not_sent"])
        play.conversation.tokenArrived("late")
        #expect(play.drain() == [])
    }

    /// What was sent for AUTH, and what the server asked, in base64 and not: none of it, and no part of it that the
    /// secret is in or can be guessed from.
    @Test(arguments: [
        "PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "OAUTHBEARER", "XOAUTH2",
    ]) func nothingOfTheSecretIsInTheTranscript(_ mechanism: String) throws {
        let secret = "a-planted-secret"
        let isToken = mechanism.contains("OAUTH")
        let credentials =
            isToken
            ? SMTPCredentials(username: "the-user") { secret }
            : SMTPCredentials(username: "the-user", password: secret)
        var play = try Play(security: .implicit, credentials: credentials, transcript: true)
        play.conversation.serverEndPoint = [UInt8](repeating: 0xA5, count: 32)
        var actions = play.server("220 hello\r\n")
        actions += play.server("250-server\r\n250 AUTH \(mechanism)\r\n")
        if isToken {
            play.conversation.tokenArrived(secret)
            actions += play.drain()
        }
        var challenges: [String] = []
        switch mechanism {
        case "LOGIN": challenges = ["Username:", "Password:"]
        case "CRAM-MD5": challenges = ["<1896.697170952@postoffice.example.net>"]
        case "OAUTHBEARER", "XOAUTH2": challenges = [#"{"status":"invalid_token"}"#]
        case "PLAIN": break
        default:
            let first = try #require(actions.last { $0.hasPrefix("> AUTH") }?.dropLast().split(separator: " ").last)
            let response = String(decoding: try #require(Base64.decode(first)), as: UTF8.self)
            let nonce = try #require(response.split(separator: "r=").last)
            // The answer to the second holds nothing: it does not prove what it should.
            challenges = ["r=\(nonce)xyz,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "v=6rriTRBi23WpRR/wtup+mMhUZUn"]
        }
        for challenge in challenges { actions += play.server("334 \(Base64.encode(Array(challenge.utf8)))\r\n") }

        let sent = actions.filter { $0.hasPrefix("> ") && !$0.hasPrefix("> EHLO") }
        let transcript = actions.filter { $0.hasPrefix("C: ") || $0.hasPrefix("S: ") }
        let text = transcript.joined(separator: "\n")
        #expect(text.contains("C: AUTH \(mechanism)"))
        #expect(transcript.count { $0 == "S: 334 [challenge]" } == challenges.count)
        let payloads = sent.map { $0.dropFirst(2).dropLast().replacing("AUTH \(mechanism)", with: "") }
            .map { $0.trimmingPrefix(" ") }.filter { !$0.isEmpty }
        #expect(!payloads.isEmpty)
        #expect(transcript.count { $0.hasSuffix("[credentials]") } >= payloads.count)
        var hidden = payloads.map(String.init) + challenges + challenges.map { Base64.encode(Array($0.utf8)) }
        for payload in payloads {
            let decoded = String(decoding: try #require(Base64.decode(payload)), as: UTF8.self)
            hidden += decoded.split { "\0\u{1}, ".contains($0) }.map(String.init) + [decoded]
        }
        // The marks of GS2 and the like say nothing.
        for part in hidden + [secret] where part.utf8.count > 3 { #expect(!text.contains(part), "\(part)") }
        #expect(!"\(credentials)".contains(secret))
        #expect(!String(reflecting: credentials).contains(secret))
    }

    /// Some providers take one token as the name and as the password.
    @Test func aNameThatIsThePasswordIsNotShown() {
        let token = SMTPCredentials(username: "server-token", password: "server-token")
        #expect(token.shownUsername == "[secret]")
        #expect("\(token) \(String(reflecting: token))" == "[secret]:[secret] [secret]:[secret]")
        #expect("\(SMTPCredentials(username: "ann", password: "server-token"))" == "ann:[secret]")
    }
}
