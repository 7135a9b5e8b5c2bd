// Sends one message: send FROM TO SUBJECT, the text on standard input. Built with `swiftc -parse-as-library Send.swift`.
import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

struct Message: Encodable {
    let from: String
    let to: [String]
    let subject: String
    let text: String
}

struct Accepted: Decodable {
    let status: String
    let code: Int
    let text: String
}

struct Problem: Decodable {
    let title: String
    let detail: String
    let retryable: Bool?
    let outcome: String?
}

struct Failure: Error {
    let text: String
    let exitCode: Int32
}

func send(_ message: Message, to url: URL, key: String?, attempts: Int = 5) async throws -> Accepted {
    var request = URLRequest(url: url.appendingPathComponent("messages"))
    request.httpMethod = "POST"
    // A relay may take its time over the last reply; the gateway waits for it.
    request.timeoutInterval = 700
    request.httpBody = try JSONEncoder().encode(message)
    request.setValue("application/json", forHTTPHeaderField: "Content-Type")
    // One key for all attempts: the message goes out once.
    request.setValue(UUID().uuidString, forHTTPHeaderField: "Idempotency-Key")
    if let key { request.setValue(key, forHTTPHeaderField: "X-API-Key") }
    for attempt in 1...attempts {
        var wait = Double(attempt)
        do {
            let (data, response) = try await URLSession.shared.data(for: request)
            let http = response as? HTTPURLResponse
            if http?.statusCode == 200 { return try JSONDecoder().decode(Accepted.self, from: data) }
            let problem = try JSONDecoder().decode(Problem.self, from: data)
            let text = "\(problem.title): \(problem.detail)"
            if problem.outcome == "unknown" {
                throw Failure(
                    text: text + "\nthe relay may have taken it: look there before sending it again", exitCode: 2)
            }
            guard problem.retryable == true else { throw Failure(text: text, exitCode: 1) }
            wait = http?.value(forHTTPHeaderField: "Retry-After").flatMap(Double.init) ?? wait
            complain(text)
        } catch let error as Failure {
            throw error
        } catch {
            complain("no answer: \(error.localizedDescription)")
        }
        if attempt < attempts { try await Task.sleep(nanoseconds: UInt64(wait * 1_000_000_000)) }
    }
    throw Failure(text: "given up after \(attempts) attempts", exitCode: 1)
}

func complain(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
}

@main struct Send {
    static func main() async throws {
        let arguments = CommandLine.arguments
        let environment = ProcessInfo.processInfo.environment
        guard arguments.count == 4, let url = URL(string: environment["POSTERN_URL"] ?? "http://127.0.0.1:8080") else {
            complain("usage: send FROM TO SUBJECT")
            exit(64)
        }
        let text = String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self)
        do {
            let message = Message(from: arguments[1], to: [arguments[2]], subject: arguments[3], text: text)
            let accepted = try await send(message, to: url, key: environment["POSTERN_API_KEY"])
            print("\(accepted.status): \(accepted.code) \(accepted.text)")
        } catch let failure as Failure {
            complain(failure.text)
            exit(failure.exitCode)
        }
    }
}
