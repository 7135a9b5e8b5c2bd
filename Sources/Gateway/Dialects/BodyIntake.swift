/// How the body of a request with messages is read.
enum BodyIntake: Sendable {
    /// As a whole.
    case whole
    /// As the parts of a form.
    case form
    /// While it arrives, if nothing asks for the whole of it: an Idempotency-Key does, and a dry run.
    case stream
}
