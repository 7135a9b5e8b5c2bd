import MailAddress
import SMTP
import Testing

@testable import Gateway

/// Lists of addresses in each of the forms that an address has, and what is said of what is none.
@Suite struct AddressListTests {
    private func submission(to list: String) throws -> Submission {
        let json = #"{"from":"a@example.org","to":\#(list),"text":"x"}"#
        return try Submission(json: Array(json.utf8))
    }

    @Test(arguments: [
        #"["b@example.net","C <c@example.net>","d@example.net"]"#,
        #"["b@example.net",{"address":"c@example.net","name":"C"},"d@example.net"]"#,
        #"[{"email":"b@example.net"},"c@example.net",{"address":"d@example.net"}]"#,
    ])
    func stringsAndObjectsMix(_ list: String) throws {
        let recipients = try submission(to: list).envelope.recipients.map(\.description)
        #expect(recipients == ["b@example.net", "c@example.net", "d@example.net"])
    }

    @Test(arguments: [
        (#"[1,"b@example.net"]"#, ["/to/0"]),
        (#"["b@example.net",null,[],"c@example.net"]"#, ["/to/1", "/to/2"]),
        (#"["b@example.net","no address",{"address":"none either"},true]"#, ["/to/1", "/to/2/address", "/to/3"]),
        (#"[{"address":"b@example.net","other":1},"@"]"#, ["/to/0/other", "/to/1"]),
    ])
    func eachErrorHasItsPlace(_ list: String, _ pointers: [String]) {
        let problem = #expect(throws: Problem.self) { try submission(to: list) }
        #expect(problem?.errors.map(\.pointer) == pointers)
    }

    @Test(arguments: [
        (#""A <a@example.org>""#, true), (#"{"address":"a@example.org","name":"A"}"#, true), ("null", false),
        ("1", false), ("[]", false), (#"["a@example.org"]"#, false), (#""a""#, false), (#"{"name":"A"}"#, false),
    ])
    func theSenderIsOneAddress(_ from: String, _ isRight: Bool) {
        let json = #"{"from":\#(from),"to":["b@example.net"],"text":"x"}"#
        let problem = Result { try Submission(json: Array(json.utf8)) }
        switch problem {
        case .success(let submission):
            #expect(isRight)
            #expect(submission.envelope.reversePath?.description == "a@example.org")
        case .failure(let error):
            #expect(!isRight)
            #expect((error as? Problem)?.errors.allSatisfy { $0.pointer.hasPrefix("/from") } == true)
        }
    }
}
