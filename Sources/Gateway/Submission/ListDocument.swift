internal import InternetMessage

/// A JSON array whose elements keep their errors. It is read no further than a message may have parts.
struct ListDocument<Element: DecodableWithErrors>: DecodableWithErrors {
    /// The elements that are objects, and the index in the array of each.
    private(set) var elements: [(index: Int, element: Element)] = []
    private(set) var errors = FieldErrors()

    init(from decoder: any Decoder) throws {
        var list = try Elements(of: decoder)
        while !list.isAtEnd {
            let index = list.index
            guard index < Message.maximumParts else {
                errors.add(FieldError("", "there are more than \(Message.maximumParts) of them; give fewer"))
                return
            }
            if let element: Element = list.part() {
                errors.add(element.errors, under: String(index))
                elements.append((index, element))
            } else {
                errors.add(FieldError("/\(index)", "this has to be an object"))
            }
        }
    }

    /// What is good of the elements, and the index in the array of each.
    func values<Value>(_ value: (Element) -> Value?) -> (values: [Value], places: [Int]) {
        let good = elements.compactMap { index, element in value(element).map { (index, $0) } }
        return (good.map(\.1), good.map(\.0))
    }
}
