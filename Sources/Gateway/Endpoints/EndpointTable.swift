internal import HTTPServer

/// All endpoints, by path and method.
final class EndpointTable: Sendable {
    /// What a request asks for.
    enum Match: Sendable {
        /// An endpoint, with what the segments in braces of its path stand for.
        case endpoint(Endpoint, values: [String])
        /// The methods that can be used on the path.
        case options([String])
    }

    /// The endpoints of one path.
    private final class Resource: Sendable {
        let path: EndpointPath
        let endpoints: [Endpoint]

        init(_ path: EndpointPath, _ endpoints: [Endpoint]) {
            self.path = path
            self.endpoints = endpoints
        }

        /// As `Allow` lists them (RFC 9110, section 10.2.1). HEAD is GET without the body, which the server leaves out
        /// (section 9.3.2).
        var methods: [String] {
            endpoints.flatMap { $0.method == "GET" ? ["GET", "HEAD"] : [$0.method] } + ["OPTIONS"]
        }

        func endpoint(_ method: String) -> Endpoint? {
            let method = method == "HEAD" ? "GET" : method
            return endpoints.first { $0.method == method }
        }

        /// The dialect in which its errors are said, if it takes messages.
        var dialect: (any Dialect)? {
            for case .messages(let dialects) in endpoints.map(\.service) { return dialects.first }
            return nil
        }
    }

    private let resources: [Resource]
    private let literals: [String: Int]
    private let patterns: [Int]
    private let families: [(prefix: String, dialect: any Dialect)]

    /// - Parameters:
    ///   - endpoints: the endpoints; those of one path in the order of `Allow`.
    ///   - families: the dialects in which it is said that there is nothing at a path, by the path's beginning.
    init(_ endpoints: [Endpoint], families: [(prefix: String, dialect: any Dialect)] = []) {
        var resources: [Resource] = []
        var literals: [String: Int] = [:]
        var patterns: [Int] = []
        for endpoint in endpoints where !resources.contains(where: { $0.path.text == endpoint.path.text }) {
            let path = endpoint.path
            if path.isLiteral { literals[path.text] = resources.count } else { patterns.append(resources.count) }
            resources.append(Resource(path, endpoints.filter { $0.path.text == path.text }))
        }
        self.resources = resources
        self.literals = literals
        self.patterns = patterns
        self.families = families
    }

    /// All of them, path by path.
    var endpoints: [Endpoint] { resources.flatMap(\.endpoints) }

    /// The paths as they are declared.
    var paths: [String] { resources.map(\.path.text) }

    /// Which of ``paths`` a path is, or nil.
    func index(of path: String) -> Int? {
        // Nearly all requests are for the first one, and a comparison costs less than a hash.
        if let first = resources.first, first.path.text == path { return 0 }
        return literals[path] ?? patterns.first { resources[$0].path.values(in: path) != nil }
    }

    /// The endpoint of a request, whose query it has checked.
    ///
    /// - Throws: a ``Problem`` with 404, 405 or 422.
    func match(_ head: HTTPRequestHead) throws(Problem) -> Match {
        // `*` is the server as a whole (RFC 9110, section 7.1).
        if head.path == "*" {
            guard head.method == "OPTIONS" else { throw .methodNotAllowed(head.method, allowed: ["OPTIONS"]) }
            return .options(["OPTIONS"])
        }
        guard let index = index(of: head.path) else { throw .notFound(head.path) }
        let resource = resources[index]
        if head.method == "OPTIONS" { return .options(resource.methods) }
        guard let endpoint = resource.endpoint(head.method) else {
            throw .methodNotAllowed(head.method, allowed: resource.methods)
        }
        try endpoint.check(head.query)
        return .endpoint(endpoint, values: resource.path.isLiteral ? [] : resource.path.values(in: head.path) ?? [])
    }

    /// How a problem is said to whoever made a request, whether it was admitted or not.
    func response(to problem: Problem, of head: HTTPRequestHead) -> HTTPResponse {
        let dialect =
            index(of: head.path).flatMap { resources[$0].dialect }
            ?? families.first { head.path.utf8.starts(with: $0.prefix.utf8) }?.dialect
        return dialect?.response(to: problem) ?? problem.response
    }
}
