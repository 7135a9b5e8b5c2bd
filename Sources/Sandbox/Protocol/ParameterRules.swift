/// Which parameters MAIL and RCPT take, and what their values may be.
enum ParameterRules {
    /// Characters of ENVID and of ORCPT (RFC 3461, sections 4.4 and 4.2).
    static let maximumEnvelopeID = 100
    static let maximumOriginalRecipient = 500

    /// SIZE (RFC 1870), BODY (RFC 6152), SMTPUTF8 (RFC 6531), RET and ENVID (RFC 3461).
    ///
    /// - Throws: 501 for a malformed value, 552 for a SIZE that is too big, 555 for an unknown keyword.
    static func checkMail(_ parameters: [SandboxParameter], maximumOctets: Int) throws(SandboxReply) {
        for parameter in parameters {
            let value = parameter.value ?? ""
            switch parameter.keyword {
            case "SIZE":
                guard isNumber(value) else { throw .syntax("SIZE=octets") }
                // Twenty digits are allowed and need not fit an Int.
                guard let octets = Int(value), octets <= maximumOctets else { throw .tooLarge }
            case "BODY":
                guard ["7BIT", "8BITMIME"].contains(value.uppercased()) else { throw .syntax("BODY=7BIT or 8BITMIME") }
            case "SMTPUTF8":
                guard parameter.value == nil else { throw .syntax("SMTPUTF8 without a value") }
            case "RET":
                guard ["FULL", "HDRS"].contains(value.uppercased()) else { throw .syntax("RET=FULL or HDRS") }
            case "ENVID":
                guard value.utf8.count <= maximumEnvelopeID, isXtext(value) else { throw .syntax("ENVID=xtext") }
            default: throw .unknownParameter
            }
        }
    }

    /// NOTIFY and ORCPT (RFC 3461, sections 4.1 and 4.2).
    ///
    /// - Throws: 501 for a malformed value, 555 for an unknown keyword.
    static func checkRcpt(_ parameters: [SandboxParameter]) throws(SandboxReply) {
        for parameter in parameters {
            let value = parameter.value ?? ""
            switch parameter.keyword {
            case "NOTIFY":
                guard isNotify(value) else { throw .syntax("NOTIFY=NEVER or a list of SUCCESS, FAILURE and DELAY") }
            case "ORCPT":
                guard isOriginalRecipient(value) else { throw .syntax("ORCPT=type;xtext") }
            default: throw .unknownParameter
            }
        }
    }

    /// One to twenty digits (RFC 1870, section 3).
    private static func isNumber(_ value: String) -> Bool {
        (1...20).contains(value.utf8.count) && value.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
    }

    private static func isNotify(_ value: String) -> Bool {
        let words = value.uppercased().split(separator: ",", omittingEmptySubsequences: false)
        return words == ["NEVER"] || words.allSatisfy { ["SUCCESS", "FAILURE", "DELAY"].contains($0) }
    }

    private static func isOriginalRecipient(_ value: String) -> Bool {
        let parts = value.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
        guard value.utf8.count <= maximumOriginalRecipient, parts.count == 2, !parts[0].isEmpty else { return false }
        // RFC 6533, section 3, gives the type utf-8 a form of its own.
        return !parts[1].isEmpty && (parts[0].lowercased() == "utf-8" || isXtext(parts[1]))
    }

    /// Printable ASCII where `+` begins two capital hexadecimal digits and `=` does not stand (RFC 3461, section 4).
    private static func isXtext(_ value: some StringProtocol) -> Bool {
        var digitsDue = 0
        for octet in value.utf8 {
            if digitsDue > 0 {
                guard "0123456789ABCDEF".utf8.contains(octet) else { return false }
                digitsDue -= 1
            } else if octet == UInt8(ascii: "+") {
                digitsDue = 2
            } else if octet == UInt8(ascii: "=") || octet >= 0x80 {
                return false
            }
        }
        return digitsDue == 0 && !value.isEmpty
    }
}
