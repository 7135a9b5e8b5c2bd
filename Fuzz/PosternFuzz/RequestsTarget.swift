@testable import HTTPServer

/// However the octets of a client are cut, the requests are the same, and none holds what HTTP forbids.
enum RequestsTarget {
    static func run(_ input: [UInt8]) {
        var input = Input(input)
        let seed = input.byte()
        let octets = input.remainder()
        let whole = read([octets])
        let cut = read(pieces(of: octets, seed: seed))
        ensure(whole == cut, "other requests: \(whole) and \(cut)")
    }

    private struct Found: Equatable {
        var requests: [String] = []
        var bodies: [[UInt8]] = []
        var error: HTTPRequestError?
    }

    private static func read(_ pieces: [[UInt8]]) -> Found {
        var reader = RequestReader(limit: 1024)
        var found = Found()
        var body: [UInt8] = []
        do throws(HTTPRequestError) {
            for piece in pieces {
                let span = piece.span
                var index = 0
                repeat {
                    switch try reader.next(span, from: &index) {
                    case .section(let section):
                        check(section)
                        found.requests.append(
                            "\(section.method) \(section.path) \(section.query.parameters) \(section.headers.fields)")
                    case .body(let range):
                        body += piece[range]
                        index = range.upperBound
                        _ = reader.consume(range.count)
                    case .announcement, .end: break
                    case nil: ensure(index == span.count || reader.isComplete, "octets are left")
                    }
                    if reader.isComplete {
                        found.bodies.append(body)
                        body = []
                        reader.begin()
                    }
                } while index < span.count
            }
        } catch {
            found.error = error
        }
        return found
    }

    private static func check(_ section: RequestSection) {
        for (name, value) in section.headers.fields {
            ensure(!name.isEmpty && name.utf8.allSatisfy(Octet.isToken), "a name: \(name)")
            ensure(value.utf8.allSatisfy(Octet.isFieldValue), "a value: \(value)")
        }
        ensure(!section.path.utf8.contains(0), "NUL in a path")
        let lengths = section.headers.values("Content-Length")
        ensure(lengths.count + section.headers.values("Transfer-Encoding").count < 2 || lengths.isEmpty, "two lengths")
    }
}
