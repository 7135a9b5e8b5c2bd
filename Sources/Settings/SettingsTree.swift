/// A JSON value of a configuration file, of which numbers, truth values and texts are all texts.
enum SettingsTree: Decodable {
    case object([String: SettingsTree])
    case list([SettingsTree])
    case scalar(String)
    case null

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let text = try? value.decode(String.self) {
            self = .scalar(text)
        } else if let flag = try? value.decode(Bool.self) {
            self = .scalar(flag ? "true" : "false")
        } else if let number = try? value.decode(Int.self) {
            self = .scalar(String(number))
        } else if let number = try? value.decode(Double.self) {
            self = .scalar(String(number))
        } else if let list = try? value.decode([SettingsTree].self) {
            self = .list(list)
        } else {
            self = .object(try value.decode([String: SettingsTree].self))
        }
    }
}
