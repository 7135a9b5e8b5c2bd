internal import Foundation
internal import HTTPServer

/// What docs/errors.md says of each type of problem: what happened, whether it is safe to retry, what to do. It is embedded when
/// the gateway is built.
enum ProblemPage {
    /// The page of a type, as plain text.
    ///
    /// - Returns: the page, or a 404 for a type that does not exist.
    static func response(to request: PageRequest) -> HTTPResponse {
        guard let label = request.values.first, let page = pages[label] else {
            return Problem.notFound(request.head.path).response
        }
        return page.response(to: request.head)
    }

    /// The pages by the last part of their type.
    static let pages: [String: EmbeddedPage] = {
        let document = String(decoding: PackageResources.errors_md, as: UTF8.self)
        var pages: [String: EmbeddedPage] = [:]
        for section in document.split(separator: "\n### ").dropFirst() {
            guard let end = section.firstIndex(of: "\n") else { continue }
            let label = String(section[..<end])
            let rest = section[end...]
            let text = rest[..<(rest.firstRange(of: "\n## ")?.lowerBound ?? rest.endIndex)]
            pages[label] = EmbeddedPage(
                Array("\(label)\n\n\(plain(text))\n".utf8), contentType: "text/plain; charset=utf-8",
                headers: [("X-Content-Type-Options", "nosniff")])
        }
        return pages
    }()

    /// Markdown without its marks: links as their texts, and nothing in bold.
    private static func plain(_ text: Substring) -> String {
        text.replacing(/\[([^\]]*)\]\([^)]*\)/) { $0.output.1 }
            .replacing("**", with: "").trimmingCharacters(in: .newlines)
    }
}
