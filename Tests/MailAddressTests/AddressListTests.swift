import MailAddress
import Testing

@Suite struct AddressListTests {
    @Test func mailboxesAndGroupsAreUnderstood() throws {
        let list = try AddressList(
            parsing: "Ann <a@b.example>, friends: bob@c.example, \"C, D\" <d@e.example>;, \r\n\tx@y.example, none:;")
        #expect(list.addresses.count == 4)
        #expect(
            list.mailboxes.map(\.address.description) == ["a@b.example", "bob@c.example", "d@e.example", "x@y.example"])
        guard case .group(let name, let members) = list.addresses[1] else {
            Issue.record("no group")
            return
        }
        #expect(name == "friends")
        #expect(members.map(\.name) == [nil, "C, D"])
        #expect(list.addresses[3] == .group(name: "none", members: []))
        #expect(list.addresses[3].mailboxes.isEmpty)
    }

    @Test(arguments: ["", " ", ",", " , (x) ,"])
    func listMayBeEmpty(text: String) throws {
        #expect(try AddressList(parsing: text).addresses.isEmpty)
    }

    @Test(arguments: [
        ("a@b.example c@d.example", AddressError.Reason.unexpectedCharacter),
        ("a@b.example; c@d.example", .unexpectedCharacter),
        ("a@b.example,\r\nc@d.example", .controlCharacter),
        ("a@b.example,\r\n", .controlCharacter),
        ("g: a@b.example", .unclosedGroup),
        ("g: h: a@b.example;;", .group),
        ("g:; a@b.example", .unexpectedCharacter),
        (";", .missingAt),
        ("a@b.example\nBcc: x@y.example", .controlCharacter),
    ])
    func anythingElseIsRefused(text: String, reason: AddressError.Reason) {
        let error = #expect(throws: AddressError.self) { try AddressList(parsing: text) }
        #expect(error?.reason == reason)
    }

    @Test func countIsBounded() throws {
        let full = Array(repeating: "a@b.example", count: AddressList.maximumCount).joined(separator: ",")
        #expect(try AddressList(parsing: full).mailboxes.count == AddressList.maximumCount)
        #expect(throws: AddressError.self) { try AddressList(parsing: full + ",a@b.example") }
        let groups = String(repeating: "g:;", count: 1) + String(repeating: ",g:;", count: AddressList.maximumCount)
        #expect(throws: AddressError.self) { try AddressList(parsing: groups) }
    }
}
