internal import Foundation

/// A file of SQLite, looked at from outside: to open it would create or change files, and lock it.
struct SQLiteFile {
    private let path: String

    init(_ path: String) {
        self.path = path
    }

    /// Checks that a store can be had there: by the header of the file (SQLite's documentation, "Database File Format").
    func check() throws(RecordBackendError) {
        let files = FileManager.default
        let folder = (path as NSString).deletingLastPathComponent
        guard files.isWritableFile(atPath: folder) else {
            throw RecordBackendError("\(folder) does not exist, or this user cannot write to it")
        }
        guard files.fileExists(atPath: path) else { return }
        guard files.isWritableFile(atPath: path), let file = FileHandle(forReadingAtPath: path),
            let header = try? file.read(upToCount: 100) ?? Data()
        else { throw RecordBackendError("this user cannot read and write \(path)") }
        // A file that was just made has no header yet: what it holds stands in its log.
        guard !header.isEmpty else { return }
        let octets = Array(header)
        guard octets.count == 100, octets.starts(with: "SQLite format 3\0".utf8) else {
            throw RecordBackendError("\(path) is not an SQLite database; choose another file")
        }
        func number(at offset: Int) -> Int { octets[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
        let application = number(at: 68)
        guard application == SQLiteSchema.application || application == 0 && files.fileExists(atPath: path + "-wal")
        else {
            throw RecordBackendError("\(path) belongs to another program; choose another file")
        }
        guard number(at: 60) <= SQLiteSchema.version else { throw SQLiteSchema.newer(number(at: 60)) }
    }
}
