import Foundation
import Testing

@testable import RelayAccess

@Suite struct SecretFileTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func write(_ text: String, to name: String = "token") throws -> SecretFile {
        try Data(text.utf8).write(to: URL(filePath: folder[name]))
        return SecretFile(path: folder[name])
    }

    private func content(_ name: String = "token") throws -> String {
        try String(contentsOfFile: folder[name], encoding: .utf8)
    }

    private func mode(_ name: String) throws -> Int {
        try #require(FileManager.default.attributesOfItem(atPath: folder[name])[.posixPermissions] as? Int)
    }

    @Test func whiteSpaceAtTheEndIsIgnored() async throws {
        #expect(try await write("token \r\n\n").read() == "token")
        #expect(try await write("token").read() == "token")
    }

    @Test func aFileThatHoldsNoTokenSaysWhy() async throws {
        let empty = try write(" \n")
        let long = try write(String(repeating: "x", count: 65_537), to: "long")
        func reason(_ file: SecretFile) async -> String? {
            do throws(SecretFile.Failure) {
                _ = try await file.read()
                return nil
            } catch {
                return error.description
            }
        }
        #expect(await reason(empty)?.contains("empty") == true)
        #expect(await reason(long)?.contains("longer than 64 KiB") == true)
        #expect(await reason(SecretFile(path: folder["missing"]))?.contains("does not exist") == true)
        #expect(await reason(SecretFile(path: folder.path))?.contains("directory") == true)
    }

    @Test func aReplacementKeepsTheModeAndLeavesNothingBehind() async throws {
        let file = try write("old")
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: file.path)
        try await file.replace(with: "new")
        #expect(try content() == "new\n")
        #expect(try mode("token") == 0o640)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["token"])
        // Another file took the place: a reader of the old one reads to its end.
        let reader = try #require(FileHandle(forReadingAtPath: file.path))
        try await file.replace(with: "newer")
        #expect(try reader.readToEnd() == Data("new\n".utf8))
        #expect(try content() == "newer\n")
    }

    @Test func aNewFileIsForItsOwnerOnly() async throws {
        try await SecretFile(path: folder["token"]).replace(with: "new")
        #expect(try mode("token") == 0o600)
    }

    @Test func aLinkStaysOneAndItsTargetIsReplaced() async throws {
        _ = try write("old", to: "target")
        try FileManager.default.createSymbolicLink(atPath: folder["link"], withDestinationPath: folder["target"])
        try await SecretFile(path: folder["link"]).replace(with: "new")
        #expect(try content("target") == "new\n")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder["link"]) == folder["target"])
    }

    @Test func aReplacementThatFailsLeavesTheOldOne() async throws {
        // A folder cannot be replaced by a file, whoever runs the tests.
        try FileManager.default.createDirectory(atPath: folder["token"], withIntermediateDirectories: false)
        await #expect(throws: SecretFile.Failure.self) {
            try await SecretFile(path: folder["token"]).replace(with: "new")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["token"])
        await #expect(throws: SecretFile.Failure.self) {
            try await SecretFile(path: folder["missing/token"]).replace(with: "new")
        }
    }
}
