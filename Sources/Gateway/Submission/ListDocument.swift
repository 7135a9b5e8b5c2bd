internal import InternetMessage

/// A JSON array of objects that keep their errors. It is read no further than a message may have parts.
struct ListDocument<Element: DecodableWithErrors>: DecodableWithErrors {
    /// The elements, nil for each that is no object.
    private(set) var elements: [Element?] = []
    private(set) var errors = FieldErrors()

    init(from decoder: any Decoder) throws {
        var list = try Elements(of: decoder)
        while !list.isAtEnd {
            guard elements.count < Message.maximumParts else {
                errors.add(FieldError("", "there are more than \(Message.maximumParts) of them; give fewer"))
                return
            }
            let element: Element? = list.part()
            if let element {
                errors.add(element.errors, under: String(elements.count))
            } else {
                errors.add(FieldError("/\(elements.count)", "this has to be an object"))
            }
            elements.append(element)
        }
    }

    /// What is good of the elements, and the index in the array of each.
    func values<Value>(_ value: (Element) -> Value?) -> (values: [Value], places: [Int]) {
        let values = elements.map { $0.flatMap(value) }
        return (values.compactMap(\.self), values.indices.filter { values[$0] != nil })
    }
}
