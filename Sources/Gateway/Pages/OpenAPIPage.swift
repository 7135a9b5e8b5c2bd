internal import Foundation
internal import Yams

/// The contract that this gateway serves. openapi.yaml is embedded when the gateway is built; its JSON form is made of it.
enum OpenAPIPage {
    static let yaml = EmbeddedPage(PackageResources.openapi_yaml, contentType: "application/yaml")

    static let json = EmbeddedPage(jsonText, contentType: "application/json")

    private static var jsonText: [UInt8] {
        var json = JSONText()
        if let node = try? Yams.compose(yaml: String(decoding: PackageResources.openapi_yaml, as: UTF8.self)) {
            write(node, to: &json)
        }
        return json.bytes
    }

    private static func write(_ node: Node, to json: inout JSONText) {
        switch node {
        case .mapping(let mapping):
            json.object { json in
                for (key, value) in mapping {
                    json.name(dynamic: key.string ?? "")
                    write(value, to: &json)
                }
            }
        case .sequence(let sequence): json.array(sequence) { write($1, to: &$0) }
        case .scalar(let scalar): write(scalar, to: &json)
        case .alias: json.value(String?.none)
        }
    }

    /// What is not quoted may be something other than a string (YAML 1.2, section 10.3.2).
    private static func write(_ scalar: Node.Scalar, to json: inout JSONText) {
        guard scalar.style == .plain || scalar.style == .any else {
            json.value(scalar.string)
            return
        }
        switch scalar.string {
        case "", "~", "null": json.value(String?.none)
        case "true": json.value(true)
        case "false": json.value(false)
        case let text:
            if let number = Int(text) { json.value(number) } else { json.value(text) }
        }
    }
}
