internal import Settings

/// A vendor whose API the gateway serves.
enum VendorAPI: String, CaseIterable, Sendable {
    case resend
    case postmark
    case sendgrid
    case mailgun

    /// Reads the setting.
    ///
    /// - Throws: a ``ConfigurationError`` if it names something else.
    static func list(_ values: SettingValues) throws(ConfigurationError) -> [VendorAPI] {
        let names = values.list(.vendorAPIs)
        if names == ["none"] { return [] }
        var vendors: Set<VendorAPI> = []
        for name in names {
            guard let vendor = VendorAPI(rawValue: name.lowercased()) else {
                throw ConfigurationError(
                    Setting.vendorAPIs.name,
                    "\(name.prefix(40).debugDescription) is none of \(allCases.map(\.rawValue).joined(separator: ", ")); "
                        + "write those, or none")
            }
            vendors.insert(vendor)
        }
        if vendors.isEmpty {
            throw ConfigurationError(Setting.vendorAPIs.name, "it is given and names no vendor; write none for none")
        }
        return allCases.filter(vendors.contains)
    }
}
