import Testing

/// Messages in the manner of real ones: bounces of many systems, reports, signed and encrypted mail, invitations, mail of old
/// and broken programs, each with every kind of line end and in several states.
struct MailCorpus {
    struct Entry: Sendable, CustomTestStringConvertible {
        let name: String
        let octets: [UInt8]
        /// Whether the header section alone says sender and recipients.
        let saysItsEnvelope: Bool
        var testDescription: String { name }
    }

    /// One kind of message, its lines ended by LF.
    private struct Kind {
        let name: String
        let from: String
        let fields: String
        let body: String

        init(_ name: String, from: String = "Ann <ann@example.org>", _ fields: String, _ body: String) {
            self.name = name
            self.from = from
            self.fields = fields
            self.body = body
        }
    }

    private static func multipart(_ type: String, _ parts: String...) -> (fields: String, body: String) {
        let body = parts.map { "--=_b1\n\($0)\n" }.joined()
        return (
            "MIME-Version: 1.0\nContent-Type: multipart/\(type);\n\tboundary=\"=_b1\"\n",
            "This is a multi-part message in MIME format.\n\n\(body)--=_b1--\n\nepilogue \n"
        )
    }

    private static func kind(
        _ name: String, from: String = "Ann <ann@example.org>", _ content: (fields: String, body: String),
        _ fields: String = ""
    ) -> Kind {
        Kind(name, from: from, fields + content.fields, content.body)
    }

    private static func report(_ name: String, from: String, _ status: String, _ text: String, _ fields: String = "")
        -> Kind
    {
        kind(
            name, from: from,
            multipart(
                "report; report-type=delivery-status", "Content-Type: text/plain; charset=us-ascii\n\n\(text)",
                "Content-Type: message/delivery-status\n\n\(status)",
                "Content-Type: message/rfc822\n\nFrom: bob@example.net\nSubject: hi\nBcc: kept@example.net\n\n.hidden\n..two\n"
            ),
            fields)
    }

    private static let status =
        "Reporting-MTA: dns; mx.example.net\nArrival-Date: Tue, 1 Jul 2025 08:30:00 +0000 (UTC)\n\n"
        + "Final-Recipient: rfc822; x@example.net\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 no such user\n"

    private static let kinds: [Kind] = [
        report(
            "postfix", from: "MAILER-DAEMON (Mail Delivery System)", status, "This is the mail system at host mx.\n"),
        report(
            "exim", from: "Mail Delivery System <Mailer-Daemon@mx.example.net>", status, "A message that you sent\n",
            "X-Failed-Recipients: x@example.net\nAuto-Submitted: auto-replied\n"),
        report(
            "sendmail", from: "Mail Delivery Subsystem <MAILER-DAEMON>", status,
            "   ----- The following addresses had errors\n",
            "Auto-Submitted: auto-generated (failure)\n"),
        report(
            "exchange", from: "Microsoft Outlook <MicrosoftExchange329e@example.org>", status, "Delivery has failed\n",
            "X-MS-Exchange-Message-Is-Ndr:\nContent-Language: de-DE\n"),
        report(
            "gmail", from: "Mail Delivery Subsystem <mailer-daemon@googlemail.com>", status, "** Address not found **\n"
        ),
        report("ses", from: "MAILER-DAEMON@email-smtp.amazonses.com", status, "An error occurred\n"),
        Kind(
            "qmail", from: "MAILER-DAEMON@mx.example.net", "",
            "Hi. This is the qmail-send program.\n\n<x@example.net>:\nno mailbox\n"),
        Kind(
            "domino", from: "Postmaster", "X-MIMETrack: Itemize by SMTP\n",
            "Your message\n\n  Subject: x\n\nwas not delivered\n"),
        Kind("docomo", from: "<>", "", "Unknown address error\n"),
        Kind("no author", from: "postmaster", "Auto-Submitted: auto-generated\n", "\n"),
        kind(
            "disposition notification",
            multipart(
                "report; report-type=disposition-notification", "Content-Type: text/plain\n\nread\n",
                "Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822;bob@example.net\nDisposition: manual-action/x; displayed\n"
            )),
        kind(
            "feedback report",
            multipart(
                "report; report-type=feedback-report", "Content-Type: text/plain\n\nabuse\n",
                "Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n",
                "Content-Type: text/rfc822-headers\n\nFrom: a@example.org\n")),
        kind(
            "calendar",
            multipart(
                "alternative", "Content-Type: text/plain\n\nLunch?\n",
                "Content-Type: text/calendar; method=REQUEST; charset=UTF-8\n\nBEGIN:VCALENDAR\n SUMMARY:folded\nEND:VCALENDAR\n"
            )),
        kind(
            "tnef",
            multipart(
                "mixed", "Content-Type: text/plain\n\nsee winmail.dat\n",
                "Content-Type: application/ms-tnef; name=\"winmail.dat\"\nContent-Transfer-Encoding: base64\n\neJ8+IgsVAQaQCAAEAAAAAAABAAEAAQeQBgAIAAAA\n"
            )),
        kind(
            "s/mime signed",
            multipart(
                "signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256",
                "Content-Type: text/plain\n\nsigned  \n\n",
                "Content-Type: application/pkcs7-signature; name=smime.p7s\nContent-Transfer-Encoding: base64\n\nMIIB\n"
            )),
        Kind(
            "s/mime encrypted",
            "MIME-Version: 1.0\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\nContent-Transfer-Encoding: base64\n",
            "MIIBHgYJKoZIhvcNAQcDoIIBDzCCAQsCAQAxgcAwgb0CAQAwJjASMRAwDgYDVQQD\n"),
        kind(
            "pgp",
            multipart(
                "encrypted; protocol=\"application/pgp-encrypted\"",
                "Content-Type: application/pgp-encrypted\n\nVersion: 1\n",
                "Content-Type: application/octet-stream\n\n-----BEGIN PGP MESSAGE-----\n\nhQEMA\n=abcd\n-----END PGP MESSAGE-----\n"
            )),
        Kind(
            "partial", "MIME-Version: 1.0\nContent-Type: message/partial; id=\"x@y\";\n number=2; total=3\n",
            "the middle of a message\n"),
        Kind(
            "external body",
            "MIME-Version: 1.0\nContent-Type: message/external-body; access-type=URL;\n\tURL=\"ftp://x/y\"\n",
            "Content-Type: image/png\n\n"),
        kind("nested", multipart("digest", "\nFrom: a@b\nTo: c@d\n\nFrom here\n", "\nBcc: e@f\n\n.\n")),
        Kind(
            "mailing list",
            "Received: from a (b [192.0.2.1])\n by c with ESMTPS; Tue, 1 Jul 2025 08:30:00 +0000\nSender: list@example.com\nList-Id: News <news.example.com>\n"
                + "List-Post: NO (posting not allowed on this list)\nPrecedence: list\nX-BeenThere: news@example.com\n",
            "text\n_______________________________________________\nnews mailing list\n"),
        Kind(
            "dkim", "DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=x;\n\th=from:to; bh=abc=;\n\tb=def=\n",
            "signed \t \n\n\n"),
        Kind("dots", "", ".\n..\n.a\n\n.\n...\n.\n"),
        Kind(
            "long lines", "X-Long: \(String(repeating: "x", count: 900))\n",
            String(repeating: "y", count: 7_080) + "\n.z\n"),
        Kind(
            "two of many",
            "Date: Tue, 1 Jul 2025 08:30:00 +0000\nDate: yesterday\nMessage-ID: <1@x>\nMessage-ID: <2@x>\nSubject: a\nSubject: b\n",
            "x\n"),
        Kind(
            "old", "Date : Tue, 1 Jul 97 08:30 EST\nMessage-Id:\n\t<AA123@x.UUCP>\nStatus: RO\nX-Folded:\n \n x\n",
            "-- \n~s\n"),
        Kind("controls", "", "a\u{C}b\u{1B}[1mc\u{7F}\u{8}\n"),
        Kind(
            "8-bit body",
            "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n",
            "Grüße aus Köln — 日本\n"),
        Kind("encoded", "Subject: =?iso-8859-1?Q?Gr=FC=DFe?=\n =?utf-8?B?8J+YgA==?=\n", "=3D=\nx=20\n"),
        Kind("no body", "Subject: x\n", ""),
    ]

    private enum LineEnd: String, CaseIterable {
        case lf, cr, crlf, mixed
    }

    /// What is done to each message.
    private enum State: String, CaseIterable {
        case complete, bare, blindCopies, latin1, mailbox
    }

    static let entries: [Entry] = kinds.flatMap { kind in
        State.allCases.flatMap { state in LineEnd.allCases.map { entry(kind, state, $0) } }
    }

    private static func entry(_ kind: Kind, _ state: State, _ lineEnd: LineEnd) -> Entry {
        var head = "From: \(kind.from)\nTo: Bob <bob@example.net>,\n\tcarol@example.net\n\(kind.fields)"
        switch state {
        case .complete:
            if !head.contains("Date") { head += "Date: Tue, 1 Jul 2025 08:30:00 +0000 (UTC)\n" }
            if !head.lowercased().contains("message-id") { head += "Message-ID: <1@example.org>\n" }
        case .bare, .latin1: break
        case .blindCopies:
            head = "Bcc: Dan <dan@example.net>,\n eve@example.net\n" + head + "bcc :\nResent-Bcc: x@example.net\n"
        case .mailbox: head = "From ann@example.org Tue Jul  1 08:30:00 2025\n" + head
        }
        // Half of the messages have lost the end of their last line.
        let text = head + "\n" + (kind.name.utf8.count % 2 == 0 ? kind.body : String(kind.body.dropLast()))
        var octets: [UInt8] = []
        var line = 0
        for octet in text.utf8 {
            guard octet == 10 else {
                octets.append(octet)
                continue
            }
            line += 1
            switch lineEnd {
            case .lf: octets.append(10)
            case .cr: octets.append(13)
            case .crlf: octets += [13, 10]
            // A CR in front of an LF would be one end with it.
            case .mixed: octets += line % 2 == 0 ? [13, 10] : [10]
            }
        }
        if state == .latin1 {
            octets = Array("X-Name: J".utf8) + [0xF6, 0x72, 0x6E, lineEnd == .cr ? 13 : 10] + octets
        }
        return Entry(
            name: "\(kind.name), \(state.rawValue), \(lineEnd.rawValue)", octets: octets,
            // A Resent-Bcc alone says that somebody sent it again, and not who.
            saysItsEnvelope: kind.from.contains("@") && state != .blindCopies)
    }
}
