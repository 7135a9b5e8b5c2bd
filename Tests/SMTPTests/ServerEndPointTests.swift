import Testing

@testable import SMTP

/// The hashes were made with OpenSSL's command from certificates that it signed.
@Suite struct ServerEndPointTests {
    private static let certificates: [(String, String?)] = [
        (
            "MIIBbjCCAROgAwIBAgIUULqEnB42Xbuj+PlB+ESVcfcass8wCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBeDAeFw0yNjExMjUw"
                + "MjU0NTVaFw0zNjExMjIwMjU0NTVaMAwxCjAIBgNVBAMMAXgwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASvnWT6Tey+EqVr"
                + "yjBNKMNdGly0QH+efcX90VSMFqDy0ZFwRS4rZVqVFyfllpDQb0djdMse6VADLu8mNPj1kEJUo1MwUTAdBgNVHQ4EFgQUazz/"
                + "JMr/M0ngV0Uzsk5h99ln16MwHwYDVR0jBBgwFoAUazz/JMr/M0ngV0Uzsk5h99ln16MwDwYDVR0TAQH/BAUwAwEB/zAKBggq"
                + "hkjOPQQDAgNJADBGAiEA02v1wXxutHPTONNaNjsH780ktEqaSyh5A4EAi197vT0CIQC1ozc47pxVmNNuQ9Z/3RQYfiI7PsQ0"
                + "HXnGwksvIqmBVg==",
            "4elRXWM/1o1tVLt24Ey8jV7iUGQ5GOdQ/fNMcIcfyx4="
        ),
        (
            "MIIBbjCCAROgAwIBAgIUGF8Q6LxYdRb7V7C9tnfbVVYrm0UwCgYIKoZIzj0EAwMwDDEKMAgGA1UEAwwBeDAeFw0yNjExMjUw"
                + "MjU0NTVaFw0zNjExMjIwMjU0NTVaMAwxCjAIBgNVBAMMAXgwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASGhdOX/1kdmj/b"
                + "dGqUPKM6feXoAICl/cpJo8kTevC1EFH7gedWxnMHe1oswHZWkEySiGSFBZdpupmRKOfjuCEGo1MwUTAdBgNVHQ4EFgQUHA7F"
                + "wDXr3FtAm74s+WD2ufZrZh4wHwYDVR0jBBgwFoAUHA7FwDXr3FtAm74s+WD2ufZrZh4wDwYDVR0TAQH/BAUwAwEB/zAKBggq"
                + "hkjOPQQDAwNJADBGAiEA+BKd1ElbPR4CKSoCUDNefaJRI0nqQMbticr+JG9arGsCIQDAyF4ngcnwDzCikN4fQogLtwt/lb9M"
                + "Gj+dXsz1Xpxs1g==",
            "WbUXVtXAjX214braTBSHPPeHgFP9MTIgWV6NPP8yae24h0He3RlBos9TI6LpsItQ"
        ),
        (
            "MIIBbTCCAROgAwIBAgIUQVGNWAJcVXb0gwxBO7IfLzsb9qYwCgYIKoZIzj0EAwQwDDEKMAgGA1UEAwwBeDAeFw0yNjExMjUw"
                + "MjU0NTVaFw0zNjExMjIwMjU0NTVaMAwxCjAIBgNVBAMMAXgwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARJltzLAYmcspBM"
                + "Mm+iooQrg0roE+X9OBjyrWtm5SWpxMkrVScZ5ZoW3J6HC45pCXvCBPxEkLRXdZr88AD1WfFKo1MwUTAdBgNVHQ4EFgQU28dC"
                + "Lf3nUp0dVD4Rkp3zNTeuWd8wHwYDVR0jBBgwFoAU28dCLf3nUp0dVD4Rkp3zNTeuWd8wDwYDVR0TAQH/BAUwAwEB/zAKBggq"
                + "hkjOPQQDBANIADBFAiB0K7JsF7xEFhWFKmctiqIweNYkesoX6ImE6SCcvPLGnwIhAM72uduAxcA53H6fieB5Mo3Ej4BdK1Z1"
                + "eNdyBQbQhmtY",
            "ZSfF+V7TkPCG3++1irFhHCzlE0W9sKjE+OmiNhdwx1jbMdPd1z0SFYotmbXXHACZI2BvB0LwD8MJsIjpdGapIQ=="
        ),
        (
            "MIIBbDCCARKgAwIBAgIUfz7LEXxrRoO/hwxyzTJ95f0rVk4wCQYHKoZIzj0EATAMMQowCAYDVQQDDAF4MB4XDTI2MTEyNTAy"
                + "NTQ1NVoXDTM2MTEyMjAyNTQ1NVowDDEKMAgGA1UEAwwBeDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABIfutG2Dc39R7iYI"
                + "buzRfcHJ+xfR07NfoIVduLrdmFMhhb0O0wZ+/NCrqGYK94F/WWKMraHiDrxUlI77wUMYJEWjUzBRMB0GA1UdDgQWBBRGGSxi"
                + "ISmC5+R2tgubCsirxrvITzAfBgNVHSMEGDAWgBRGGSxiISmC5+R2tgubCsirxrvITzAPBgNVHRMBAf8EBTADAQH/MAkGByqG"
                + "SM49BAEDSQAwRgIhAL09FExg85vR9KB+Lq5GljmOOVo093DvheqluT3PfduXAiEA+uP3FIlGoZ4TIuXYTU9aJ1Rr1ZqJKfqj"
                + "rIxDPnVkxkg=",
            "4AziogCnze39MgITFGHgzFHCyPZNHH5Q/IcPSSY/1QE="
        ),
        (
            "MIIBLDCB36ADAgECAhRsFRKsEIEKeznDgbJFvbwITFwoVTAFBgMrZXAwDDEKMAgGA1UEAwwBeDAeFw0yNjExMjUwMjU0MTVa"
                + "Fw0yNjEyMjUwMjU0MTVaMAwxCjAIBgNVBAMMAXgwKjAFBgMrZXADIQDAVGaR4ZK8LOGOQEwNsHI1GnbX1qdsuJ08f9OYODmE"
                + "S6NTMFEwHQYDVR0OBBYEFEmphE2obkwrFm/vssdKPVAuE9iJMB8GA1UdIwQYMBaAFEmphE2obkwrFm/vssdKPVAuE9iJMA8G"
                + "A1UdEwEB/wQFMAMBAf8wBQYDK2VwA0EAVqnprxIoeTsKkaN0LIe/1Jj70BMKBQ1RvxEoqva4PZ8MZe86U5aMrSDxpK3b44im"
                + "0aAN3G2iJDYafLYzf1KACA==",
            nil
        ),
    ]

    /// SHA-256, SHA-384, SHA-512 as signed, SHA-256 for SHA-1; none for Ed25519.
    @Test(arguments: certificates) func theHashIsThatOfTheSignature(_ certificate: String, _ hash: String?) throws {
        let octets = try #require(Base64.decode(certificate))
        #expect(ServerEndPoint.hash(of: octets).map(Base64.encode) == hash)
    }

    @Test func whatIsNoCertificateHasNone() throws {
        let octets = try #require(Base64.decode(Self.certificates[0].0))
        for length in [0, 1, 4, 20, octets.count - 1] {
            #expect(ServerEndPoint.hash(of: Array(octets.prefix(length))) == nil)
        }
        #expect(ServerEndPoint.hash(of: [0x30, 0x00]) == nil)
        #expect(ServerEndPoint.hash(of: [0x30, 0x04, 0x30, 0x00, 0x05, 0x00]) == nil)
    }
}
