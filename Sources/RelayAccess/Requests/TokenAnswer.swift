internal import Foundation

/// What a token endpoint granted (RFC 6749, section 5.1).
struct TokenAnswer: Equatable {
    let accessToken: String
    let lifetime: Duration

    /// The lifetime of a token if the endpoint does not give one, which RFC 6749, section 5.1, only recommends. An hour is
    /// what Microsoft and Google give; if it is less, the relay's refusal renews the token.
    static let assumedLifetime: Duration = .seconds(3600)
    /// The longest lifetime that counts: no sum of times can overflow.
    private static let maximumLifetime = 30 * 86_400.0
    /// The longest wait that an endpoint may ask for. It may be wrong, and a person who repairs it waits.
    private static let maximumRetryAfter: Duration = .seconds(300)

    private struct Success: Decodable {
        let accessToken: String
        let type: String?
        let lifetime: Seconds?

        enum CodingKeys: String, CodingKey {
            case accessToken = "access_token"
            case type = "token_type"
            case lifetime = "expires_in"
        }
    }

    /// The one member that counts even if the others are unusable.
    private struct Rotation: Decodable {
        let refreshToken: String?

        enum CodingKeys: String, CodingKey {
            case refreshToken = "refresh_token"
        }
    }

    /// A number of seconds, which some endpoints write as a string.
    private struct Seconds: Decodable {
        let value: Double

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Double.self) {
                value = number
            } else if let number = Double(try container.decode(String.self)) {
                value = number
            } else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a number")
            }
        }
    }

    /// What went wrong (RFC 6749, section 5.2).
    private struct Failure: Decodable {
        let error: String
        let description: String?

        enum CodingKeys: String, CodingKey {
            case error
            case description = "error_description"
        }
    }
}

extension TokenAnswer {
    /// Reads the answer of an endpoint.
    ///
    /// - Parameters:
    ///   - response: the answer.
    ///   - host: the endpoint's host, for errors.
    ///   - secrets: what no error may show.
    ///   - now: the time to which a date in Retry-After relates.
    init(_ response: TokenResponse, host: String, secrets: [String], now: Date) throws(AccessTokenError) {
        guard response.status == 200 else {
            throw Self.refusal(response, host: host, secrets: secrets, now: now)
        }
        func misunderstood(_ reason: String) -> AccessTokenError {
            AccessTokenError.notUnderstood(host: host, reason)
        }
        let data = Data(response.body)
        guard let success = try? JSONDecoder().decode(Success.self, from: data) else {
            // Some endpoints refuse with status 200.
            if (try? JSONDecoder().decode(Failure.self, from: data)) != nil {
                throw Self.refusal(response, host: host, secrets: secrets, now: now)
            }
            throw misunderstood("it is no JSON object with an access_token")
        }
        guard (success.type ?? "bearer").lowercased() == "bearer" else {
            throw misunderstood("the token's type is not Bearer")
        }
        // What RFC 6750, section 2.1, allows, and a little more; anything else could forge a field of AUTH.
        guard !success.accessToken.isEmpty, success.accessToken.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw misunderstood("the access token is empty or holds more than printable ASCII")
        }
        accessToken = success.accessToken
        guard let seconds = success.lifetime?.value else {
            lifetime = Self.assumedLifetime
            return
        }
        guard seconds >= 1 else { throw misunderstood("expires_in is less than one second") }
        lifetime = .seconds(min(seconds, Self.maximumLifetime))
    }

    /// Returns the refresh token to use from now on, if the endpoint gave one.
    ///
    /// It is read apart from the rest: an endpoint that rotates refresh tokens has revoked the old one, whether or not the
    /// access token beside the new one can be used.
    static func rotatedRefreshToken(in response: TokenResponse) -> String? {
        guard response.status == 200 else { return nil }
        let rotation = try? JSONDecoder().decode(Rotation.self, from: Data(response.body))
        guard let token = rotation?.refreshToken, !token.isEmpty else { return nil }
        return token
    }

    private static func refusal(
        _ response: TokenResponse, host: String, secrets: [String], now: Date
    ) -> AccessTokenError {
        let failure = try? JSONDecoder().decode(Failure.self, from: Data(response.body))
        let isThrottled = response.status == 429 || response.status == 503
        return AccessTokenError.refused(
            host: host, status: response.status,
            code: failure.map { ForeignText.shown($0.error, without: secrets, limit: 100) },
            said: failure?.description.map { ForeignText.shown($0, without: secrets) },
            retryAfter: isThrottled ? response.retryAfter.flatMap { wait($0, now: now) } : nil)
    }

    /// The wait that Retry-After asks for (RFC 9110, section 10.2.3).
    private static func wait(_ text: String, now: Date) -> Duration? {
        let seconds: Double
        if let number = Int(text), number >= 0 {
            seconds = Double(number)
        } else if let date = HTTPDate.date(text) {
            seconds = date.timeIntervalSince(now)
        } else {
            return nil
        }
        return min(max(.zero, .seconds(min(seconds, maximumLifetime))), maximumRetryAfter)
    }
}
