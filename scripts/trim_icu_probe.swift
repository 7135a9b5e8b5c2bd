// What Postern and the packages that it uses call of Foundation, where ICU's data could matter, and what is close to that.
// scripts/trim-icu --check compares what this prints with all of ICU's data and with a part of it.
import Foundation

func show(_ name: String, _ value: Any?) {
    print("\(name): \(value.map { "\($0)" } ?? "nil")")
}

let posix = Locale(identifier: "en_US_POSIX"), english = Locale(identifier: "en_US")
let greenwich = TimeZone(secondsFromGMT: 0) ?? .current
let moment = Date(timeIntervalSince1970: 784_111_777.125)

// Retry-After, GRDB's dates, Yams' dates.
let formatter = DateFormatter()
formatter.locale = posix
formatter.timeZone = greenwich
for (form, text) in [
    ("EEE, dd MMM yyyy HH:mm:ss 'GMT'", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ("EEEE, dd-MMM-yy HH:mm:ss 'GMT'", "Sunday, 06-Nov-94 08:49:37 GMT"),
    ("EEE MMM d HH:mm:ss yyyy", "Sun Nov  6 08:49:37 1994"), ("yyyy-MM-dd HH:mm:ss.SSS", "1994-11-06 08:49:37.125"),
] {
    formatter.dateFormat = form
    show(form, formatter.date(from: text)?.timeIntervalSince1970)
    show(form, formatter.string(from: moment))
}
show("ISO 8601", ISO8601DateFormatter().string(from: moment))
show("ISO 8601", ISO8601DateFormatter().date(from: "2001-12-14T21:59:43Z")?.timeIntervalSince1970)
show("ISO 8601", moment.formatted(.iso8601))
show("ISO 8601", moment.formatted(.iso8601.year().month().day()))
var calendar = Calendar(identifier: .gregorian)
calendar.timeZone = TimeZone(secondsFromGMT: 3600) ?? .current
var parts = DateComponents(calendar: calendar, year: 2001, month: 12, day: 14, hour: 21, minute: 59, second: 43)
parts.nanosecond = 100_000_000
show("calendar", parts.date?.timeIntervalSince1970)
show("calendar", calendar.dateComponents([.year, .month, .day, .weekday], from: moment))
show("time zone", TimeZone.current.identifier)
show(
    "time zone", TimeZone(identifier: "Europe/Berlin")?.secondsFromGMT(for: Date(timeIntervalSince1970: 1_720_000_000)))
show("time zones", TimeZone.knownTimeZoneIdentifiers.count)

// Yams' resolver and GRDB's inflections.
for pattern in [
    #"^(?:[-+]?(?:[0-9][0-9_]*)(?:\.[0-9_]*)?|\.inf|~|null)$"#, #"\b\w+$"#, "_[^_]+$", "[^A-Z][A-Z]+[a-z1-9]+$",
    "(?i)straße",
    #"^\p{Alphabetic}+\p{Lu}\s\d$"#, "[[:alpha:]&&[^a-z]]",
] {
    let expression = try NSRegularExpression(pattern: pattern)
    for text in ["1_000.5", "null", "hello wörld", "aÄÖ 5", "STRASSE straße", "Ünïcode", "aHTMLPage", "ﬁne 日本"] {
        let match = expression.firstMatch(in: text, range: NSRange(text.startIndex..., in: text))
        show("\(pattern) in \(text)", match.map { NSStringFromRange($0.range) })
    }
}

// Addresses, names of hosts, passwords (SASLprep).
for text in ["e\u{301}ﬁﾊﾟ①Å", "éÅ한", "ⅨＡ\u{AD}", "straße İI ΑΣ"] {
    show("NFC", Array(text.precomposedStringWithCanonicalMapping.unicodeScalars))
    show("NFKC", Array(text.precomposedStringWithCompatibilityMapping.unicodeScalars))
    show("NFD", Array(text.decomposedStringWithCanonicalMapping.unicodeScalars))
    show("cases", [text.lowercased(), text.uppercased(), text.capitalized, text.lowercased(with: english)])
    show("folded", text.folding(options: [.diacriticInsensitive, .caseInsensitive], locale: nil))
}
for text in [
    "http://bücher.example/a b?q=ü", "https://example.org:8443/x%20y?z=1#f", "smtp://user%40x:p%2Fw@[::1]:25",
    "smtp://a:b@c",
    "http://xn--bcher-kva.example", "http://ex..ample", "http://STRASSE.ＤＥ/", "https://例え.jp", "unix:/run/postern.sock",
    "",
] {
    let parts = URLComponents(string: text)
    show(
        text, [parts?.scheme, parts?.user, parts?.password, parts?.host, parts?.encodedHost, parts?.path, parts?.query])
    show(text, parts?.port)
    show(text, URL(string: text)?.absoluteString)
    show(text, text.removingPercentEncoding)
    show(text, text.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
}
show("trimmed", " \u{2003}x\u{A0}\n".trimmingCharacters(in: .whitespacesAndNewlines))
show("alphanumerics", "aß日-٣ ".unicodeScalars.map(CharacterSet.alphanumerics.contains))
show("comparison", ["a".caseInsensitiveCompare("B"), "Ä".compare("ä", options: .caseInsensitive)].map(\.rawValue))
show("range", "Hello Wörld".range(of: "WÖRLD", options: .caseInsensitive) != nil)
show("range", "a1b22".range(of: "[0-9]{2}", options: .regularExpression) != nil)
show("replaced", "a+-b".replacingOccurrences(of: "+-", with: "-"))

// Numbers, text and errors.
show("format", String(format: "%.1f MB %05d %x %@", 1_234_567.25, 42, 255, "x" as NSString))
show("format", String(format: "%.2f", locale: english, 1234.5))
let numbers = NumberFormatter()
numbers.locale = english
numbers.numberStyle = .scientific
numbers.usesSignificantDigits = true
numbers.maximumSignificantDigits = 15
numbers.exponentSymbol = "e+"
numbers.positiveInfinitySymbol = ".inf"
show("Yams", [12345.678, 1e-300, .infinity, 0].map { numbers.string(for: $0) })
show("decimal", Decimal(string: "3.25", locale: posix))
show("decimal", NSDecimalNumber(string: "3.25").description(withLocale: posix))
show("number", 1_234_567.formatted(.number.locale(english)))
show("error", POSIXError(.EADDRINUSE).localizedDescription)
do {
    _ = try Data(contentsOf: URL(filePath: "/nonexistent"))
} catch {
    show("error", error.localizedDescription)
}
struct Document: Codable { var date: Date, number: Double, text: [String: String] }
let encoder = JSONEncoder()
encoder.dateEncodingStrategy = .iso8601
encoder.outputFormatting = .sortedKeys
let data = try encoder.encode(Document(date: moment, number: 1.1, text: ["ü": "x"]))
show("JSON", String(data: data, encoding: .utf8))
let decoder = JSONDecoder()
decoder.dateDecodingStrategy = .iso8601
show("JSON", try decoder.decode(Document.self, from: data).date.timeIntervalSince1970)
show("JSON", try JSONSerialization.jsonObject(with: data) is [String: Any])
show("Latin-1", String(data: Data([0xE4, 0x80]), encoding: .isoLatin1))
show("Windows-1252", String(data: Data([0xE4, 0x80]), encoding: .windowsCP1252))
