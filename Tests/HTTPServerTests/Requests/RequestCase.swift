import Testing

/// A request as it is sent, and what is to become of it.
struct RequestCase: Sendable, CustomTestStringConvertible {
    let name: String
    let octets: [UInt8]
    /// The statuses that RFC 9112 and RFC 9110 allow; 200 alone if the request is legal.
    let statuses: Set<Int>
    var testDescription: String { name }

    init(_ name: String, _ text: String, _ statuses: Int...) {
        self.name = name
        octets = Array(text.utf8)
        self.statuses = Set(statuses)
    }

    init(_ name: String, octets: [UInt8], _ statuses: Int...) {
        self.name = name
        self.octets = octets
        self.statuses = Set(statuses)
    }

    private static func get(_ name: String, _ fields: String, _ status: Int) -> RequestCase {
        RequestCase(name, "GET /now HTTP/1.1\r\nHost: x\r\n\(fields)\r\n", status)
    }

    private static func post(_ name: String, _ fields: String, _ body: String, _ status: Int) -> RequestCase {
        RequestCase(name, "POST /now HTTP/1.1\r\nHost: x\r\n\(fields)\r\n\(body)", status)
    }

    private static func chunked(_ name: String, _ body: String, _ status: Int) -> RequestCase {
        post(name, "Transfer-Encoding: chunked\r\n", body, status)
    }

    private static func line(_ name: String, _ line: String, _ status: Int) -> RequestCase {
        RequestCase(name, "\(line)\r\nHost: x\r\n\r\n", status)
    }

    private static func host(_ name: String, _ value: String, _ status: Int) -> RequestCase {
        RequestCase(name, "GET /now HTTP/1.1\r\nHost:\(value)\r\n\r\n", status)
    }

    // MARK: Legal

    static let legal: [RequestCase] = [
        get("nothing special", "", 200),
        get("no blank after the colon", "X-A:b\r\n", 200),
        get("blanks and tabs around a value", "X-A: \t b \t \r\n", 200),
        get("an empty value", "X-A:\r\nX-B: \r\n", 200),
        get("every character of a token", "!#$%&'*+-.^_`|~09AZaz: 1\r\n", 200),
        get("a tab within a value", "X-A: a\tb\r\n", 200),
        get("a value beyond ASCII", "X-A: Größe\r\n", 200),
        get("a field twice", "X-A: 1\r\nX-A: 2\r\n", 200),
        get("100 fields", String(repeating: "X-A: 1\r\n", count: 100), 200),
        get("a long value", "X-A: \(String(repeating: "x", count: 30_000))\r\n", 200),
        get("many cookies", "Cookie: \((0..<500).map { "a\($0)=b" }.joined(separator: "; "))\r\n", 200),
        get("a length of 0", "Content-Length: 0\r\n", 200),
        get("a length of many zeros", "Content-Length: 000000000000000000000000000000\r\n", 200),
        get("names in another case", "CONTENT-LENGTH: 0\r\nhOST-x: 1\r\n", 200),
        post("a body", "Content-Length: 3\r\n", "abc", 200),
        post("blanks after a length", "Content-Length: 3 \t \r\n", "abc", 200),
        post("no blank before a length", "Content-Length:3\r\n", "abc", 200),
        post("zeros before a length", "Content-Length: 0003\r\n", "abc", 200),
        post("blanks after a coding", "Transfer-Encoding: chunked \t\r\n", "3\r\nabc\r\n0\r\n\r\n", 200),
        post("a coding in another case", "Transfer-Encoding: CHUNKED\r\n", "3\r\nabc\r\n0\r\n\r\n", 200),
        post("empty elements beside the coding", "Transfer-Encoding: , chunked,\r\n", "3\r\nabc\r\n0\r\n\r\n", 200),
        chunked("an empty body", "0\r\n\r\n", 200),
        chunked("two chunks", "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", 200),
        chunked("upper and lower case in a size", "00a\r\n0123456789\r\nA\r\n0123456789\r\n000\r\n\r\n", 200),
        chunked("extensions", "3;a=b;c=\"d\"\r\nabc\r\n0;last\r\n\r\n", 200),
        chunked("white space before an extension", "3 \t;a\r\nabc\r\n0 ;b\r\n\r\n", 200),
        chunked(
            "extensions of a usual length",
            String(repeating: "1;\(String(repeating: "x", count: 90))\r\na\r\n", count: 40) + "0\r\n\r\n", 200),
        chunked("trailer fields", "3\r\nabc\r\n0\r\nX-A: 1\r\nX-B:\t2\r\n\r\n", 200),
        post("an expectation", "Expect: 100-continue\r\nContent-Length: 3\r\n", "abc", 200),
        line("an absolute target", "GET http://x/now HTTP/1.1", 200),
        line("an absolute target with a port", "GET http://x:8080/now?q=1 HTTP/1.1", 200),
        line("an absolute target of another scheme", "GET HTTPS://[::1]:8080/now HTTP/1.1", 200),
        line("an absolute target without a path", "GET http://x HTTP/1.1", 200),
        line("an absolute target with a query alone", "GET http://x?q=1 HTTP/1.1", 200),
        line("a path with escapes", "GET /n%6Fw HTTP/1.1", 200),
        line("an encoded slash", "GET /now%2fx HTTP/1.1", 200),
        line("a query", "GET /now?q=a+b%20c&&d&=e HTTP/1.1", 200),
        line("a query beyond ASCII", "GET /now?q=ü HTTP/1.1", 200),
        line("a query with reserved characters", "GET /now?q=/?:@!$'()*,;[]|^{}\"<> HTTP/1.1", 200),
        line("a later minor version", "GET /now HTTP/1.9", 200),
        line("the server as a whole", "OPTIONS * HTTP/1.1", 200),
        line("the server as a whole, absolute", "OPTIONS http://x HTTP/1.1", 200),
        line("a method that nobody knows", "BREW /now HTTP/1.1", 200),
        host("a port", " x:80", 200), host("an empty port", " x:", 200), host("no blank", "x", 200),
        host("an address", " 127.0.0.1:8080", 200), host("an address of IPv6", " [::1]:8080", 200),
        host("a later address", " [v1.a]", 200), host("an empty host", "", 200), host("blanks", " \t x \t ", 200),
        host("an underscore", " a_b.example", 200), host("an escape", " a%20b", 200),
        RequestCase("an empty line before", "\r\nGET /now HTTP/1.1\r\nHost: x\r\n\r\n", 200),
        RequestCase("two empty lines before", "\r\n\r\nGET /now HTTP/1.1\r\nHost: x\r\n\r\n", 200),
        RequestCase(
            "HTTP/1.0 that keeps", "GET /now HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n", 200),
        RequestCase("HTTP/1.0 without Host", "GET /now HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", 200),
        RequestCase(
            "a body in HTTP/1.0",
            "POST /now HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc", 200),
    ]

    // MARK: Refused

    static let refused: [RequestCase] = requestLines + fields + hosts + lengths + codings + chunks + targets

    private static let requestLines: [RequestCase] = [
        line("a blank before the method", " GET /now HTTP/1.1", 400),
        line("a tab before the method", "\tGET /now HTTP/1.1", 400),
        line("tabs for blanks", "GET\t/now\tHTTP/1.1", 400),
        line("a tab in the target", "GET /n\tow HTTP/1.1", 400),
        line("two blanks after the method", "GET  /now HTTP/1.1", 400),
        line("two blanks before the version", "GET /now  HTTP/1.1", 400),
        line("a blank after the version", "GET /now HTTP/1.1 ", 400),
        line("a blank in the target", "GET /n ow HTTP/1.1", 400),
        line("no version", "GET /now", 400), line("no target", "GET HTTP/1.1", 400), line("a method alone", "GET", 400),
        line("a method that is no token", "G(ET /now HTTP/1.1", 400),
        line("a method beyond ASCII", "GÄT /now HTTP/1.1", 400),
        line("a version in lower case", "GET /now http/1.1", 400),
        line("a version without a point", "GET /now HTTP/11", 400),
        line("a version of two digits", "GET /now HTTP/1.10", 400),
        line("a version with a sign", "GET /now HTTP/1.-1", 400),
        line("another protocol", "GET /now HTCPCP/1.0", 400),
        line("a version to come", "GET /now HTTP/2.0", 505), line("a version of the past", "GET /now HTTP/0.9", 505),
        line("version 3", "GET /now HTTP/3.1", 505),
        RequestCase("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, 505),
        RequestCase("a handshake of TLS", octets: [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03], 400),
        RequestCase("octets of no kind", octets: [0xFF, 0xFE, 0x00, 0x01], 400),
        RequestCase("NUL first", octets: [0x00] + Array("GET /now HTTP/1.1\r\nHost: x\r\n\r\n".utf8), 400),
        RequestCase("a byte order mark", "\u{FEFF}GET /now HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        RequestCase("many empty lines", String(repeating: "\r\n", count: 100), 400),
        RequestCase("an empty line of LF", "\nGET /now HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        RequestCase("CR alone first", "\rGET /now HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        RequestCase("LF after the request line", "GET /now HTTP/1.1\nHost: x\r\n\r\n", 400),
        RequestCase("LF everywhere", "GET /now HTTP/1.1\nHost: x\n\n", 400),
        RequestCase("CR after the request line", "GET /now HTTP/1.1\rHost: x\r\n\r\n", 400),
        RequestCase("CR CR LF", "GET /now HTTP/1.1\r\r\nHost: x\r\n\r\n", 400),
        RequestCase("an endless target", "GET /\(String(repeating: "x", count: 40_000))", 414),
        RequestCase(
            "a long target", "GET /\(String(repeating: "x", count: 40_000)) HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    ]

    private static let fields: [RequestCase] = [
        get("a blank before the colon", "X-A : b\r\n", 400), get("a tab before the colon", "X-A\t: b\r\n", 400),
        get("a blank in a name", "X A: b\r\n", 400), get("no name", ": b\r\n", 400),
        get("a name that is no token", "X(A: b\r\n", 400), get("a name in brackets", "[X]: b\r\n", 400),
        get("a quote in a name", "X\"A\": b\r\n", 400), get("a name beyond ASCII", "Größe: b\r\n", 400),
        get("a slash in a name", "X/A: b\r\n", 400), get("no colon", "X-A\r\n", 400),
        get("a fold", "X-A: a\r\n b\r\n", 400), get("a fold with a tab", "X-A: a\r\n\tb\r\n", 400),
        get("a fold to an empty line", "X-A: a\r\n \r\n", 400),
        get("NUL in a value", "X-A: a\0b\r\n", 400), get("NUL at the end of a value", "X-A: a\0\r\n", 400),
        get("NUL in a name", "X\0A: a\r\n", 400), get("CR in a value", "X-A: a\rb\r\n", 400),
        get("CR that begins a field", "X-A: a\rContent-Length: 5\r\n", 400),
        get("CR at the end of a value", "X-A: a\r\r\n", 400), get("LF in a value", "X-A: a\nX-B: b\r\n", 400),
        get("ESC in a value", "X-A: a\u{1B}b\r\n", 400), get("DEL in a value", "X-A: a\u{7F}b\r\n", 400),
        get("BEL in a value", "X-A: \u{07}\r\n", 400), get("a vertical tab in a value", "X-A: a\u{0B}b\r\n", 400),
        RequestCase("a fold on the first line", "GET /now HTTP/1.1\r\n X-A: b\r\nHost: x\r\n\r\n", 400),
        RequestCase("an empty first line with a blank", "GET /now HTTP/1.1\r\n \r\nHost: x\r\n\r\n", 400),
        get("129 fields", String(repeating: "X-A: 1\r\n", count: 128), 431),
        get("thousands of fields", String(repeating: "a:\r\n", count: 5000), 431),
        get("a value that is too long", "X-A: \(String(repeating: "x", count: 40_000))\r\n", 431),
        RequestCase("endless fields", "GET / HTTP/1.1\r\n\(String(repeating: "a: b\r\n", count: 20_000))", 431),
    ]

    private static let hosts: [RequestCase] = [
        RequestCase("no Host", "GET /now HTTP/1.1\r\n\r\n", 400),
        RequestCase("no Host, and a Host in the target", "GET http://x/now HTTP/1.1\r\n\r\n", 400),
        RequestCase("Host twice", "GET /now HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400),
        RequestCase("Host twice, of two kinds", "GET /now HTTP/1.1\r\nHost: x\r\nhost: y\r\n\r\n", 400),
        RequestCase("Host twice in HTTP/1.0", "GET /now HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        RequestCase("Host with a blank before the colon", "GET /now HTTP/1.1\r\nHost : x\r\n\r\n", 400),
        host("a user", " u@x", 400), host("a path", " x/y", 400), host("a query", " x?y", 400),
        host("a fragment", " x#y", 400), host("two hosts", " x y", 400), host("a URL", " http://x", 400),
        host("a port in letters", " x:http", 400), host("a port that is too large", " x:65536", 400),
        host("a port with a sign", " x:+80", 400), host("two ports", " x:80:80", 400),
        host("a port alone", " :80", 400),
        host("an address without its end", " [::1", 400), host("an empty address", " []", 400),
        host("an address and more", " [::1]x", 400), host("an address without brackets", " ::1", 400),
        host("beyond ASCII", " bücher.example", 400), host("a backslash", " x\\y", 400),
    ]

    private static let lengths: [RequestCase] = [
        post("two lengths", "Content-Length: 0\r\nContent-Length: 3\r\n", "abc", 400),
        post("two lengths, the other way round", "Content-Length: 3\r\nContent-Length: 0\r\n", "abc", 400),
        post("the same length twice", "Content-Length: 3\r\nContent-Length: 3\r\n", "abc", 400),
        post("a list of lengths", "Content-Length: 3, 3\r\n", "abc", 400),
        post("a length with a sign", "Content-Length: +3\r\n", "abc", 400),
        post("a negative length", "Content-Length: -3\r\n", "abc", 400),
        post("a length in hexadecimal", "Content-Length: 0x3\r\n", "abc", 400),
        post("a length with a fraction", "Content-Length: 3.0\r\n", "abc", 400),
        post("a length of two numbers", "Content-Length: 3 3\r\n", "abc", 400),
        post("an empty length", "Content-Length:\r\n", "abc", 400),
        post("a length in quotes", "Content-Length: \"3\"\r\n", "abc", 400),
        post("a length in other digits", "Content-Length: ３\r\n", "abc", 400),
        post("a length with a blank before the colon", "Content-Length : 3\r\n", "abc", 400),
        post("a length with NUL", "Content-Length: 3\0\r\n", "abc", 400),
        post("a length that is too large", "Content-Length: 1001\r\n", "", 413),
        post("the largest Int", "Content-Length: 9223372036854775807\r\n", "", 413),
        post("one more than the largest Int", "Content-Length: 9223372036854775808\r\n", "", 413),
        post("the largest UInt64", "Content-Length: 18446744073709551615\r\n", "", 413),
        post("one more than the largest UInt64", "Content-Length: 18446744073709551616\r\n", "", 413),
        post("a length of 100 digits", "Content-Length: \(String(repeating: "9", count: 100))\r\n", "", 413),
    ]

    private static let codings: [RequestCase] = [
        post("length and coding", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n", 400),
        post("coding and length", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n", 400),
        post("coding and a length of 0", "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", "0\r\n\r\n", 400),
        RequestCase(
            "a coding in HTTP/1.0",
            "POST /now HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        post("a blank before the colon of a coding", "Transfer-Encoding : chunked\r\n", "0\r\n\r\n", 400),
        post("an empty coding", "Transfer-Encoding:\r\n", "", 400),
        post("a coding of commas", "Transfer-Encoding: , ,\r\n", "", 400),
        post("chunked twice", "Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n", 400),
        post(
            "chunked in two fields", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n", 400),
        post("gzip", "Transfer-Encoding: gzip\r\n", "abc", 501),
        post("identity", "Transfer-Encoding: identity\r\n", "abc", 501),
        post("gzip and chunked", "Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n", 501),
        post("chunked and gzip", "Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n", 501),
        post(
            "chunked and identity in two fields", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
            "0\r\n\r\n", 501),
        post(
            "identity and chunked in two fields", "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
            "0\r\n\r\n", 501),
        post("a name like chunked", "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n", 501),
        post("chunked with a parameter", "Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n", 501),
        post("chunked in quotes", "Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n", 501),
        post("chunked without its comma", "Transfer-Encoding: chunked chunked\r\n", "0\r\n\r\n", 501),
        post("chunked with NUL", "Transfer-Encoding: chunked\0\r\n", "0\r\n\r\n", 400),
        post("chunked with a vertical tab", "Transfer-Encoding: \u{0B}chunked\r\n", "0\r\n\r\n", 400),
    ]

    private static let chunks: [RequestCase] = [
        chunked("LF after a size", "3\nabc\r\n0\r\n\r\n", 400), chunked("LF after data", "3\r\nabc\n0\r\n\r\n", 400),
        chunked("LF at the end", "0\n\n", 400), chunked("LF in the last line", "0\r\n\n", 400),
        chunked("LF after a trailer field", "0\r\nX: 1\n\r\n", 400),
        chunked("CR in an extension", "3;a\rb\r\nabc\r\n0\r\n\r\n", 400),
        chunked("CR alone after a size", "3\rabc\r\n0\r\n\r\n", 400),
        chunked("NUL in an extension", "3;a\0\r\nabc\r\n0\r\n\r\n", 400),
        chunked("a long extension", "3;\(String(repeating: "a", count: 65_536))\r\nabc\r\n0\r\n\r\n", 400),
        chunked(
            "long extensions together",
            String(repeating: "1;\(String(repeating: "x", count: 999))\r\na\r\n", count: 5) + "0\r\n\r\n", 400),
        chunked("a blank in a trailer's name", "3\r\nabc\r\n0\r\nX y: 1\r\n\r\n", 400),
        chunked("a blank before a trailer's colon", "3\r\nabc\r\n0\r\nX : 1\r\n\r\n", 400),
        chunked("a trailer without a colon", "3\r\nabc\r\n0\r\nX\r\n\r\n", 400),
        chunked("no size", "\r\nabc\r\n0\r\n\r\n", 400), chunked("a sign before a size", "+3\r\nabc\r\n0\r\n\r\n", 400),
        chunked("a negative size", "-3\r\nabc\r\n0\r\n\r\n", 400),
        chunked("0x before a size", "0x3\r\nabc\r\n0\r\n\r\n", 400),
        chunked("a blank before a size", " 3\r\nabc\r\n0\r\n\r\n", 400),
        chunked("a size that is no number", "xyz\r\nabc\r\n0\r\n\r\n", 400),
        chunked("an underscore in a size", "1_0\r\n0123456789abcdef\r\n0\r\n\r\n", 400),
        chunked("a size and more", "3 3\r\nabc\r\n0\r\n\r\n", 400),
        chunked("a size beyond 64 bits", "10000000000000003\r\nabc\r\n0\r\n\r\n", 400),
        chunked("a size of 64 bits", "ffffffffffffffff\r\nabc", 400),
        chunked("a size of many zeros", "\(String(repeating: "0", count: 64))3\r\nabc\r\n0\r\n\r\n", 400),
        chunked("more data than its size", "2\r\nabc\r\n0\r\n\r\n", 400),
        chunked("less data than its size", "4\r\nabc\r\n0\r\n\r\n", 400),
        chunked("a trailer field without a name", "0\r\n: 1\r\n\r\n", 400),
        chunked("a folded trailer field", "0\r\nX: 1\r\n 2\r\n\r\n", 400),
        chunked("endless trailer fields", "0\r\n\(String(repeating: "X: 1\r\n", count: 10_000))", 400),
        chunked("a control character in a trailer field", "0\r\nX: \0\r\n\r\n", 400),
        // Refused as soon as its size is known: what follows is less than the limit of the body.
        chunked("a chunk of more than 4 GiB", "100000001\r\nabc", 413),
        chunked("a chunk of 15 digits", "fffffffffffffff\r\n", 413),
        chunked("a chunk that is one octet too large", "3e9\r\nabc", 413),
        chunked("chunks that are too large together", "3\r\nabc\r\n3e6\r\nabc", 413),
        chunked("a chunk that is too large", "3e9\r\n\(String(repeating: "x", count: 0x3E9))\r\n0\r\n\r\n", 413),
    ]

    private static let targets: [RequestCase] = [
        line("no slash first", "GET now HTTP/1.1", 400), line("an asterisk", "GET * HTTP/1.1", 400),
        line("an asterisk and more", "OPTIONS *x HTTP/1.1", 400), line("a fragment", "GET /now#x HTTP/1.1", 400),
        line("a fragment in a query", "GET /now?a#x HTTP/1.1", 400),
        line("NUL in a path, encoded", "GET /now%00/x HTTP/1.1", 400),
        line("NUL in a query, encoded", "GET /now?q=b%00c HTTP/1.1", 400),
        line("NUL in a parameter's name, encoded", "GET /now?q%00x=b HTTP/1.1", 400),
        line("half an escape", "GET /now%4 HTTP/1.1", 400), line("an escape of no digits", "GET /now%zz HTTP/1.1", 400),
        line("half an escape in a query", "GET /now?q=100% HTTP/1.1", 400),
        line("a query that is not UTF-8", "GET /now?q=%FF HTTP/1.1", 400),
        line("a user in an absolute target", "GET http://u@x/now HTTP/1.1", 400),
        line("an absolute target without a host", "GET http:///now HTTP/1.1", 400),
        line("an absolute target of another scheme", "GET ftp://x/now HTTP/1.1", 400),
        line("a bad port in an absolute target", "GET http://x:y/now HTTP/1.1", 400),
        line("an authority", "CONNECT x:80 HTTP/1.1", 400),
        RequestCase("NUL in a path", "GET /now\0/x HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        RequestCase("NUL in a query", "GET /now?q=\0 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        RequestCase("DEL in a path", "GET /now\u{7F} HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ]
}
