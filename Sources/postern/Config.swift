import ArgumentParser
import Gateway

struct Config: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints every setting: name, current value (secrets masked), default, where it came from.")

    @OptionGroup var flags: SettingFlags

    func run() throws {
        do throws(ConfigurationError) {
            let values = try flags.values()
            for setting in Setting.all {
                let value = values.value(of: setting)
                let shown = value == nil ? "" : setting.isSecret ? "[masked]" : value ?? ""
                print("\(setting.name)=\(shown)")
                print("    \(setting.meaning)")
                print("    default: \(setting.defaultValue ?? "none"); from: \(values.source(of: setting).rawValue)")
            }
        } catch {
            throw fail(error)
        }
    }
}
