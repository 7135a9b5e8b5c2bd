/// A whole request whose body is a form.
public struct HTTPFormRequest: Sendable {
    /// Request line and header section.
    public let head: HTTPRequestHead
    /// The parts in their order.
    public let parts: [HTTPFormPart]
}
