internal import Foundation

/// What the collector says about a request: ExportTraceServiceResponse of OTLP.
enum ExportAnswer {
    private struct Response: Decodable {
        let partialSuccess: PartialSuccess?
    }

    private struct PartialSuccess: Decodable {
        let rejectedSpans: Int

        private enum Key: CodingKey {
            case rejectedSpans
        }

        init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: Key.self)
            // A number of 64 bits is a string in the JSON form of Protocol Buffers; a number is allowed too.
            if let text = try? members.decode(String.self, forKey: .rejectedSpans) {
                rejectedSpans = Int(text) ?? 0
            } else {
                rejectedSpans = try members.decodeIfPresent(Int.self, forKey: .rejectedSpans) ?? 0
            }
        }
    }

    /// Returns how many spans of a request the collector rejected: none if it does not say so.
    static func rejectedSpans(_ body: [UInt8], of count: Int) -> Int {
        let response = try? JSONDecoder().decode(Response.self, from: Data(body))
        return min(max(response?.partialSuccess?.rejectedSpans ?? 0, 0), count)
    }
}
