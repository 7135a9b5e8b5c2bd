internal import Foundation
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

    init(_ data: Data, path: String) throws(ConfigurationError) {
        self.path = path
        guard data.count <= Self.bound else {
            throw ConfigurationError(
                "--config", "the file \(path.debugDescription) has more than \(Self.bound) bytes; it cannot be meant")
        }
        let isJSON = path.lowercased().hasSuffix(".json")
        do {
            if isJSON {
                // An empty object is what an empty file means.
                try add(json: JSONSerialization.jsonObject(with: data), at: [])
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
        default: "it cannot be parsed"
        }
    }

    // MARK: YAML

    private mutating func add(_ node: Node, at path: [String]) throws(ConfigurationError) {
        switch node {
        case .mapping(let mapping):
            try checkDepth(path)
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
            if !isNull { try set(scalar.string, at: path) }
        case .alias: throw wrong(path, "anchors and aliases are not supported; write the value")
        }
    }

    // MARK: JSON

    private mutating func add(json value: Any, at path: [String]) throws(ConfigurationError) {
        switch value {
        case let object as [String: Any]:
            try checkDepth(path)
            for (name, value) in object.sorted(by: { $0.key < $1.key }) { try add(json: value, at: path + [name]) }
        case let array as [Any]:
            var elements: [String] = []
            for element in array {
                guard let text = Self.text(element) else {
                    throw wrong(path, "the list holds something else than texts and numbers")
                }
                elements.append(text)
            }
            try set(elements.joined(separator: "\n"), at: path)
        case is NSNull: break
        default:
            guard let text = Self.text(value) else { throw wrong(path, "the value is neither a text nor a number") }
            try set(text, at: path)
        }
    }

    private static func text(_ value: Any) -> String? {
        switch value {
        case let text as String: text
        case let flag as Bool: flag ? "true" : "false"
        case let number as NSNumber: number.stringValue
        default: nil
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

    private func checkDepth(_ path: [String]) throws(ConfigurationError) {
        guard path.count < Self.depthBound else { throw wrong(path, "it is nested too deep to be a setting") }
    }

    private func wrong(_ path: [String], _ problem: String) -> ConfigurationError {
        ConfigurationError(path.isEmpty ? self.path : "\(path.joined(separator: ".")) in \(self.path)", problem)
    }
}
