package import Foundation
internal import JSON
internal import Yams

/// A configuration file: YAML or JSON, whose keys are the settings' names without their prefix, in lower case.
///
/// Nested keys are joined by `_`, so that `relay: {url: …}` is `relay_url`. The relays below `relays` are those of
/// `POSTERN_RELAY_<NAME>_…`. A list is the text of its elements, one a line.
public struct SettingsFile: Sendable {
    /// Octets of a file that are read at most; a configuration has some hundred.
    static let bound = 1024 * 1024
    /// How deep a file may be nested: one level more than relays with their settings have.
    static let depthBound = 4

    /// The values by the setting's name.
    private(set) var values: [String: String] = [:]
    /// Each key as the file has it, by the setting's name.
    private(set) var keys: [String: String] = [:]
    /// The file's path.
    let path: String

    /// Reads a file; a name that ends in `.json` means JSON, any other YAML.
    ///
    /// - Throws: ``ConfigurationError`` where it cannot be read or is not well formed.
    public init(path: String) throws(ConfigurationError) {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw ConfigurationError(
                "--config", "the file \(path.debugDescription) cannot be read: \(error.localizedDescription)")
        }
        try self.init(data, path: path)
    }

    package init(_ data: Data, path: String) throws(ConfigurationError) {
        self.path = path
        guard data.count <= Self.bound else {
            throw ConfigurationError(
                "--config", "the file \(path.debugDescription) has more than \(Self.bound) bytes; it cannot be meant")
        }
        // A byte order mark says nothing about UTF-8.
        let data = data.starts(with: [0xEF, 0xBB, 0xBF]) ? Data(data.dropFirst(3)) : data
        let isJSON = path.lowercased().hasSuffix(".json")
        do {
            if isJSON {
                try checkSyntax(Array(data))
                // An empty object is what an empty file means.
                try add(json: JSONDecoder().decode(SettingsTree.self, from: data), at: [])
            } else if let node = try Yams.compose(yaml: String(decoding: data, as: UTF8.self)) {
                try add(node, at: [])
            }
        } catch let error as ConfigurationError {
            throw error
        } catch let error as YamlError {
            throw ConfigurationError(
                "--config", "the file \(path.debugDescription) is not YAML: \(Self.place(of: error))")
        } catch {
            throw ConfigurationError(
                "--config", "the file \(path.debugDescription) is not JSON; check it with a JSON parser")
        }
    }

    /// Where a file is not YAML, without the line itself, which may hold a secret.
    private static func place(of error: YamlError) -> String {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            "line \(mark.line): \(problem)"
        case .duplicatedKeysInMapping(let keys, let context):
            "line \(context.mark.line): the key \(keys.first ?? "") is given twice"
        default: "it cannot be parsed"
        }
    }

    // MARK: YAML

    private mutating func add(_ node: Node, at path: [String]) throws(ConfigurationError) {
        switch node {
        case .mapping(let mapping):
            try checkDepth(path)
            if mapping.isEmpty { try setNothing(at: path) }
            for (key, value) in mapping {
                guard case .scalar(let name) = key else { throw wrong(path, "a key is not a text") }
                try add(value, at: path + [name.string])
            }
        case .sequence(let sequence):
            var elements: [String] = []
            for element in sequence {
                guard case .scalar(let scalar) = element else {
                    throw wrong(path, "the list holds something else than texts and numbers")
                }
                elements.append(scalar.string)
            }
            try set(elements.joined(separator: "\n"), at: path)
        case .scalar(let scalar):
            let isNull = scalar.style == .plain && ["", "~", "null"].contains(scalar.string)
            if isNull { try setNothing(at: path) } else { try set(scalar.string, at: path) }
        case .alias: throw wrong(path, "anchors and aliases are not supported; write the value")
        }
    }

    // MARK: JSON

    /// Foundation's decoder takes more than JSON, and of two members of one name it keeps one without a word.
    private func checkSyntax(_ octets: [UInt8]) throws(ConfigurationError) {
        let document: JSONDocument
        do throws(JSONSyntaxError) {
            document = try JSONDocument(octets)
        } catch {
            let line = octets.prefix(error.offset).count { $0 == 0x0A } + 1
            throw ConfigurationError(
                "--config", "the file \(path.debugDescription) is not JSON: line \(line): \(error.reason.rawValue)")
        }
        if let twice = document.repeated.first { throw wrong(twice, "it is given twice") }
    }

    private mutating func add(json value: SettingsTree, at path: [String]) throws(ConfigurationError) {
        switch value {
        case .object(let object):
            try checkDepth(path)
            if object.isEmpty { try setNothing(at: path) }
            for (name, value) in object.sorted(by: { $0.key < $1.key }) { try add(json: value, at: path + [name]) }
        case .list(let array):
            var elements: [String] = []
            for element in array {
                guard case .scalar(let text) = element else {
                    throw wrong(path, "the list holds something else than texts and numbers")
                }
                elements.append(text)
            }
            try set(elements.joined(separator: "\n"), at: path)
        case .null: try setNothing(at: path)
        case .scalar(let text): try set(text, at: path)
        }
    }

    // MARK: Both

    private mutating func set(_ value: String, at path: [String]) throws(ConfigurationError) {
        guard !path.isEmpty else { throw wrong(path, "it holds no settings; write `listen: 127.0.0.1:8080`, say") }
        let key = path.joined(separator: ".")
        var parts = path
        if parts.count > 1, parts[0].lowercased() == "relays" { parts[0] = "relay" }
        var name = parts.joined(separator: "_").uppercased()
        if !name.hasPrefix(Setting.prefix) { name = Setting.prefix + name }
        if let other = keys[name] {
            throw wrong(path, other == key ? "it is given twice" : "it is given twice, here and as \(other)")
        }
        keys[name] = key
        values[name] = value
    }

    /// What restricts the gateway's use counts as given without a value, too, for that must not open the gateway; any other
    /// setting without one is left out.
    private mutating func setNothing(at path: [String]) throws(ConfigurationError) {
        guard !path.isEmpty else { return }
        var name = path.joined(separator: "_").uppercased()
        if !name.hasPrefix(Setting.prefix) { name = Setting.prefix + name }
        if Setting.restrictions.contains(where: { name == $0.name || name == $0.fileName }) { try set("", at: path) }
    }

    private func checkDepth(_ path: [String]) throws(ConfigurationError) {
        guard path.count < Self.depthBound else { throw wrong(path, "it is nested too deep to be a setting") }
    }

    private func wrong(_ path: [String], _ problem: String) -> ConfigurationError {
        ConfigurationError(path.isEmpty ? self.path : "\(path.joined(separator: ".")) in \(self.path)", problem)
    }
}
