/// Any JSON value, not looked at.
struct Anything: Decodable {
    init(from decoder: any Decoder) {}
}
