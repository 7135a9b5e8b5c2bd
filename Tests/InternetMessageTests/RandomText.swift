import Foundation

/// Words, texts and octets at random. The same seed makes the same ones.
struct RandomText {
    /// A word or two in each of many scripts, some of them written from right to left.
    static let scripts: [[String]] = [
        ["plain", "words"], ["Grüße", "naïve", "Škoda", "İstanbul"], ["Привет", "мир"], ["Ελληνικά", "λόγος"],
        ["שלום", "עולם"], ["مرحبا", "بالعالم"], ["हिन्दी", "नमस्ते"], ["ไทย", "สวัสดี"], ["தமிழ்", "வணக்கம்"],
        ["ქართული"], ["Հայերեն"], ["አማርኛ"], ["日本語", "ひらがな", "カタカナ"], ["中文信息", "漢字"], ["한국어", "안녕"],
        ["😀", "👩‍👩‍👧‍👦", "🇦🇹", "🏳️‍🌈"], ["e\u{301}", "a\u{308}\u{304}"], ["𐍈", "𝒜", "\u{10FFFD}"],
        ["\u{202B}rtl\u{202C}", "\u{2067}x\u{2069}", "\u{FEFF}"],
    ]

    /// What has a meaning of its own somewhere on the way.
    private static let special = [
        "a.b", "x,y", "\"q\"", "b\\c", "(c)", "<d>", "e@f", "=?utf-8?q?x?=", "?=", "_", "=20", "100%", "';", ";", ":",
        "\u{2028}", "longerwordwithoutanyspaceinside", "[1]", "a=b", "'", "*", "/",
    ]

    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func number() -> UInt64 {
        // A linear congruential generator; the upper half of its state is random enough for samples.
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }

    mutating func number(below bound: Int) -> Int { Int(number() % UInt64(bound)) }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[number(below: elements.count)] }

    /// Whether something happens that does so in that many of ten cases.
    mutating func chance(_ ofTen: UInt64) -> Bool { number() % 10 < ofTen }

    /// Words up to a number of characters, now and then with spaces where they are easily lost.
    ///
    /// - Parameter script: the script of most words; nil mixes all.
    mutating func text(_ count: Int, script: Int? = nil) -> String {
        var text = chance(1) ? " " : ""
        let isASCII = script == nil && chance(3)
        var length = 0
        while length < count {
            let words = script.map { Self.scripts[$0 % Self.scripts.count] } ?? pick(Self.scripts)
            let word = chance(3) ? pick(Self.special) : pick(words)
            if isASCII, !word.utf8.allSatisfy({ $0 < 0x80 }) { continue }
            let piece = word + (chance(8) ? " " : chance(2) ? "  " : "")
            text += piece
            length += piece.count
        }
        text = String(text.prefix(count))
        return chance(9) ? text.trimmingCharacters(in: .whitespaces) : text
    }

    /// Lines of text with line breaks of every kind.
    mutating func body() -> String {
        var body = ""
        let script = chance(5) ? number(below: Self.scripts.count) : nil
        for _ in 0..<number(below: 12) {
            body +=
                chance(1)
                ? String(repeating: pick(pick(Self.scripts)), count: 300) : text(number(below: 150), script: script)
            body += pick(["\n", "\r\n", "\r", "\n.\n", " \n", "\t\r\n", "\nFrom x\n", "\n--x\n", ""])
        }
        return body
    }

    mutating func octets(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: number()) }
    }
}
