package import Foundation

/// A file that a setting names.
package enum NamedFile {
    /// What the file holds. It may be a pipe or a device, which have no size.
    ///
    /// - Parameter label: the setting that names it.
    /// - Throws: ``ConfigurationError`` that names the setting and the file.
    package static func content(of path: String, _ label: String) throws(ConfigurationError) -> Data {
        let name = "the file \(path.debugDescription)"
        // Whether it exists is not known if its folder may not be entered.
        var status = stat()
        guard unsafe stat(path, &status) == 0 || errno != ENOENT else {
            throw ConfigurationError(label, "\(name) cannot be read: it does not exist")
        }
        let values = try? URL(filePath: path).resourceValues(forKeys: [.isDirectoryKey])
        guard values?.isDirectory != true else {
            throw ConfigurationError(label, "\(name) cannot be read: it is a directory; name a file")
        }
        guard let file = FileHandle(forReadingAtPath: path), let data = try? file.readToEnd() ?? Data() else {
            throw ConfigurationError(
                label, "\(name) cannot be read: check its permissions for the user that runs the gateway")
        }
        return data
    }
}
