internal import Crypto
internal import Foundation
internal import HTTPServer
internal import Settings

/// The keys that a request may carry. Only their digests are kept.
public struct APIKeys: Sendable {
    private let keys: [(caller: Caller, digest: SHA256Digest)]
    /// Whoever asks where no key is needed.
    let anonymous: Caller

    /// Whether no key is needed.
    public var isEmpty: Bool { keys.isEmpty }

    init(_ values: SettingValues) throws(ConfigurationError) {
        var keys: [(name: String, digest: SHA256Digest)] = []
        var names: Set<String> = []
        var digests: Set<SHA256Digest> = []
        let entries = values.list(.apiKeys)
        // Keys that have vanished must not open the gateway: a file that was emptied, or is not filled yet.
        if entries.isEmpty, values.isGiven(.apiKeys) {
            throw ConfigurationError(
                Setting.apiKeys.name, "it is given and holds no key; write name:key, or leave the setting out")
        }
        for entry in entries {
            let parts = entry.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let key = parts.count == 2 ? parts[1] : parts[0]
            guard key.utf8.count >= 8 else {
                throw ConfigurationError(
                    Setting.apiKeys.name, "key number \(keys.count + 1) has fewer than 8 characters; make it longer")
            }
            let name = parts.count == 2 ? String(parts[0]) : "key\(keys.count + 1)"
            for (text, what) in [(Substring(name), "name"), (key, "key")] {
                guard let first = text.first, let last = text.last, !first.isWhitespace, !last.isWhitespace,
                    !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
                else {
                    throw ConfigurationError(
                        Setting.apiKeys.name,
                        "the \(what) of key number \(keys.count + 1) is empty, or has a blank around it or a control "
                            + "character in it; write name:key")
                }
            }
            guard names.insert(name).inserted else {
                throw ConfigurationError(
                    Setting.apiKeys.name,
                    "the name \(name.debugDescription) is given twice; give every key a name of its own")
            }
            let digest = SHA256.hash(data: Data(key.utf8))
            guard digests.insert(digest).inserted else {
                throw ConfigurationError(
                    Setting.apiKeys.name, "key number \(keys.count + 1) is given twice, under two names; leave out one")
            }
            keys.append((name, digest))
        }
        let rate = try AccessConfiguration.rate(.ratePerKey, values)
        let rules = try KeyRules.all(values.value(of: .apiKeyRules) ?? "", of: names)
        // All lines may be comments.
        if rules.isEmpty, values.isGiven(.apiKeyRules) {
            throw ConfigurationError(
                Setting.apiKeyRules.name,
                "it is given and holds no rule; write name: senders=…, or leave the setting out")
        }
        var callers: [String: Caller] = [:]
        for name in names {
            var own = rules[name] ?? KeyRules()
            own.rate = own.rate ?? rate
            callers[name] = Caller(name: name, rules: own)
        }
        self.keys = keys.compactMap { key in callers[key.name].map { ($0, key.digest) } }
        anonymous = Caller(name: nil, rules: KeyRules(rate: rate))
    }

    /// Who makes a request, by its key.
    ///
    /// - Parameter field: where the key may be beside the fields that are taken everywhere.
    /// - Throws: a ``Problem`` with 401, also if a field that carries a key is given twice, or two of them
    ///   carry different keys.
    func caller(of headers: HTTPHeaders, field: KeyField?) throws(Problem) -> Caller {
        guard !isEmpty else { return anonymous }
        let (own, authorizations) = (headers.values("X-API-Key"), headers.values("Authorization"))
        // Which of two counts would be a guess, and a proxy in front may guess otherwise.
        guard own.count < 2, authorizations.count < 2, field?.isRepeated(in: headers) != true else {
            throw .repeatedKey
        }
        var key = own.first
        if let authorization = authorizations.first, authorization.lowercased().hasPrefix("bearer ") {
            key = String(authorization.dropFirst("bearer ".count))
        }
        if let vendors = field?.key(in: headers) {
            key = vendors
        } else if let bearer = key, let other = own.first, bearer.trimmingCharacters(in: .whitespaces) != other {
            throw .differentKeys
        }
        guard let key, let caller = caller(with: key.trimmingCharacters(in: .whitespaces)) else {
            throw .unauthorized(keyGiven: key != nil)
        }
        return caller
    }

    /// The caller with a key, or nil if it is none of these. Digests are compared in constant time, and all of them.
    func caller(with key: String) -> Caller? {
        let digest = SHA256.hash(data: Data(key.utf8))
        var found: Caller?
        for known in keys where known.digest == digest { found = known.caller }
        return found
    }
}
