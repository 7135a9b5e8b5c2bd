import Foundation
import TestSupport
import Testing

@testable import Gateway
@testable import Sandbox

/// Real mail passes unharmed: octet for octet, but for line ends, blind copies and the fields that are supplied.
@Suite(.timeLimit(.minutes(5))) struct MailCorpusTests {
    /// A message with CRLF at the end of each line, in lines without it.
    private static func lines(_ octets: [UInt8]) -> [[UInt8]] {
        var lines: [[UInt8]] = [[]]
        var previous: UInt8 = 0
        for octet in octets {
            if octet == 10, previous == 13 {
                previous = octet
                continue
            }
            previous = octet
            if octet == 13 || octet == 10 { lines.append([]) } else { lines[lines.count - 1].append(octet) }
        }
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    /// The lines that a relay should get, the header section and the body, read in another way than the gateway reads them.
    private static func expected(_ octets: [UInt8]) -> (header: [[UInt8]], body: [[UInt8]]) {
        var all = lines(octets)
        if all.first?.starts(with: "From ".utf8) == true { all.removeFirst() }
        let end = all.firstIndex(of: []) ?? all.count
        var header: [[UInt8]] = []
        var isBlind = false
        for line in all[..<end] {
            if line.first != 32, line.first != 9 {
                let name = String(decoding: line.prefix { $0 != 58 }, as: UTF8.self).lowercased()
                isBlind = ["bcc", "resent-bcc"].contains(name.trimmingCharacters(in: .whitespaces))
            }
            if !isBlind { header.append(line) }
        }
        return (header, Array(all[min(end + 1, all.count)...]))
    }

    private static func has(_ name: String, _ header: [[UInt8]]) -> Bool {
        header.contains {
            String(decoding: $0.prefix { $0 != 58 }, as: UTF8.self).lowercased().trimmingCharacters(in: .whitespaces)
                == name
        }
    }

    @Test func octetForOctet() async throws {
        let entries = MailCorpus.entries
        #expect(entries.count >= 300)
        #expect(Set(entries.map(\.name)).count == entries.count)
        let sandbox = try await SandboxServer.start()
        let bench = try await Bench.start(["POSTERN_RELAY_URL": "smtp://127.0.0.1:\(sandbox.port)?tls=none"], [])
        var bare = 0
        for entry in entries {
            for query in ["?from=&to=bob@example.net", ""] {
                guard !query.isEmpty || entry.saysItsEnvelope else { continue }
                bare += query.isEmpty ? 1 : 0
                sandbox.inbox.removeAll()
                let answer = try await bench.postRaw(entry.octets, query: query)
                #expect(answer.status == 200, "\(entry.name) \(query): \(answer.text)")
                guard let caught = sandbox.inbox.all().first else { continue }
                let sent = Self.lines(caught.raw)
                let (header, body) = Self.expected(entry.octets)
                let supplied = ["date", "message-id"].filter { !Self.has($0, header) }
                #expect(Array(sent.prefix(header.count)) == header, "\(entry.name)")
                let added = Array(sent.dropFirst(header.count).prefix(supplied.count))
                #expect(supplied.allSatisfy { Self.has($0, added) }, "\(entry.name)")
                let rest = Array(sent.dropFirst(header.count + supplied.count))
                // The empty line may be missing where there is no body.
                #expect(rest == (body.isEmpty && rest.isEmpty ? [] : [[]] + body), "\(entry.name)")
                #expect(caught.raw.suffix(2) == [13, 10], "\(entry.name)")
            }
        }
        #expect(bare >= 200)
        await bench.stop()
        await sandbox.shutdown()
    }
}
