/// Reads the members of a JSON object, and gathers what is wrong with them instead of stopping at the first.
struct Members {
    private let container: KeyedDecodingContainer<MemberName>
    /// The members that are there. Most messages have a few of many: a look at these is cheaper than asking the decoder
    /// for each.
    private let present: [MemberName]
    private(set) var errors: [FieldError] = []

    /// The members of an object. Each name that is not known is an error.
    ///
    /// - Parameter outline: what is known of the object without its decoder.
    init(of decoder: any Decoder, known: Set<String>, outline: DocumentOutline? = nil) throws {
        container = try decoder.container(keyedBy: MemberName.self)
        present = outline?.names ?? container.allKeys
        guard present.contains(where: { !known.contains($0.stringValue) }) else { return }
        for name in present.map(\.stringValue).sorted() where !known.contains(name) {
            let pointer = "/" + FieldError.escaped(name)
            errors.append(
                FieldError(pointer, "there is no such field; known are \(known.sorted().joined(separator: ", "))"))
        }
    }

    /// A member, or nil where it is absent, null or wrong.
    mutating func value<Value: Decodable>(_ name: String, as type: Value.Type = Value.self, expected: String) -> Value?
    {
        guard let key = present.first(where: { $0.stringValue == name }) else { return nil }
        do {
            return try container.decodeIfPresent(type, forKey: key)
        } catch {
            errors.append(FieldError("/" + FieldError.escaped(name), "this has to be \(expected)"))
            return nil
        }
    }

    /// A string, or nil where the member is absent, null or wrong: without the decoder's detour for values of any type.
    mutating func text(_ name: String, expected: String = "a string") -> String? {
        guard let key = present.first(where: { $0.stringValue == name }) else { return nil }
        do {
            return try container.decodeIfPresent(String.self, forKey: key)
        } catch {
            errors.append(FieldError("/" + FieldError.escaped(name), "this has to be \(expected)"))
            return nil
        }
    }

    /// An address. Nearly all are strings, about which the decoder is quicker.
    mutating func address(_ name: String, expected: String) -> AddressDocument? {
        guard let key = present.first(where: { $0.stringValue == name }),
            let text = try? container.decodeIfPresent(String.self, forKey: key)
        else { return nested(name, expected: expected) }
        let address = AddressDocument(text)
        errors += address.errors.map { $0.under(name) }
        return address
    }

    /// A member that keeps the errors of what it holds.
    mutating func nested<Value: DecodableWithErrors>(_ name: String, expected: String) -> Value? {
        guard let value = value(name, as: Value.self, expected: expected) else { return nil }
        errors += value.errors.map { $0.under(name) }
        return value
    }

    mutating func add(_ error: FieldError) {
        errors.append(error)
    }
}

/// What is decoded together with the errors in it, their pointers seen from here.
protocol DecodableWithErrors: Decodable {
    var errors: [FieldError] { get }
}
