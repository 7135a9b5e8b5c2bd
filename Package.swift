// swift-tools-version: 6.2
import PackageDescription

/// Set by Fuzz/run: its targets need a compiler with libFuzzer, and are no part of any other build.
let isFuzzed = Context.environment["POSTERN_FUZZ"] != nil
/// What libFuzzer has to see of our own code.
let coverage: [SwiftSetting] =
    isFuzzed ? [.unsafeFlags(["-sanitize-coverage=edge,inline-8bit-counters,pc-table,trace-cmp"])] : []

/// How every target of ours is built: warnings are errors; in the sources an unmarked unsafe expression is one too.
let common: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    // An asynchronous call stays where its caller runs, and looks for no executor of its own.
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]
let strict = common + [.strictMemorySafety()] + coverage

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let asn1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")

let package = Package(
    name: "postern",
    products: [
        .executable(name: "postern", targets: ["postern"]),
        .library(name: "SMTP", targets: ["SMTP"]),
        .library(name: "InternetMessage", targets: ["InternetMessage"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        // Without its own file formats: the names in a file are checked, and the library does not list them.
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
    ],
    targets: [
        .target(name: "CIDN2", linkerSettings: [.linkedLibrary("idn2")]),
        .target(name: "CAllocator"),
        .target(name: "OctetSearch", swiftSettings: strict),
        .target(name: "JSON", dependencies: ["OctetSearch"], swiftSettings: strict),
        .target(name: "MailAddress", dependencies: ["CIDN2"], swiftSettings: strict),
        .target(
            name: "SMTP",
            dependencies: [
                "MailAddress", "OctetSearch", nioCore, nioPosix, nioTLS, nioSSL, crypto, cryptoExtras, asn1, deque,
                logging,
            ],
            swiftSettings: strict),
        .target(
            name: "InternetMessage", dependencies: ["MailAddress", "OctetSearch", crypto, cryptoExtras],
            swiftSettings: strict),
        .target(
            name: "RelayAccess",
            dependencies: [
                nioCore, nioPosix, nioHTTP1, nioSSL, logging, crypto, cryptoExtras,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
            ],
            swiftSettings: strict),
        .target(
            name: "OTLP",
            dependencies: [
                nioCore, nioPosix, nioHTTP1, nioSSL, logging, deque,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: strict),
        .target(name: "CPostgreSQL", linkerSettings: [.linkedLibrary("pq")]),
        .target(
            name: "Records",
            dependencies: [
                "CPostgreSQL", crypto, logging, .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .target(name: "CMicrohttpd", linkerSettings: [.linkedLibrary("microhttpd"), .linkedLibrary("gnutls")]),
        .target(name: "HTTPServer", dependencies: ["CMicrohttpd", logging], swiftSettings: strict),
        .target(
            name: "Settings",
            dependencies: [
                "JSON",
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict),
        .target(name: "PrometheusMetrics", swiftSettings: strict),
        .target(
            name: "Gateway",
            dependencies: [
                "JSON", "MailAddress", "OctetSearch", "SMTP", "RelayAccess", "InternetMessage", "HTTPServer", "Records",
                "OTLP", "Settings", "PrometheusMetrics",
                nioCore,
                nioPosix,
                nioSSL, logging, crypto,
                .product(name: "Yams", package: "Yams"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            resources: [
                .embedInCode("Embedded/openapi.yaml"), .embedInCode("Embedded/errors.md"),
                .embedInCode("Embedded/console.html"),
                .embedInCode("Embedded/console.css"), .embedInCode("Embedded/console.js"),
            ],
            swiftSettings: strict),
        .target(
            name: "Sandbox",
            dependencies: ["MailAddress", "InternetMessage", nioCore, nioPosix, nioSSL, crypto, asn1, logging],
            swiftSettings: strict),
        .executableTarget(
            name: "postern",
            dependencies: [
                "CAllocator", "Gateway", "HTTPServer", "OTLP", "Records", "Sandbox", "Settings", "SMTP", "MailAddress",
                "InternetMessage",
                logging,
                nioCore,
                nioPosix,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict,
            // A message is made by a thread of the HTTP server and let go by one of the relay's side, and an answer the other
            // way round: glibc's allocator has the two wait for each other's locks, which costs a tenth to a quarter of the
            // CPU. A debug build keeps glibc's, which the sanitizers know.
            linkerSettings: [.linkedLibrary("tcmalloc_minimal", .when(platforms: [.linux], configuration: .release))]),
        // What tests need of the operating system is not held to strict memory safety.
        .target(
            name: "TestSupport", dependencies: [nioCore, nioPosix, nioSSL, logging], path: "Tests/TestSupport",
            swiftSettings: common),
        .testTarget(name: "OctetSearchTests", dependencies: ["OctetSearch"], swiftSettings: common),
        .testTarget(name: "JSONTests", dependencies: ["JSON", "TestSupport"], swiftSettings: common),
        .testTarget(
            name: "MailAddressTests", dependencies: ["MailAddress", "TestSupport"], swiftSettings: common),
        .testTarget(
            name: "InternetMessageTests", dependencies: ["InternetMessage", "MailAddress", "TestSupport"],
            exclude: ["Resources"], swiftSettings: common),
        .testTarget(
            name: "SMTPTests",
            dependencies: ["SMTP", "TestSupport", "MailAddress", nioCore, nioPosix, nioSSL, logging, crypto],
            swiftSettings: common),
        .testTarget(
            name: "RelayAccessTests",
            dependencies: [
                "RelayAccess", "TestSupport", nioCore, nioPosix, nioHTTP1, nioSSL, logging, crypto, cryptoExtras,
            ],
            swiftSettings: common),
        .testTarget(
            name: "OTLPTests",
            dependencies: [
                "OTLP", "TestSupport", nioCore, nioPosix, nioHTTP1, nioSSL, logging,
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: common),
        .testTarget(name: "SettingsTests", dependencies: ["Settings"], swiftSettings: common),
        .testTarget(
            name: "PrometheusMetricsTests", dependencies: ["PrometheusMetrics"], swiftSettings: common),
        .testTarget(name: "RecordsTests", dependencies: ["Records", "TestSupport", logging], swiftSettings: common),
        .testTarget(
            name: "HTTPServerTests", dependencies: ["HTTPServer", "TestSupport", logging], swiftSettings: common),
        .testTarget(
            name: "SandboxTests", dependencies: ["Sandbox", "InternetMessage", "SMTP", "TestSupport", nioSSL],
            swiftSettings: common),
        .testTarget(
            name: "GatewayTests",
            dependencies: [
                "Gateway", "JSON", "Sandbox", "SMTP", "RelayAccess", "InternetMessage", "MailAddress", "Records",
                "Settings", "PrometheusMetrics", "TestSupport",
                logging,
                nioCore,
                nioSSL,
                .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: common),
        // The command is built beside the tests, which run it as a shell does.
        .testTarget(
            name: "CommandTests", dependencies: ["TestSupport", "postern", nioCore], swiftSettings: common),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "Gateway", "MailAddress", "Settings", "SMTP", "TestSupport", logging, nioCore, nioPosix, nioSSL,
            ],
            swiftSettings: common),
    ]
)

if isFuzzed {
    package.targets += [
        .executableTarget(
            name: "PosternFuzz",
            dependencies: ["HTTPServer", "JSON", "SMTP", "MailAddress", "InternetMessage", "Sandbox", nioCore],
            path: "Fuzz/PosternFuzz", swiftSettings: common)
    ]
    package.products.append(.executable(name: "PosternFuzz", targets: ["PosternFuzz"]))
}
