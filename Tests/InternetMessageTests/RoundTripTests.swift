import Testing

/// Messages made at random are read by readers that others wrote: the email package of Python with both of its policies, GMime,
/// and Perl's MIME-tools.
@Suite struct RoundTripTests {
    /// 64 times every combination of parts.
    private static let count = 2_048

    private static let cases = Result {
        var samples = RandomMessages(seed: 20_250_701)
        return try (0..<count).map { try samples.next(id: $0) }
    }

    @Test(.enabled(if: Readers.has("import email")))
    func pythonReadsWhatWentIn() throws {
        let (status, output) = try Readers.read(Self.cases.get(), with: "read_messages.py")
        #expect(status == 0, "\(output)")
        #expect(output.hasSuffix("\(Self.count) messages, 0 differences\n"))
    }

    @Test(.enabled(if: Readers.has("import email")))
    func pythonReadsItWithItsDefaultPolicy() throws {
        let (status, output) = try Readers.read(Self.cases.get(), with: "read_messages_compat32.py")
        #expect(status == 0, "\(output)")
        #expect(output.hasSuffix("\(Self.count) messages, 0 differences\n"))
    }

    @Test(.enabled(if: Readers.perlHas("MIME::Parser") && Readers.perlHas("JSON::XS")))
    func mimeToolsReadWhatWentIn() throws {
        // It is slow: a quarter of them holds every combination of parts 16 times.
        let cases = try Array(Self.cases.get().prefix(Self.count / 4))
        let (status, output) = try Readers.read(cases, with: "read_messages_with_mime_tools.pl")
        #expect(status == 0, "\(output)")
        #expect(output.hasSuffix("\(cases.count) messages, 0 differences\n"))
    }

    @Test(.enabled(if: Readers.has("import gi; gi.require_version('GMime', '3.0'); from gi.repository import GMime")))
    func gmimeReadsWhatWentIn() throws {
        let (status, output) = try Readers.read(Self.cases.get(), with: "read_messages_with_gmime.py")
        #expect(status == 0, "\(output)")
        #expect(output.hasSuffix("\(Self.count) messages, 0 differences\n"))
    }
}
