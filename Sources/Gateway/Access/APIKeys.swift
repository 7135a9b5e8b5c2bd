internal import Crypto
internal import Foundation

/// The keys that a request may carry. Only their digests are kept.
public struct APIKeys: Sendable {
    private let keys: [(name: String, digest: SHA256Digest)]

    /// Whether no key is needed.
    public var isEmpty: Bool { keys.isEmpty }

    init(_ values: SettingValues) throws(ConfigurationError) {
        var keys: [(name: String, digest: SHA256Digest)] = []
        for entry in values.list(.apiKeys) {
            let parts = entry.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let key = parts.count == 2 ? parts[1] : parts[0]
            guard key.utf8.count >= 8 else {
                throw ConfigurationError(
                    Setting.apiKeys.name, "key number \(keys.count + 1) has fewer than 8 characters; make it longer")
            }
            let name = parts.count == 2 ? String(parts[0]) : "key\(keys.count + 1)"
            keys.append((name, SHA256.hash(data: Data(key.utf8))))
        }
        self.keys = keys
    }

    /// The name of the key, or nil where it is none of these. Takes the same time for every wrong key.
    func name(of key: String) -> String? {
        let digest = SHA256.hash(data: Data(key.utf8))
        var found: String?
        for known in keys where known.digest == digest { found = known.name }
        return found
    }
}
