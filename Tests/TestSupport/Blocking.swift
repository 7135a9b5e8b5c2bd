internal import Foundation

/// Runs a call that waits on a thread of its own. The threads on which tests run are few, and what is tested needs them.
public func onThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
        Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
    }
}
