internal import HTTPServer
internal import Records

extension KeptResponse {
    init(_ response: HTTPResponse) {
        self.init(
            status: response.status, fields: response.headers.map { Field($0.name, $0.value) }, body: response.body)
    }
}

extension HTTPResponse {
    init(_ kept: KeptResponse) {
        self.init(status: kept.status, headers: kept.fields.map { ($0.name, $0.value) }, body: kept.body)
    }
}
