internal import SMTP

extension Envelope {
    /// The envelope as it is sent in front of a content.
    func prepared(for content: [UInt8]) -> Envelope {
        var envelope = splittable
        // The last line is ended on the wire where it is open, and that counts (RFC 1870, section 4).
        envelope.size = content.count + (content.last == UInt8(ascii: "\n") ? 0 : 2)
        return envelope
    }

    /// The envelope, which may be split if each recipient is as good as all.
    var splittable: Envelope {
        var envelope = self
        envelope.maySplit = recipientPolicy == .any && recipients.count > 1
        return envelope
    }
}
