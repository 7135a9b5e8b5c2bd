import Foundation
import MailAddress
import SMTP
import TestSupport
import Testing

@testable import Gateway
@testable import HTTPServer

/// The parameters of the envelope, which go with a document and a form as they do with a raw message.
@Suite(.timeLimit(.minutes(1))) struct QueryEnvelopeTests {
    private struct Case: Sendable {
        let query: String
        let members: String
        let from: String
        let to: [String]
    }

    private static func document(_ members: String) -> String {
        #"{"from":"a@example.org","to":"b@example.net","text":"x"\#(members)}"#
    }

    @Test func theDocumentGoesBeforeTheQuery() async throws {
        let bench = try await Bench.start([:], [.silence])
        let cases = [
            // What generated clients send: the defaults.
            Case(
                query: "recipient_policy=any&require_tls=false", members: "", from: "a@example.org",
                to: ["b@example.net"]),
            Case(query: "from=x@example.org", members: "", from: "x@example.org", to: ["b@example.net"]),
            Case(query: "from=", members: "", from: "", to: ["b@example.net"]),
            Case(
                query: "to=c@example.net&to=D%20%3Cd@example.net%3E", members: "", from: "a@example.org",
                to: ["c@example.net", "d@example.net"]),
            Case(
                query: "from=x@example.org&to=c@example.net",
                members: #","envelope":{"from":"","to":"e@example.net"}"#, from: "", to: ["e@example.net"]),
            Case(
                query: "from=x@example.org&to=c@example.net", members: #","envelope":{"to":["e@example.net"]}"#,
                from: "x@example.org", to: ["e@example.net"]),
        ]
        for row in cases {
            let answer = try await bench.post(
                Self.document(row.members), path: "/messages?dry_run=true&\(row.query)")
            #expect(answer.status == 200, "\(answer.text)")
            let envelope = answer.json["envelope"] as? [String: Any]
            #expect(envelope?["from"] as? String == row.from, "\(row.query)")
            #expect(envelope?["to"] as? [String] == row.to, "\(row.query)")
        }
        await bench.stop()
    }

    @Test func wrongParametersAreNamedWithTheOtherErrors() async throws {
        let bench = try await Bench.start([:], [.silence])
        let answer = try await bench.post(
            #"{"from":"a@example.org","to":"b@example.net","subject":7}"#,
            path: "/messages?from=x&to=y&recipient_policy=some&require_tls=perhaps")
        #expect(answer.status == 422)
        #expect(
            answer.pointers == ["/envelope/from", "/envelope/to/0", "/recipient_policy", "/require_tls", "/subject"])
        #expect(
            try await bench.post(Self.document(""), path: "/messages?require_tls=true&require_tls=true").status == 422)
        #expect(try await bench.post(Self.document(""), path: "/messages?Require_TLS=true").status == 422)
        #expect(try await bench.post("[]", path: "/messages/batch?recipient_policy=any").status == 422)
        await bench.stop()
    }

    @Test func policyAndTLSAreTakenFromTheQuery() throws {
        func submission(_ members: String, _ parameters: [(String, String)]) throws -> Submission {
            var query = HTTPQuery()
            for (name, value) in parameters { query.append(name: name, value: value) }
            return try Submission(json: Array(Self.document(members).utf8), .beside(query))
        }
        let asked = [("recipient_policy", "all"), ("require_tls", "")]
        #expect(try submission("", asked).envelope.recipientPolicy == .all)
        #expect(try submission("", asked).envelope.extensions?.requiresTLS == true)
        let both = #","recipient_policy":"any","require_tls":false"#
        #expect(try submission(both, asked).envelope.recipientPolicy == .any)
        #expect(try submission(both, asked).envelope.extensions == nil)
        let defaults = [("recipient_policy", "any"), ("require_tls", "false")]
        let other = #","recipient_policy":"all","require_tls":true"#
        #expect(try submission(other, defaults).envelope.recipientPolicy == .all)
        #expect(try submission(other, defaults).envelope.extensions?.requiresTLS == true)
    }
}
