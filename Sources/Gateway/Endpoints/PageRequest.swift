internal import HTTPServer

/// A request to an endpoint that answers by itself.
struct PageRequest: Sendable {
    let head: HTTPRequestHead
    /// What the segments in braces of the endpoint's path stand for, in their order.
    let values: [String]
}
