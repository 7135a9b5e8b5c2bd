import Foundation

/// A request to a collector, read by Foundation's JSON decoder.
struct DecodedRequest: Decodable, Sendable {
    struct Value: Decodable, Sendable, Equatable {
        struct List: Decodable, Sendable, Equatable {
            var values: [Value]
        }

        var stringValue: String?
        var intValue: String?
        var boolValue: Bool?
        var doubleValue: Double?
        var arrayValue: List?
    }

    struct Attribute: Decodable, Sendable {
        var key: String
        var value: Value
    }

    struct Event: Decodable, Sendable {
        var name: String
        var timeUnixNano: String
        var attributes: [Attribute]?
    }

    struct Link: Decodable, Sendable {
        var traceId: String
        var spanId: String
        var traceState: String?
        var flags: Int
        var attributes: [Attribute]?
    }

    struct Status: Decodable, Sendable, Equatable {
        var code: Int
        var message: String?
    }

    struct Span: Decodable, Sendable {
        var traceId: String
        var spanId: String
        var parentSpanId: String?
        var traceState: String?
        var flags: Int
        var name: String
        var kind: Int
        var startTimeUnixNano: String
        var endTimeUnixNano: String
        var attributes: [Attribute]?
        var droppedAttributesCount: Int?
        var events: [Event]?
        var droppedEventsCount: Int?
        var links: [Link]?
        var droppedLinksCount: Int?
        var status: Status?

        func value(_ key: String) -> Value? { attributes?.first { $0.key == key }?.value }
    }

    struct Resource: Decodable, Sendable {
        var attributes: [Attribute]
    }

    struct Scope: Decodable, Sendable {
        var name: String
        var version: String?
    }

    struct ScopeSpans: Decodable, Sendable {
        var scope: Scope
        var spans: [Span]
    }

    struct ResourceSpans: Decodable, Sendable {
        var resource: Resource
        var scopeSpans: [ScopeSpans]
    }

    var resourceSpans: [ResourceSpans]

    init(_ octets: [UInt8]) throws {
        self = try JSONDecoder().decode(DecodedRequest.self, from: Data(octets))
    }

    var spans: [Span] { resourceSpans.flatMap { $0.scopeSpans.flatMap(\.spans) } }
}
