internal import Foundation
internal import NIOPosix

/// A file that holds one secret. Its calls block, and run on a thread that may be blocked.
struct SecretFile: Sendable {
    /// Why a file could not be read or written.
    struct Failure: Error, Hashable, CustomStringConvertible {
        /// The end of a sentence that names the file: the reason, and what to do.
        let description: String
    }

    let path: String

    /// The longest content: tokens are some kilobytes, and AUTH takes no longer ones.
    private static let maximumSize = 65_536

    /// Reads the secret. White space after it is ignored.
    func read() async throws(Failure) -> String {
        try await Self.onThread { () throws(Failure) in try readWaiting() }
    }

    /// Replaces the secret: a reader finds the old one or the new one, and a crash leaves one of them.
    func replace(with secret: String) async throws(Failure) {
        try await Self.onThread { () throws(Failure) in try replaceWaiting(with: secret) }
    }

    private static func onThread<Value: Sendable>(
        _ work: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        do {
            return try await NIOThreadPool.singleton.runIfActive(work)
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(description: "the attempt was cancelled.")
        }
    }

    private func readWaiting() throws(Failure) -> String {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(errno) }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        guard let data = try? file.read(upToCount: Self.maximumSize + 1) ?? Data() else {
            throw Failure(description: "it is a directory, or its disk fails. Name a file.")
        }
        guard data.count <= Self.maximumSize else {
            throw Failure(description: "it is longer than 64 KiB. Name a file that holds the token and nothing else.")
        }
        let text = String(decoding: data, as: UTF8.self)
        guard let end = text.lastIndex(where: { !$0.isWhitespace }) else {
            throw Failure(description: "it is empty. Write the token into it.")
        }
        return String(text[...end])
    }

    private func replaceWaiting(with secret: String) throws(Failure) {
        // A link stays one, and what it points to is replaced.
        let target = URL(filePath: path).resolvingSymlinksInPath()
        let folder = target.deletingLastPathComponent()
        // In the same folder, because a rename does not leave its file system.
        let temporary = folder.appending(path: ".\(target.lastPathComponent).\(UUID().uuidString)").path
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system(errno) }
        do throws(Failure) {
            try fill(descriptor, with: secret, like: target.path)
            guard unsafe rename(temporary, target.path) == 0 else { throw .system(errno) }
        } catch {
            _ = unsafe unlink(temporary)
            throw error
        }
        // The new name is in the folder, which has to be on the disk too.
        let place = unsafe open(folder.path, O_RDONLY | O_CLOEXEC)
        guard place >= 0 else { throw .system(errno) }
        defer { close(place) }
        // Some file systems cannot do that for a folder.
        guard fsync(place) == 0 || errno == EINVAL else { throw .system(errno) }
    }

    /// Writes a new file, and gives it the mode and, if that is allowed, the owner of the old one.
    private func fill(_ descriptor: Int32, with secret: String, like old: String) throws(Failure) {
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        if unsafe stat(old, &status) == 0 {
            // The owner first: a change of the owner may clear bits of the mode.
            _ = fchown(descriptor, status.st_uid, status.st_gid)
            guard fchmod(descriptor, status.st_mode & 0o777) == 0 else { throw .system(errno) }
        }
        do {
            try file.write(contentsOf: Data("\(secret)\n".utf8))
            try file.synchronize()
            try file.close()
        } catch {
            throw Failure(description: "the disk is full or fails.")
        }
    }
}

extension SecretFile.Failure {
    fileprivate static func system(_ code: Int32) -> SecretFile.Failure {
        let reason =
            switch code {
            case ENOENT: "it, or its folder, does not exist."
            case EACCES, EPERM: "permission denied. Check the permissions of the file and of its folder."
            case EROFS: "its file system is read-only. Use a folder that can be written."
            case EBUSY: "it is a mount point. Mount its folder instead of the file."
            case ENOSPC, EDQUOT: "the disk is full."
            case EISDIR: "it is a directory. Name a file."
            default: "the system reports error \(code)."
            }
        return SecretFile.Failure(description: reason)
    }
}
