internal import Foundation
internal import Records
public import Settings

extension Setting {
    /// A value as it may be shown: of a secret nothing but the parts of an address that are none.
    public func shown(_ value: String) -> String {
        guard isSecret else { return value.split(whereSeparator: \.isNewline).joined(separator: ", ") }
        if self == .store { return (try? RecordStoreLocation(value))?.shown ?? Self.mask }
        guard self == .relayURL || name.hasSuffix("_URL") || name.hasSuffix("_PROXY"),
            var parts = URLComponents(string: value), parts.host != nil
        else { return Self.mask }
        // A password may stand where none belongs: what is no option is not shown.
        guard parts.path.isEmpty || parts.path == "/", parts.fragment == nil,
            (parts.queryItems ?? []).allSatisfy({ RelayURL.options.contains($0.name) })
        else { return Self.mask }
        if parts.password != nil {
            parts.password = nil
            parts.user = nil
            return (parts.string ?? Self.mask).replacing("://", with: "://\(Self.mask)@", maxReplacements: 1)
        }
        return value.contains("@") ? Self.mask : value
    }
}
