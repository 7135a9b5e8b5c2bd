import Testing

@testable import OctetSearch

/// Each search against the plain loop that it stands for, with every octet at every place.
struct OctetSearchTests {
    private typealias Search = @Sendable (Span<UInt8>, Int) -> Int

    private static let searches: [(search: Search, matches: @Sendable (UInt8) -> Bool)] = [
        ({ OctetSearch.lineBreak(in: $0, from: $1) }, { $0 == 13 || $0 == 10 }),
        ({ OctetSearch.unprintable(in: $0, from: $1) }, { $0 < 32 || $0 > 126 }),
        ({ OctetSearch.nullOrEightBit(in: $0, from: $1) }, { $0 == 0 || $0 > 127 }),
        ({ OctetSearch.null(in: $0, from: $1) }, { $0 == 0 }),
        ({ OctetSearch.escapedInJSON(in: $0, from: $1) }, { $0 < 32 || $0 == 34 || $0 == 92 }),
        ({ OctetSearch.unplainInJSON(in: $0, from: $1) }, { $0 < 32 || $0 > 126 || $0 == 34 || $0 == 92 }),
        ({ OctetSearch.escapedInJSONOrEightBit(in: $0, from: $1) }, { $0 < 32 || $0 == 34 || $0 == 92 || $0 > 127 }),
        (
            { octets, start in
                copied(octets, start) { OctetSearch.copyToBackslash(in: octets, from: start, to: &$0, at: $1) }
            }, { $0 == 92 }
        ),
        (
            { octets, start in
                copied(octets, start) { OctetSearch.copyToLineBreak(in: octets, from: start, to: &$0, at: $1) }
            }, { $0 == 13 || $0 == 10 }
        ),
        (
            { OctetSearch.outsideBase64(in: $0, from: $1) },
            { octet in
                !"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8.contains(octet)
            }
        ),
    ]

    /// What a search returns that copies; -1 if it copies something else than what it passes over.
    private static func copied(
        _ octets: Span<UInt8>, _ start: Int, _ copy: (inout MutableSpan<UInt8>, Int) -> Int
    ) -> Int {
        // No more room than it may need, behind what it must leave.
        var copied = [UInt8](repeating: 0, count: 3 + octets.count - start)
        var output = copied.mutableSpan
        let end = copy(&output, 3)
        let isRight = (start..<end).allSatisfy { copied[3 + $0 - start] == octets[$0] }
        return isRight && copied[0..<3] == [0, 0, 0] ? end : -1
    }

    @Test(arguments: searches.indices) func everyOctetAtEveryPlace(number: Int) {
        let (search, matches) = Self.searches[number]
        for octet in UInt8.min...UInt8.max {
            // Four vectors, and less than one behind them.
            for place in 0..<75 {
                var octets = [UInt8](repeating: UInt8(ascii: "a"), count: 75)
                octets[place] = octet
                let found = search(octets.span, 0)
                if found != (matches(octet) ? place : 75) { Issue.record("\(octet) at \(place): \(found)") }
            }
        }
    }

    /// Neighbours must not hide or feign each other.
    @Test(arguments: searches.indices) func everyPairOfOctets(number: Int) {
        let (search, matches) = Self.searches[number]
        var wrong = 0
        for first in UInt8.min...UInt8.max {
            for second in UInt8.min...UInt8.max {
                // In what makes no vector, in the middle of one, from one to the next, and in what is left behind one.
                for (count, place) in [(11, 3), (16, 7), (40, 15), (21, 17)] {
                    var octets = [UInt8](repeating: UInt8(ascii: "a"), count: count)
                    octets[place] = first
                    octets[place + 1] = second
                    let expected = octets.firstIndex(where: matches) ?? count
                    if search(octets.span, 0) != expected { wrong += 1 }
                }
            }
        }
        #expect(wrong == 0)
    }

    @Test(arguments: searches.indices) func beginsAnywhereAndEndsAnywhere(number: Int) {
        let (search, matches) = Self.searches[number]
        for count in 0..<40 {
            let octets = (0..<count).map { UInt8(truncatingIfNeeded: $0 % 11 == 0 ? 10 : 65 + $0) }
            for start in 0...count {
                let expected = octets[start...].firstIndex(where: matches) ?? count
                #expect(search(octets.span, start) == expected)
            }
        }
    }

    /// Every pair of octets, in the middle of a vector, from one to the next, and in what makes no vector.
    @Test func irregularLines() {
        var wrong = 0
        for first in UInt8.min...UInt8.max {
            for second in UInt8.min...UInt8.max {
                for (count, place) in [(11, 3), (17, 7), (40, 16), (40, 15), (21, 18)] {
                    var octets = [UInt8](repeating: UInt8(ascii: "a"), count: count)
                    octets[place] = first
                    octets[place + 1] = second
                    let expected = (1..<count).first { Self.isIrregular(octets[$0 - 1], octets[$0]) } ?? count
                    if OctetSearch.irregularLine(in: octets.span, from: 1) != expected { wrong += 1 }
                }
            }
        }
        #expect(wrong == 0)
    }

    private static func isIrregular(_ previous: UInt8, _ octet: UInt8) -> Bool {
        switch (previous, octet) {
        case (13, 10): false
        case (13, _), (_, 10): true
        case (10, UInt8(ascii: ".")): true
        default: false
        }
    }

    @Test func octetsAreAppendedAsTheyAre() {
        var octets: [UInt8] = [1]
        octets.append(copying: [2, 3].span)
        octets.append(copying: [UInt8]().span)
        #expect(octets == [1, 2, 3])
    }
}
