extension Rate {
    /// The most rates that make sense together.
    private static let most = 4
    /// The most messages in a window: each takes its place in memory.
    private static let mostMessages = 1_000_000

    /// Reads `14`, `14/s` or `14/s 500/h 2000/d`; nil if it is none of these.
    public static func list(_ text: String) -> [Rate]? {
        let parts = text.split { $0 == " " || $0 == "\t" }
        guard (1...most).contains(parts.count) else { return nil }
        var rates: [Rate] = []
        for part in parts {
            // Without a period it is a second's.
            guard let rate = Rate(part.contains("/") ? String(part) : part + "/s"), rate.count <= mostMessages,
                !rates.contains(where: { $0.period == rate.period })
            else { return nil }
            rates.append(rate)
        }
        return rates
    }
}
