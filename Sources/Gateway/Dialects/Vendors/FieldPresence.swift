/// Whether a field of a document says anything. Some clients send all fields that they know, and an empty value for what
/// their caller left out.
struct FieldPresence: Decodable {
    let isPresent: Bool

    init(from decoder: any Decoder) throws {
        if var list = try? decoder.unkeyedContainer() {
            isPresent = !list.isAtEnd
            // The elements are not looked at.
            while !list.isAtEnd, (try? list.decode(Anything.self)) != nil {}
            return
        }
        if let object = try? decoder.container(keyedBy: MemberName.self) {
            isPresent = !object.allKeys.isEmpty
            return
        }
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            isPresent = false
        } else if let flag = try? value.decode(Bool.self) {
            isPresent = flag
        } else if let text = try? value.decode(String.self) {
            isPresent = !text.isEmpty && text != "None"
        } else {
            isPresent = true
        }
    }
}
