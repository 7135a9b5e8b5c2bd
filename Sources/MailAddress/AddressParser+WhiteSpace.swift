/// What stands between words, and the words themselves (RFC 5322, sections 3.2.2 to 3.2.4).
extension AddressParser {
    /// Skips a run of atoms and dots; a name may hold dots (RFC 5322, section 4.1, obs-phrase).
    mutating func skipAtoms(_ octets: Span<UInt8>) {
        while position < octets.count, Octet.isAtext(octets[position]) || octets[position] == Octet.dot {
            position += 1
        }
    }

    /// Skips a quoted string, from its opening to behind its closing quote.
    mutating func skipQuotedString(_ octets: Span<UInt8>) throws(AddressError) {
        let open = position
        position += 1
        while position < octets.count {
            let octet = octets[position]
            if Octet.isControl(octet) { throw AddressError(.controlCharacter, at: position) }
            position += octet == Octet.backslash ? 2 : 1
            if octet == Octet.quote { return }
            // The second octet of a quoted pair is not looked at by the loop.
            if octet == Octet.backslash, position <= octets.count, Octet.isControl(octets[position - 1]) {
                throw AddressError(.controlCharacter, at: position - 1)
            }
        }
        throw AddressError(.unclosedQuote, at: open)
    }

    /// Skips spaces, tabs, comments, and folds where they are allowed.
    mutating func skipCommentsAndSpace(_ octets: Span<UInt8>) throws(AddressError) {
        while position < octets.count {
            switch octets[position] {
            case Octet.space, Octet.tab: position += 1
            case Octet.openParenthesis: try skipComment(octets)
            case Octet.carriageReturn where isFold(octets, at: position): position += 3
            default: return
            }
        }
    }

    /// Skips commas as well, and thereby the empty elements of a list.
    mutating func skipSeparators(_ octets: Span<UInt8>) throws(AddressError) {
        try skipCommentsAndSpace(octets)
        while position < octets.count, octets[position] == Octet.comma {
            position += 1
            try skipCommentsAndSpace(octets)
        }
    }

    /// Skips a comment and those in it, from its opening to behind its closing parenthesis.
    mutating func skipComment(_ octets: Span<UInt8>) throws(AddressError) {
        let open = position
        var depth = 0
        while position < octets.count {
            let octet = octets[position]
            if octet == Octet.carriageReturn, isFold(octets, at: position) {
                position += 3
                continue
            }
            if Octet.isControl(octet), octet != Octet.tab { throw AddressError(.controlCharacter, at: position) }
            position += 1
            switch octet {
            case Octet.openParenthesis:
                depth += 1
                guard depth <= Self.maximumCommentDepth else { throw AddressError(.commentTooDeep, at: position) }
            case Octet.closeParenthesis:
                depth -= 1
                if depth == 0 { return }
            case Octet.backslash:
                guard position < octets.count, !Octet.isControl(octets[position]) else {
                    throw AddressError(.unclosedComment, at: open)
                }
                position += 1
            default:
                break
            }
        }
        throw AddressError(.unclosedComment, at: open)
    }

    private func isFold(_ octets: Span<UInt8>, at index: Int) -> Bool {
        guard allowsFolding, index + 2 < octets.count, octets[index + 1] == Octet.lineFeed else { return false }
        return octets[index + 2] == Octet.space || octets[index + 2] == Octet.tab
    }
}
