import Foundation
import Gateway
import SMTP
import TestSupport
import Testing

extension RealRelay {
    private func credentials(
        _ mechanism: AuthenticationMechanism?, password: String = RealRelay.password
    ) throws -> SMTPCredentials {
        switch mechanism {
        case .oauthBearer, .xoauth2:
            let token = try #require(token)
            return SMTPCredentials(username: Self.user, mechanism: mechanism) {
                password == Self.password ? token : "wrong"
            }
        default: return SMTPCredentials(username: Self.user, password: password, mechanism: mechanism)
        }
    }

    /// Every mechanism that it has, over both kinds of TLS, and the one that is chosen where none is asked for.
    func checkAuthentication() async throws {
        guard hasWorkingTLS else { return }
        for mechanism in offer.mechanisms as [AuthenticationMechanism?] + [nil] {
            for way in [Way.startTLS, .implicit] {
                let session = try await connect(way, credentials(mechanism))
                var message = try await session.open(from: "ann@example.net", to: "bob@example.net")
                try await message.write("Subject: by \(mechanism?.rawValue ?? "choice")\r\n\r\n")
                #expect(try await message.close().code == 250)
                try await session.disconnect()
            }
        }
    }

    func checkWrongPassword() async throws {
        guard hasWorkingTLS else { return }
        for mechanism in offer.mechanisms {
            do {
                _ = try await connect(.startTLS, credentials(mechanism, password: "wrong"))
                Issue.record("\(mechanism) took a wrong password")
            } catch let error as SMTPError {
                #expect(error.reason == .refused, "\(mechanism): \(error)")
                #expect(error.stage == .auth)
                #expect(error.code == 535, "\(mechanism): \(error)")
                #expect(!error.description.contains("wrong"))
            }
        }
    }

    /// None of the relays offers AUTH in clear text. Whoever allows it is told, and the password stays here.
    func checkClearTextCredentials() async throws {
        var configuration = try configuration(.plain, credentials(nil))
        for allowed in [false, true] {
            configuration.allowsClearTextAuthentication = allowed
            do {
                _ = try await SMTPSession.connect(configuration)
                Issue.record("a session without AUTH")
            } catch {
                #expect(error.reason == .authenticationUnavailable)
                #expect(error.stage == .auth)
                #expect(!error.description.contains(Self.password))
            }
        }
    }

    /// The gateway with credentials and TLS, by its settings alone.
    func checkGateway() async throws {
        let escaped = "secret%2Chorse%3D4"
        let url =
            hasWorkingTLS
            ? ["smtp://ann:\(escaped)@localhost:\(port)", "smtps://ann:\(escaped)@127.0.0.1:\(tlsPort)"]
            : ["smtp://127.0.0.1:\(port)?tls=none"]
        for url in url {
            let mark = UUID().uuidString
            let front = try Front(
                relay: port, ["POSTERN_RELAY_URL": url, "POSTERN_RELAY_CA_FILE": authorityFile])
            let answer = try await front.post([
                "from": "Ann <ann@example.net>", "to": ["bob@example.net", "nobody-here@example.net"],
                "subject": "Grüße", "text": "Text \(mark)",
            ])
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.json["status"] as? String == "partially_accepted")
            #expect(answer.json["code"] as? Int == 250)
            #expect((answer.json["rejected"] as? [[String: Any]])?.first?["code"] as? Int == 550)
            #expect(try await delivered(to: "bob", with: mark).count == 1)
            await front.gateway.stop()
        }
    }
}
