/// Private keys for tests, as `openssl` writes them.
enum SigningKeys {
    /// The key of RFC 8463, appendix A.2.
    static let ed25519 = """
        -----BEGIN PRIVATE KEY-----
        MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
        -----END PRIVATE KEY-----
        """
    /// What RFC 8463 says of it.
    static let ed25519Record = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

    /// RSA of 2048 bits in the form PKCS #8.
    static let rsa = """
        -----BEGIN PRIVATE KEY-----
        MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCani8Wz1JtCPPS
        M5h/9Yf6pvj5dm7rN3Zuvj8cxKd0nvZykx51CDfPbNi4M+wwmVFoPbJHGZUxyoMK
        0CqvSaMyrRzfdVZpA+kfm0ftYiDAKgWAFgEbB8bE2dDVLKSyBorRi+Pr+DZaA05N
        TGQt+90lp1vOMzUeErrglsAp88ETNEdtTmRfYjPF3gJbd7o6xyBrTidsMoX2icJO
        uZentQ+3PWtdsWBY186o2pMaLaOc/aAYLU7L6kShd2/RgkwdOseAbe/MuejrL+to
        cRT8WodYyWsLXz0+PeSsCmkYxeVVRmw4z89qJxFJx8R/cfsCmRXIAld9d6i81xpN
        fpbP8R89AgMBAAECggEAEPlkNIYap683q0AwUf3nyXfqteJPX4HFffdjUNpzAs3P
        wvjNO25lSB+MND65A4XVZtL9HyqbEy4HEFkVkoxMPww7svl7/Mfp4CcpMJGZBFeo
        pmzj/q5uHx7Fex2tUAEBXOtVYIqtltitkDVeeyDfIJrcrIi5IF3Qh8bs/j4NGHk1
        UNdHa35To5Zm3ril/36J4QGUbctb/q9GhfjD3MLdXOIgUxvH+g274gWtREp+1MK9
        3iVWEs85iMU004qqkJ9aZN6i6yOCgEhrJ3jwBwD3DyqbpMAnLCUgBy3edFc8e9WE
        hbmijSBhwWj+o/cU9q2CHrqkR9zFQyYwEW6Dln9+yQKBgQDQ8tuFA3qqCRTxb+qu
        4F1UFAtCczyMvILVkckPt1pvrfXtMUi+Q0qKrG8InaVALzzUTbofIkepmM2a6VPl
        X1Qe+AwkMSy4CRRNdT+/AQi8nCcO/ZQFP+4bL9knzNRV2mxI9IC0idQjCE4flMo0
        PB/ou7qBnwo0d1G0jjH3V1GfWQKBgQC9b1pSJOVD1zQGjXkKLIVOpcqIjdUc1VJg
        d4uebzGoU6msMJX2AAkJv25nZTVquQOodBhkZev/fU8NCW6zw/YwZtPcADtgDcvB
        rXw8JIp63FBHopgQbNE1ZuH7zrLmF3bKWVK7vWTplY3jZi+6HegwRL9+48WYEcUC
        atEniM9GhQKBgE5WrzzoeAXmD8cRecCE+Bi8xxfr0ojFaJwf420UBkEWzLxYHPjQ
        i9MAIUTurfUpgLnsRlrD5HBOjM+GqWC24/gUcaDkGusI5GbCDdtTzO3B8dbp9aQe
        OuxQfS8x2W4yzSRxHwwRHMrho0Ct7T22SRRdxegxM4dGMQjrwwoD3+NJAoGAYGJE
        wWDWadMYPHFE8aE/XonKZ/pKQXZkiIKqvjzzNiMDRIIf+t9/ub717JO5PwjNzKrt
        MkANeJwIWai/86U0IOJgzyIrE69RScT8Xhl1gBeSnTAkUM8dDx++wYEk0x+DKGeU
        ScOOka6vV9FJXVgUKGMCUAySH9KCu70fmA7q74UCgYAEK304wPKCdtkpKgpXNPet
        rgbh5URE0IovgKhkepj16ckPhNP3SghBfzCeiJeR/u79bEKc3tilynloC2H0B1lr
        6BwEpmb1td1p+1JdAI1oDZlK7Up0IuhUQOAx6cjYymkjyq5wstjRHCXvTEXC7y/A
        LJzzzBhVb1SN7j9MeYsu8w==
        -----END PRIVATE KEY-----
        """

    /// The same key in the form PKCS #1.
    static let rsaPKCS1 = """
        -----BEGIN RSA PRIVATE KEY-----
        MIIEogIBAAKCAQEAmp4vFs9SbQjz0jOYf/WH+qb4+XZu6zd2br4/HMSndJ72cpMe
        dQg3z2zYuDPsMJlRaD2yRxmVMcqDCtAqr0mjMq0c33VWaQPpH5tH7WIgwCoFgBYB
        GwfGxNnQ1SyksgaK0Yvj6/g2WgNOTUxkLfvdJadbzjM1HhK64JbAKfPBEzRHbU5k
        X2Izxd4CW3e6Oscga04nbDKF9onCTrmXp7UPtz1rXbFgWNfOqNqTGi2jnP2gGC1O
        y+pEoXdv0YJMHTrHgG3vzLno6y/raHEU/FqHWMlrC189Pj3krAppGMXlVUZsOM/P
        aicRScfEf3H7ApkVyAJXfXeovNcaTX6Wz/EfPQIDAQABAoIBABD5ZDSGGqevN6tA
        MFH958l36rXiT1+BxX33Y1DacwLNz8L4zTtuZUgfjDQ+uQOF1WbS/R8qmxMuBxBZ
        FZKMTD8MO7L5e/zH6eAnKTCRmQRXqKZs4/6ubh8exXsdrVABAVzrVWCKrZbYrZA1
        Xnsg3yCa3KyIuSBd0IfG7P4+DRh5NVDXR2t+U6OWZt64pf9+ieEBlG3LW/6vRoX4
        w9zC3VziIFMbx/oNu+IFrURKftTCvd4lVhLPOYjFNNOKqpCfWmTeousjgoBIayd4
        8AcA9w8qm6TAJywlIAct3nRXPHvVhIW5oo0gYcFo/qP3FPatgh66pEfcxUMmMBFu
        g5Z/fskCgYEA0PLbhQN6qgkU8W/qruBdVBQLQnM8jLyC1ZHJD7dab6317TFIvkNK
        iqxvCJ2lQC881E26HyJHqZjNmulT5V9UHvgMJDEsuAkUTXU/vwEIvJwnDv2UBT/u
        Gy/ZJ8zUVdpsSPSAtInUIwhOH5TKNDwf6Lu6gZ8KNHdRtI4x91dRn1kCgYEAvW9a
        UiTlQ9c0Bo15CiyFTqXKiI3VHNVSYHeLnm8xqFOprDCV9gAJCb9uZ2U1arkDqHQY
        ZGXr/31PDQlus8P2MGbT3AA7YA3Lwa18PCSKetxQR6KYEGzRNWbh+86y5hd2yllS
        u71k6ZWN42Yvuh3oMES/fuPFmBHFAmrRJ4jPRoUCgYBOVq886HgF5g/HEXnAhPgY
        vMcX69KIxWicH+NtFAZBFsy8WBz40IvTACFE7q31KYC57EZaw+RwTozPhqlgtuP4
        FHGg5BrrCORmwg3bU8ztwfHW6fWkHjrsUH0vMdluMs0kcR8MERzK4aNAre09tkkU
        XcXoMTOHRjEI68MKA9/jSQKBgGBiRMFg1mnTGDxxRPGhP16Jymf6SkF2ZIiCqr48
        8zYjA0SCH/rff7m+9eyTuT8Izcyq7TJADXicCFmov/OlNCDiYM8iKxOvUUnE/F4Z
        dYAXkp0wJFDPHQ8fvsGBJNMfgyhnlEnDjpGur1fRSV1YFChjAlAMkh/Sgru9H5gO
        6u+FAoGABCt9OMDygnbZKSoKVzT3ra4G4eVERNCKL4CoZHqY9enJD4TT90oIQX8w
        noiXkf7u/WxCnN7Ypcp5aAth9AdZa+gcBKZm9bXdaftSXQCNaA2ZSu1KdCLoVEDg
        MenI2MppI8qucLLY0Rwl70xFwu8vwCyc88wYVW9Uje4/THmLLvM=
        -----END RSA PRIVATE KEY-----
        """
}
