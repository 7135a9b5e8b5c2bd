import Foundation
import TestSupport
import Testing

@testable import OTLP

@Suite struct OTLPConfigurationTests {
    private let base = "OTEL_EXPORTER_OTLP_ENDPOINT"
    private let url = "http://collector:4318"

    /// The error of a configuration that has an endpoint.
    private func failure(_ environment: [String: String]) -> OTLPConfigurationError? {
        do throws(OTLPConfigurationError) {
            _ = try OTLPConfiguration(environment: environment.merging([base: url]) { own, _ in own })
            return nil
        } catch {
            return error
        }
    }

    @Test(
        arguments: [
            [:], ["OTEL_EXPORTER_OTLP_ENDPOINT": " "], ["OTEL_SERVICE_NAME": "gateway"],
            ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_SDK_DISABLED": "TRUE"],
            ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_TRACES_EXPORTER": "none"],
            ["OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"], ["OTEL_TRACES_EXPORTER": "jaeger", "OTEL_SDK_DISABLED": "maybe"],
            ["OTEL_EXPORTER_OTLP_ENDPOINT": "malformed", "OTEL_TRACES_EXPORTER": "none"],
        ] as [[String: String]]) func withoutAnEndpointThereIsNoTracing(environment: [String: String]) throws
    {
        #expect(try OTLPConfiguration(environment: environment) == nil)
    }

    @Test(arguments: [
        ("http://collector:4318", "http://collector:4318/v1/traces", "http://collector:4318"),
        (
            "https://collector.example.org/otlp/", "https://collector.example.org/otlp/v1/traces",
            "https://collector.example.org"
        ),
        (
            "HTTPS://[2001:db8::1]:4318/a%20b", "HTTPS://[2001:db8::1]:4318/a%20b/v1/traces",
            "https://[2001:db8::1]:4318"
        ),
    ]) func theBaseURLGetsThePathOfTraces(text: String, url: String, shown: String) throws {
        let configuration = try Samples.configuration(endpoint: text)
        #expect(configuration.endpoint.url == url)
        #expect(configuration.endpoint.shown == shown)
        #expect("\(configuration)" == "OTLP over HTTP (JSON) to \(shown)")
    }

    @Test func theURLForTracesIsTakenAsItIs() throws {
        let configuration = try Samples.configuration([
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://traces.example.org/in?token=hunter2"
        ])
        #expect(configuration.endpoint.url == "https://traces.example.org/in?token=hunter2")
        #expect(!"\(configuration)".contains("hunter2"))
    }

    @Test func whatIsNotSetHasTheDefaultsOfTheSpecification() throws {
        let configuration = try Samples.configuration()
        #expect(configuration.schedule == ScheduleLimits())
        #expect(configuration.schedule.delay == .seconds(5))
        #expect(configuration.schedule.queueSize == 2048)
        #expect(configuration.schedule.batchSize == 512)
        #expect(configuration.schedule.exportTimeout == .seconds(30))
        #expect(configuration.requestTimeout == .seconds(10))
        #expect(configuration.valueLimit == 4096)
        #expect(configuration.sampler == .standard)
        #expect(configuration.headers.fields.isEmpty)
        #expect(configuration.trustRoots == nil)
        #expect(configuration.resource.first { $0.name == "service.name" }?.value == "postern")
    }

    @Test func numbersAreRead() throws {
        let configuration = try Samples.configuration([
            "OTEL_BSP_SCHEDULE_DELAY": "250", "OTEL_BSP_MAX_QUEUE_SIZE": "100", "OTEL_BSP_EXPORT_TIMEOUT": "7000",
            "OTEL_EXPORTER_OTLP_TIMEOUT": "3000", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": " 64 ",
        ])
        #expect(configuration.schedule.delay == .milliseconds(250))
        #expect(configuration.schedule.queueSize == 100)
        // The default would be more than the queue holds.
        #expect(configuration.schedule.batchSize == 100)
        #expect(configuration.schedule.exportTimeout == .seconds(7))
        #expect(configuration.requestTimeout == .seconds(3))
        #expect(configuration.valueLimit == 64)
    }

    @Test func theVariableForTracesComesFirst() throws {
        let configuration = try Samples.configuration([
            "OTEL_EXPORTER_OTLP_TIMEOUT": "1", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT": "2",
            "OTEL_EXPORTER_OTLP_HEADERS": "a=1", "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "b=2",
            "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "HTTP/JSON",
            "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip", "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION": "none",
        ])
        #expect(configuration.requestTimeout == .milliseconds(2))
        #expect(configuration.headers.fields.map(\.name) == ["b"])
    }

    @Test func headersAreDecodedAndNeverShown() throws {
        let configuration = try Samples.configuration([
            "OTEL_EXPORTER_OTLP_HEADERS": "Authorization=Basic%20aHVudGVyMg==, x-tenant = a%2Cb ;ignored,,"
        ])
        #expect(configuration.headers.fields.map(\.name) == ["Authorization", "x-tenant"])
        #expect(configuration.headers.fields.map(\.value) == ["Basic aHVudGVyMg==", "a,b"])
        #expect("\(configuration.headers)" == "[Authorization, x-tenant]")
        var dumped = ""
        dump(configuration, to: &dumped)
        for shown in ["\(configuration)", String(reflecting: configuration), dumped] {
            #expect(!shown.contains("aHVudGVyMg"))
        }
    }

    @Test func theResourceIsOfBothVariables() throws {
        let environment = [
            base: url, "OTEL_SERVICE_NAME": "mail", "OTEL_RESOURCE_ATTRIBUTES": "service.name=other,deployment=a%3Db",
        ]
        let configuration = try #require(try OTLPConfiguration(environment: environment, version: "1.2"))
        #expect(
            configuration.resource.map { "\($0.name)=\($0.value)" } == [
                "deployment=a=b", "service.name=mail", "service.version=1.2", "telemetry.sdk.language=swift",
                "telemetry.sdk.name=postern", "telemetry.sdk.version=1.2",
            ])
        let byAttribute = try Samples.configuration(["OTEL_RESOURCE_ATTRIBUTES": "service.name=other"])
        #expect(byAttribute.resource.first { $0.name == "service.name" }?.value == "other")
    }

    @Test(
        arguments: [
            ("always_on", nil, OTLPSampler(rule: .always, followsParent: false)),
            ("always_off", nil, OTLPSampler(rule: .never, followsParent: false)),
            ("traceidratio", "0.25", OTLPSampler(rule: .below(1 << 61), followsParent: false)),
            ("traceidratio", nil, OTLPSampler(rule: .always, followsParent: false)),
            ("PARENTBASED_ALWAYS_ON", "nonsense", OTLPSampler(rule: .always, followsParent: true)),
            ("parentbased_always_off", nil, OTLPSampler(rule: .never, followsParent: true)),
            ("parentbased_traceidratio", "1", OTLPSampler(rule: .always, followsParent: true)),
            ("parentbased_traceidratio", "0", OTLPSampler(rule: .below(0), followsParent: true)),
        ] as [(String, String?, OTLPSampler)]) func aSamplerHasAName(
            name: String, argument: String?, sampler: OTLPSampler
        ) throws
    {
        var environment = ["OTEL_TRACES_SAMPLER": name]
        environment["OTEL_TRACES_SAMPLER_ARG"] = argument
        #expect(try Samples.configuration(environment).sampler == sampler)
    }

    @Test(arguments: [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://collector"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c/?key=hunter2"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a:hunter2@c"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c/ hunter2"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c/#part"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "hunter2"), ("OTEL_EXPORTER_OTLP_HEADERS", "=hunter2"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=hunter2%0D%0Ab: c"), ("OTEL_EXPORTER_OTLP_HEADERS", "a=%zzhunter2"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=hunter2%"), ("OTEL_EXPORTER_OTLP_HEADERS", "a=hunter2%ff"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a b=hunter2"), ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "Content-Type=hunter2"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "0"), ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"), ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/missing/authority.pem"),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "/key.pem"), ("OTEL_RESOURCE_ATTRIBUTES", "a"),
        ("OTEL_TRACES_SAMPLER", "jaeger_remote"), ("OTEL_TRACES_EXPORTER", "otlp,console"),
        ("OTEL_SDK_DISABLED", "yes"),
        ("OTEL_BSP_SCHEDULE_DELAY", "-1"), ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "2049"), ("OTEL_BSP_EXPORT_TIMEOUT", "x"),
        ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "0"),
    ]) func whatIsMalformedNamesItsVariable(variable: String, value: String) throws {
        let error = try #require(failure([variable: value]))
        #expect(error.variable == variable)
        #expect(error.description.hasPrefix("\(variable) "))
        #expect(error.description.hasSuffix("."))
        #expect(!error.description.contains("hunter2"))
    }

    @Test(arguments: ["1.01", "-0.1", "nan", "half"]) func aRatioIsBetweenZeroAndOne(argument: String) {
        let environment = ["OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": argument]
        #expect(failure(environment)?.variable == "OTEL_TRACES_SAMPLER_ARG")
    }

    @Test func anErrorSaysWhatIsSupported() throws {
        #expect(
            failure(["OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"])?.description
                == #"OTEL_EXPORTER_OTLP_PROTOCOL is "http/protobuf", which is not supported; use http/json, and the HTTP port of the collector (4318)."#
        )
    }

    @Test func certificatesAreReadFromAFile() async throws {
        let certificates = try await TestCertificates.made.value
        let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).pem").path
        try Data(certificates.authority.certificatePEM.utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let configuration = try Samples.configuration(["OTEL_EXPORTER_OTLP_CERTIFICATE": path])
        #expect(try configuration.trustRoots == [certificates.authority.certificate])
    }
}
