import NIOCore

@testable import SMTP

/// However the bytes of a server are cut, they are the same replies, and a fault ends them or none does. Which fault is told
/// where there are two, too long and malformed, may depend on which the parser meets first.
enum RepliesTarget {
    static func run(_ input: [UInt8]) {
        var input = Input(input)
        let seed = input.byte()
        var limits = ReplyParser.Limits()
        // Bounds that a short input meets.
        if seed & 1 == 1 { limits = ReplyParser.Limits(line: 40, reply: 100) }
        let bytes = input.remainder()
        let whole = replies(in: [bytes], limits)
        let cut = replies(in: pieces(of: bytes, seed: seed >> 1), limits)
        ensure(whole.replies == cut.replies, "other replies: \(whole.replies) and \(cut.replies)")
        ensure((whole.fault == 0) == (cut.fault == 0), "a fault or none: \(whole.fault) and \(cut.fault)")
    }

    private static func replies(in pieces: [[UInt8]], _ limits: ReplyParser.Limits) -> (replies: [Reply], fault: Int) {
        var parser = ReplyParser(limits: limits)
        var replies: [Reply] = []
        for piece in pieces {
            parser.append(ByteBuffer(bytes: piece))
            do throws(ReplyParser.Failure) {
                while let reply = try parser.next() {
                    ensure((200...599).contains(reply.code), "the code \(reply.code)")
                    ensure(reply.text.utf8.count <= limits.reply * 3, "a reply beyond its bound")
                    replies.append(reply)
                }
            } catch {
                switch error {
                case .malformed: return (replies, 1)
                case .mismatchedCodes: return (replies, 2)
                case .tooLong: return (replies, 3)
                }
            }
        }
        return (replies, 0)
    }
}
