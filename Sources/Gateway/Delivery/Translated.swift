/// Runs a step, and translates its error.
func translated<Value: ~Copyable, Low: Error, High: Error>(
    _ translate: (Low) -> High, _ step: () async throws(Low) -> Value
) async throws(High) -> Value {
    do throws(Low) {
        return try await step()
    } catch {
        throw translate(error)
    }
}
