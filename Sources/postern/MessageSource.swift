import Foundation
import InternetMessage

/// The text of a message, read piece by piece from a file or from standard input.
struct MessageSource {
    /// What cannot be read, or is no message.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Octets that are read at a time.
    private static let pieceSize = 65536

    private let handle: FileHandle
    /// Octets of the file, or nil if that is not known beforehand.
    let size: Int?
    private var held: [[UInt8]] = []

    /// The file of that name; `-` is standard input.
    init(_ file: String) throws(Failure) {
        guard file != "-" else {
            handle = .standardInput
            size = nil
            return
        }
        guard let handle = FileHandle(forReadingAtPath: file) else {
            throw Failure(description: "the file \(file.debugDescription) cannot be read")
        }
        self.handle = handle
        let attributes = try? FileManager.default.attributesOfItem(atPath: file)
        size = attributes?[.type] as? FileAttributeType == .typeRegular ? attributes?[.size] as? Int : nil
    }

    /// The next piece, or nil at the end.
    mutating func next() throws(Failure) -> [UInt8]? {
        if !held.isEmpty { return held.removeFirst() }
        do {
            guard let data = try handle.read(upToCount: Self.pieceSize), !data.isEmpty else { return nil }
            return Array(data)
        } catch {
            throw Failure(description: "the message cannot be read to its end, and was not sent: \(error)")
        }
    }

    /// The header section, read from the beginning. What of the body was read with it comes from `next`.
    ///
    /// - Returns: nil if the text does not begin with one; `next` then gives all of it.
    mutating func header() throws(Failure) -> (section: HeaderSection?, problem: HeaderSectionError?) {
        var reader = HeaderSectionReader()
        var read: [[UInt8]] = []
        do {
            while let piece = try next() {
                read.append(piece)
                if let body = try reader.take(piece[...]) {
                    let section = try reader.finish()
                    held = body.isEmpty ? [] : [Array(body)]
                    return (section, nil)
                }
            }
            return (try reader.finish(), nil)
        } catch let error as HeaderSectionError {
            held = read
            return (nil, error)
        } catch let error as Failure {
            throw error
        } catch {
            throw Failure(description: "\(error)")
        }
    }
}
