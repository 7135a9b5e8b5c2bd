import Foundation
import Logging
import Sandbox
import Settings
import TestSupport
import Testing

@testable import Gateway

/// The examples of openapi.yaml: those of requests are sent, and those of answers are what is answered.
@Suite(.timeLimit(.minutes(3))) struct ContractTests {
    private typealias Object = [String: Any]

    private static func contract() throws -> Object {
        try #require(JSONSerialization.jsonObject(with: Data(OpenAPIPage.json.body)) as? Object)
    }

    /// Path, method and operation, in the order of the paths.
    private static func operations() throws -> [(path: String, method: String, operation: Object)] {
        let paths = try #require(try contract()["paths"] as? [String: Object])
        return paths.sorted { $0.key < $1.key }.flatMap { path, methods in
            methods.compactMap { method, operation in
                (operation as? Object).map { (path, method.uppercased(), $0) }
            }
        }
    }

    /// The examples of each media type in a `content`.
    private static func examples(_ content: Any?) -> [(type: String, name: String, value: Any)] {
        let types = content as? [String: Object] ?? [:]
        return types.sorted { $0.key < $1.key }.flatMap { type, content in
            (content["examples"] as? [String: Object] ?? [:]).sorted { $0.key < $1.key }.compactMap { name, example in
                example["value"].map { (type, name, $0) }
            }
        }
    }

    // MARK: Requests

    /// Every example of a request goes over a relay and is accepted, and each type of body has one.
    @Test func everyExampleOfARequestIsAccepted() async throws {
        let sandbox = try await SandboxServer.start()
        let bench = try await Bench.start(["POSTERN_RELAY_URL": "smtp://127.0.0.1:\(sandbox.port)?tls=none"], [])
        var sent: [String] = []
        var messages = 0
        for (path, _, operation) in try Self.operations() {
            let content = (operation["requestBody"] as? Object)?["content"] as? [String: Object] ?? [:]
            let examples = Self.examples(content)
            #expect(Set(examples.map(\.type)) == Set(content.keys), "\(path)")
            for (type, name, value) in examples {
                let (fullType, body) = try Self.body(value, as: type)
                let answer = try await bench.postForm(
                    body, type: fullType, path: path.replacing("{domain}", with: "example.org"))
                #expect([200, 202].contains(answer.status), "\(path) \(name): \(answer.text)")
                if path.hasPrefix("/messages") {
                    let results = answer.json["results"] as? [Object] ?? [answer.json]
                    #expect(
                        results.allSatisfy { $0["status"] as? String == "accepted" },
                        "\(path) \(name): \(answer.text)")
                }
                messages += Self.messages(in: value)
                sent.append("\(path) \(type) \(name)")
            }
        }
        #expect(sent.count >= 7, "\(sent)")
        #expect(sandbox.inbox.all().count == messages)
        await bench.stop()
        await sandbox.shutdown()
    }

    /// How many messages an example holds.
    private static func messages(in example: Any) -> Int {
        let list = example as? [Any] ?? (example as? Object)?["personalizations"] as? [Any]
        return list?.count ?? 1
    }

    /// An example as the body of a request.
    private static func body(_ value: Any, as type: String) throws -> (type: String, octets: [UInt8]) {
        switch type {
        case "application/json": return (type, Array(try JSONSerialization.data(withJSONObject: value)))
        case "message/rfc822": return (type, Array(try #require(value as? String).utf8))
        case "multipart/form-data":
            let parts = try fields(value).map { name, text in
                "--BB\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(text)\r\n"
            }
            return ("\(type); boundary=BB", Array((parts.joined() + "--BB--\r\n").utf8))
        default:
            try #require(type == "application/x-www-form-urlencoded")
            func escaped(_ text: String) throws -> String {
                try #require(text.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
            }
            let pairs = try fields(value).map { name, text in try "\(escaped(name))=\(escaped(text))" }
            return (type, Array(pairs.joined(separator: "&").utf8))
        }
    }

    /// The fields of a form, one for each element of a list.
    private static func fields(_ value: Any) throws -> [(name: String, text: String)] {
        try #require(value as? Object).sorted { $0.key < $1.key }.flatMap { name, value in
            (value as? [String] ?? [value as? String].compactMap { $0 }).map { (name, $0) }
        }
    }

    // MARK: Answers

    /// What leads to the answer of each example, by operation or shared response, status, and the example's name.
    private static let recipes = ownRecipes.merging(vendorRecipes) { own, _ in own }

    private typealias Recipe = @Sendable () async throws -> HTTPAnswer

    private static let ownRecipes: [String: Recipe] = [
        "sendMessage 200 accepted": { try await answer(greeting + envelope + taken) },
        "sendMessage 200 partially_accepted": {
            try await answer(
                greeting + [.expectEnd("DATA\r\n"), .send("250 ok\r\n250 ok\r\n550 5.1.1 User unknown\r\n354 go\r\n")]
                    + taken, #"{"from":"a@example.org","to":["b@example.net","x@example.net"],"text":""}"#)
        },
        "sendMessage 200 dry_run": { try await answer([.silence], path: "/messages?dry_run=true") },
        "sendBatch 200 mixed": {
            try await answer(
                greeting + envelope + taken
                    + [.expectEnd("DATA\r\n"), .send("250 ok\r\n550 5.1.1 User unknown\r\n554 no\r\n")]
                    + [.expectEnd("RSET\r\n"), .send("250 ok\r\n")],
                "[\(simple),\(simple)]", path: "/messages/batch?on_error=stop")
        },
        "live 200 live": { try await got("/livez") },
        "Health ready": { try await got("/readyz") },
        "listSandboxMessages 200 one": { try await got("/sandbox/messages") },
        "getSandboxMessage 200 one": { try await got("/sandbox/messages/AAAAA-1") },
        "Problem not_well_formed": { try await answer([.silence], #"{"from":"a@example.org",}"#) },
        "Problem invalid": {
            try await answer([.silence], #"{"from":"Ann","to":"b@example.net","attachments":[{"filename":"a"}]}"#)
        },
        "Problem refused": {
            try await answer(
                greeting + envelope + [.expectEnd("\r\n.\r\n"), .send("554 5.7.1 This looks like spam\r\n")])
        },
        "Problem unknown": { try await answer(greeting + envelope + [.expectEnd("\r\n.\r\n"), .close]) },
        "Later try_again": {
            try await answer(greeting + envelope + [.expectEnd("\r\n.\r\n"), .send("451 4.3.0 Try again later\r\n")])
        },
    ]

    // MARK: Vendors

    private static let vendorRecipes: [String: Recipe] = {
        var recipes: [String: Recipe] = [
            "sendResend 200 sent": { try await answer(greeting + envelope + taken, path: "/emails") },
            "sendResendBatch 200 sent": {
                try await answer(
                    greeting + envelope + taken + envelope + taken, "[\(simple),\(simple)]", path: "/emails/batch")
            },
            "sendPostmark 200 sent": {
                try await answer(greeting + envelope + taken, postmark("ann@example.org"), path: "/email")
            },
            "sendPostmarkBatch 200 mixed": {
                try await answer(
                    greeting + envelope + taken, "[\(postmark("ann@example.org")),\(postmark("Ann"))]",
                    path: "/email/batch")
            },
            "sendMailgun 200 sent": { try await mailgun(greeting + envelope + taken) },
            "sendMailgunMIME 200 sent": {
                let message = "From: a@example.org\r\n\r\nHow are you?\r\n"
                return try await form(
                    greeting + envelope + taken,
                    "to=b@example.net&message=\(message.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")",
                    path: "/v3/example.org/messages.mime")
            },
        ]
        let refused: [ScriptedRelay.Step] = [
            .expectEnd("DATA\r\n"), .send("250 ok\r\n550 5.1.1 User unknown\r\n554 no\r\n"),
        ]
        let end = ScriptedRelay.Step.expectEnd("\r\n.\r\n")
        let cases: [(example: String, steps: [ScriptedRelay.Step], sender: String)] = [
            ("Problem invalid", [.silence], "Ann"), ("Problem refused", greeting + refused, "ann@example.org"),
            ("Problem unknown", greeting + envelope + [end, .close], "ann@example.org"),
            (
                "Later try_again", greeting + envelope + [end, .send("451 4.3.0 Try again later\r\n")],
                "ann@example.org"
            ),
        ]
        for (example, steps, sender) in cases {
            recipes["Resend" + example] = {
                try await answer(
                    steps, #"{"from":"\#(sender)","to":"x@example.net","subject":"Hi","text":""}"#, path: "/emails")
            }
            recipes["Postmark" + example] = { try await answer(steps, postmark(sender), path: "/email") }
            recipes["SendGrid" + example] = {
                try await answer(
                    steps,
                    #"{"personalizations":[{"to":[{"email":"x@example.net"}]}],"from":{"email":"\#(sender)"},"subject":"Hi","#
                        + #""content":[{"type":"text/plain","value":"Hi"}]}"#, path: "/v3/mail/send")
            }
            recipes["Mailgun" + example] = { try await mailgun(steps, from: sender) }
        }
        return recipes
    }()

    private static func postmark(_ sender: String) -> String {
        #"{"From":"\#(sender)","To":"x@example.net","Subject":"Hi","TextBody":"How are you?"}"#
    }

    private static func mailgun(
        _ steps: [ScriptedRelay.Step], from sender: String = "ann@example.org"
    ) async throws -> HTTPAnswer {
        try await form(
            steps, "from=\(sender)&to=x@example.net&subject=Hi&text=How", path: "/v3/example.org/messages")
    }

    private static func form(
        _ steps: [ScriptedRelay.Step], _ body: String, path: String
    ) async throws -> HTTPAnswer {
        let bench = try await Bench.start([:], steps)
        let answer = try await bench.postForm(
            Array(body.utf8), type: "application/x-www-form-urlencoded", path: path)
        await bench.stop()
        return answer
    }

    private static func answer(
        _ steps: [ScriptedRelay.Step], _ body: String = simple, path: String = "/messages"
    ) async throws -> HTTPAnswer {
        // One session, so that the messages of a batch meet the steps in their order.
        let bench = try await Bench.start(["POSTERN_RELAY_CONNECTIONS": "1"], steps)
        let answer = try await bench.post(body, path: path)
        await bench.stop()
        return answer
    }

    private static func got(_ path: String) async throws -> HTTPAnswer {
        let bench = try await sandboxed()
        let answer = try await bench.get(path)
        await bench.stop()
        return answer
    }

    /// Every example of an answer has the members of a real one, each of the same type, and no others.
    @Test func everyExampleOfAnAnswerIsWhatIsAnswered() async throws {
        var examples: [String: Any] = [:]
        func gather(_ responses: Any?, _ name: (String) -> String) {
            for (key, response) in responses as? [String: Object] ?? [:] {
                for example in Self.examples(response["content"]) {
                    examples["\(name(key)) \(example.name)"] = example.value
                }
            }
        }
        for (_, _, operation) in try Self.operations() {
            let id = operation["operationId"] as? String ?? ""
            gather(operation["responses"]) { "\(id) \($0)" }
        }
        gather((try Self.contract()["components"] as? Object)?["responses"]) { $0 }
        #expect(Set(examples.keys) == Set(Self.recipes.keys))
        for (name, answer) in await Self.answers() {
            guard let answer else {
                Issue.record("\(name): no answer")
                continue
            }
            let example = try #require(examples[name], "\(name)")
            let answered = try JSONSerialization.jsonObject(with: Data(answer.text.utf8))
            let differences = try Self.differences(example, answered)
            #expect(differences.isEmpty, "\(name): \(answer.text)")
            guard let example = example as? Object else { continue }
            if let status = example["status"] as? Int { #expect(answer.status == status, "\(name)") }
            // What the forms of vendors have for a status.
            for member in ["statusCode", "name", "ErrorCode"] where example[member] != nil {
                #expect(example[member].map { "\($0)" } == answer.json[member].map { "\($0)" }, "\(name) \(member)")
            }
            for member in ["type", "title", "stage", "outcome"] where example[member] != nil {
                #expect(example[member] as? String == answer.json[member] as? String, "\(name) \(member)")
            }
        }
    }

    /// What each recipe leads to, a few at a time: most of the time each waits for its gateway to stop.
    private static func answers() async -> [(name: String, answer: HTTPAnswer?)] {
        await withTaskGroup(of: (String, HTTPAnswer?).self) { group in
            var waiting = recipes.sorted { $0.key < $1.key }
            var answers: [(name: String, answer: HTTPAnswer?)] = []
            func start() {
                guard let (name, recipe) = waiting.popLast() else { return }
                group.addTask { (name, try? await recipe()) }
            }
            for _ in 0..<8 { start() }
            for await (name, answer) in group {
                answers.append((name, answer))
                start()
            }
            return answers
        }
    }

    /// The pointers to where two documents have other members, or other types.
    private static func differences(_ example: Any, _ answer: Any, _ pointer: String = "") throws -> [String] {
        if let example = example as? Object, let answer = answer as? Object {
            let missing = Set(example.keys).symmetricDifference(answer.keys).map { "\(pointer)/\($0)" }
            let others = try example.flatMap { name, value in
                try answer[name].map { try differences(value, $0, "\(pointer)/\(name)") } ?? []
            }
            return missing.sorted() + others
        }
        if let example = example as? [Any], let answer = answer as? [Any] {
            guard example.isEmpty == answer.isEmpty else { return [pointer] }
            return try zip(example, answer).enumerated().flatMap { index, pair in
                try differences(pair.0, pair.1, "\(pointer)/\(index)")
            }
        }
        return try kind(example) == kind(answer) ? [] : [pointer]
    }

    /// What tells the types of JSON apart: how a value begins.
    private static func kind(_ value: Any) throws -> Character? {
        let text = String(decoding: try JSONSerialization.data(withJSONObject: [value]), as: UTF8.self)
        guard let first = text.dropFirst().first else { return nil }
        return first.isNumber || first == "-" ? "0" : first == "f" ? "t" : first
    }

    @Test func differencesAreFound() throws {
        let example: Object = ["a": 1, "b": ["c": [["d": "x"]]], "e": true, "f": NSNull(), "g": [Any]()]
        #expect(try Self.differences(example, example).isEmpty)
        let other: Object = ["b": ["c": [["d": 1]]], "e": 1, "f": "", "g": [1], "h": 0]
        #expect(Set(try Self.differences(example, other)) == ["/a", "/h", "/b/c/0/d", "/e", "/f", "/g"])
    }

    // MARK: Operations without a body

    /// An inbox with one message.
    private static var inbox: TestInbox {
        TestInbox([
            """
            From: Ann <ann@example.org>
            To: Bob <bob@example.net>
            Subject: Hi
            Content-Type: multipart/mixed; boundary=b

            --b
            Content-Type: text/plain

            How are you?
            --b
            Content-Type: text/html

            <p>How are you?</p>
            --b
            Content-Type: application/pdf; name=a.pdf
            Content-ID: <logo>

            hello
            --b--
            """
        ])
    }

    /// A gateway with a relay that answers, and with the routes of the sandbox.
    private static func sandboxed() async throws -> Bench {
        let relay = try await ScriptedRelay.start(scripts: [greeting + [.expectEnd("QUIT\r\n"), .send("221 bye\r\n")]])
        let values = try SettingValues(environment: [
            "POSTERN_LISTEN": "127.0.0.1:0", "POSTERN_HELO_NAME": "gate.example.org",
            "POSTERN_RELAY_URL": "smtp://127.0.0.1:\(relay.port)?tls=none",
        ])
        let gateway = try Gateway.start(
            GatewayConfiguration(values), caughtMessages: inbox,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        return Bench(gateway: gateway, relay: relay)
    }

    /// Both declare the same methods on the same paths, with the same query parameters.
    @Test func theContractHasTheEndpointsOfTheCode() async throws {
        let bench = try await Self.sandboxed()
        // Postmark's client for Java writes `/email/`, which is the same.
        let endpoints = bench.gateway.core.handler.admission.endpoints.endpoints.filter { $0.path.text != "/email/" }
        let declared = endpoints.map { "\($0.method) \($0.path.text) \($0.parameters.map(\.name).sorted())" }
        let components = try #require(try Self.contract()["components"] as? Object)
        let shared = try #require(components["parameters"] as? [String: Object])
        let listed = try Self.operations().map { path, method, operation in
            let parameters = try (operation["parameters"] as? [Object] ?? []).map { parameter in
                guard let reference = parameter["$ref"] as? String else { return parameter }
                return try #require(shared[String(reference.split(separator: "/").last ?? "")])
            }
            let names = parameters.filter { $0["in"] as? String == "query" }.compactMap { $0["name"] as? String }
            return "\(method) \(path) \(names.sorted())"
        }
        #expect(declared.sorted() == listed.sorted())
        await bench.stop()
    }

    /// Every other operation answers with a status and a type that it lists.
    @Test func everyOtherOperationAnswers() async throws {
        let bench = try await Self.sandboxed()
        var asked = 0
        // What deletes comes last.
        let operations = try Self.operations().filter { $0.operation["requestBody"] == nil }
            .sorted {
                ($0.method == "DELETE" ? 1 : 0, -$0.path.count) < ($1.method == "DELETE" ? 1 : 0, -$1.path.count)
            }
        for (path, method, operation) in operations {
            let answer = try await bench.get(
                path.replacing("{id}", with: "AAAAA-1").replacing("{index}", with: "0")
                    .replacing("{type}", with: "relay-refused"), method: method)
            let responses = try #require(operation["responses"] as? [String: Object])
            let response = try #require(responses["\(answer.status)"], "\(method) \(path): \(answer.status)")
            #expect(answer.status < 300, "\(method) \(path)")
            let types = (response["content"] as? Object)?.keys.sorted() ?? []
            let type = answer.field("content-type")?.prefix { $0 != ";" }
            if response["$ref"] == nil, types != ["*/*"] {
                #expect(types == [type].compactMap { $0.map(String.init) }, "\(method) \(path)")
            }
            asked += 1
        }
        #expect(asked == 16)
        await bench.stop()
    }
}
