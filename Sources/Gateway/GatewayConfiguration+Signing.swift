internal import Foundation
internal import InternetMessage
internal import Settings

extension GatewayConfiguration {
    /// The signer with the keys of `POSTERN_DKIM_KEYS`, or nil if there are none.
    static func signer(_ values: SettingValues) throws(ConfigurationError) -> DKIMSigner? {
        var identities: [DKIMIdentity] = []
        for entry in values.list(.dkimKeys) {
            let parts = entry.split(separator: ":", maxSplits: 2).map(String.init)
            guard parts.count == 3 else {
                throw ConfigurationError(
                    Setting.dkimKeys.name, "\(entry.debugDescription) is not of the form domain:selector:file")
            }
            let pem: String
            do {
                pem = try String(contentsOf: URL(filePath: parts[2]), encoding: .utf8)
            } catch {
                throw ConfigurationError(
                    Setting.dkimKeys.name,
                    "the file \(parts[2].debugDescription) cannot be read: \(error.localizedDescription)")
            }
            do throws(DKIMError) {
                let key = try DKIMKey(pem: pem)
                identities.append(try DKIMIdentity(domain: parts[0], selector: parts[1], key: key))
            } catch {
                throw ConfigurationError(
                    Setting.dkimKeys.name, "in \(entry.debugDescription): \(error.description)")
            }
        }
        return identities.isEmpty ? nil : DKIMSigner(identities)
    }
}
