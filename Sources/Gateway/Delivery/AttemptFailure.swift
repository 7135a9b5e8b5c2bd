internal import Records
internal import SMTP

/// What ended the attempt to send a message to a relay.
enum AttemptFailure: Error {
    /// The relay, or the way to it.
    case relay(SMTPError)
    /// It could not be kept that the message is being sent.
    case record(RecordStoreError)
}
