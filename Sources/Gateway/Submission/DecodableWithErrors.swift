/// What is decoded together with the errors in it, their pointers seen from here.
protocol DecodableWithErrors: Decodable {
    var errors: FieldErrors { get }
}
