/// Decides which traces are recorded.
struct OTLPSampler: Sendable, Hashable {
    /// How a trace is decided about.
    enum Rule: Sendable, Hashable {
        /// Every trace is recorded.
        case always
        /// No trace is recorded.
        case never
        /// A part of the traces is recorded: those whose ID, as a number of 63 bits, is below the bound. All that use the
        /// same ratio decide alike.
        case below(UInt64)
    }

    /// How a trace is decided about.
    let rule: Rule
    /// Whether a span that has a parent follows its parent's decision instead.
    let followsParent: Bool

    /// Returns whether a span is recorded.
    ///
    /// - Parameters:
    ///   - parent: the span's parent, if it has one.
    ///   - traceID: the span's trace.
    func samples(_ traceID: TraceID, parent: SpanContext?) -> Bool {
        if followsParent, let parent { return parent.isSampled }
        return switch rule {
        case .always: true
        case .never: false
        case .below(let bound): traceID.low >> 1 < bound
        }
    }

    /// The default: all, unless the parent says otherwise.
    static let standard = OTLPSampler(rule: .always, followsParent: true)

    /// Reads OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG.
    static func read(_ environment: EnvironmentReader) throws(OTLPConfigurationError) -> OTLPSampler {
        let variable = "OTEL_TRACES_SAMPLER"
        guard let name = environment.text(variable) else { return .standard }
        return switch name.lowercased() {
        case "always_on": OTLPSampler(rule: .always, followsParent: false)
        case "always_off": OTLPSampler(rule: .never, followsParent: false)
        case "traceidratio": OTLPSampler(rule: try ratio(environment), followsParent: false)
        case "parentbased_always_on": .standard
        case "parentbased_always_off": OTLPSampler(rule: .never, followsParent: true)
        case "parentbased_traceidratio": OTLPSampler(rule: try ratio(environment), followsParent: true)
        default:
            throw OTLPConfigurationError(
                variable,
                "is \(name.debugDescription), which is not supported; use always_on, always_off, traceidratio, or one of "
                    + "them with parentbased_ before it.")
        }
    }

    private static func ratio(_ environment: EnvironmentReader) throws(OTLPConfigurationError) -> Rule {
        let variable = "OTEL_TRACES_SAMPLER_ARG"
        guard let text = environment.text(variable) else { return .always }
        guard let ratio = Double(text), ratio >= 0, ratio <= 1 else {
            throw OTLPConfigurationError(variable, "is \(text.debugDescription); use a number from 0 to 1.")
        }
        return ratio == 1 ? .always : .below(UInt64(ratio * 0x1p63))
    }
}
