internal import Tracing

/// How much a span may hold.
struct SpanLimits: Sendable, Hashable {
    /// How many attributes, events and links a span has at most, and how many attributes an event or a link.
    static let maximumCount = 128
    /// How many octets a value may have.
    var valueLength = 4096

    /// What an attribute costs beside its texts.
    private static let attributeSize = 48

    /// Returns attributes, and how many were dropped because there are too many.
    ///
    /// - Parameters:
    ///   - new: the attributes.
    ///   - old: those that were there before, which stay.
    static func counted(_ new: SpanAttributes, after old: SpanAttributes = [:]) -> (SpanAttributes, dropped: Int) {
        guard new.count > maximumCount else { return (new, 0) }
        var added: [String] = []
        var kept: SpanAttributes = [:]
        new.forEach { name, value in
            if old.get(name) == nil { added.append(name) } else { kept.set(name, value: value) }
        }
        for name in added.sorted().prefix(maximumCount - kept.count) { kept.set(name, value: new.get(name)) }
        return (kept, new.count - kept.count)
    }

    /// Returns attributes whose values are bounded, and an estimate of their size in octets.
    func bounded(_ attributes: SpanAttributes) -> (SpanAttributes, size: Int) {
        var size = 0
        var isBounded = true
        attributes.forEach { name, value in
            let (length, fits) = measured(value)
            size += Self.attributeSize + name.utf8.count + length
            if !fits { isBounded = false }
        }
        if isBounded { return (attributes, size) }
        var result: SpanAttributes = [:]
        size = 0
        attributes.forEach { name, value in
            let short = shortened(value)
            result.set(name, value: short)
            size += Self.attributeSize + name.utf8.count + measured(short).length
        }
        return (result, size)
    }

    /// The size of a value, and whether it can stay as it is.
    private func measured(_ value: SpanAttribute) -> (length: Int, fits: Bool) {
        switch value {
        case .string(let text): (text.utf8.count, text.utf8.count <= valueLength)
        case .stringArray(let texts):
            texts.reduce((0, true)) { sum, text in
                (sum.0 + text.utf8.count + Self.attributeSize, sum.1 && text.utf8.count <= valueLength)
            }
        case .int32Array(let numbers): (numbers.count * Self.attributeSize, true)
        case .int64Array(let numbers): (numbers.count * Self.attributeSize, true)
        case .doubleArray(let numbers): (numbers.count * Self.attributeSize, true)
        case .boolArray(let flags): (flags.count * Self.attributeSize, true)
        // The value may change before it is exported.
        case .stringConvertible, .stringConvertibleArray: (0, false)
        default: (0, true)
        }
    }

    private func shortened(_ value: SpanAttribute) -> SpanAttribute {
        switch value {
        case .string(let text): .string(SpanText.shown(text, limit: valueLength))
        case .stringArray(let texts): .stringArray(texts.map { SpanText.shown($0, limit: valueLength) })
        case .stringConvertible(let value): .string(SpanText.shown("\(value)", limit: valueLength))
        case .stringConvertibleArray(let values):
            .stringArray(values.map { SpanText.shown("\($0)", limit: valueLength) })
        default: value
        }
    }
}
