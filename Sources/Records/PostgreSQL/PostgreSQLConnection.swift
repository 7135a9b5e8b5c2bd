internal import CPostgreSQL

/// A connection with a PostgreSQL server, for one thread. Every wait for an answer has a bound.
///
/// `@unchecked Sendable`: it is made on one thread and handed over to another, and never used by two.
@safe final class PostgreSQLConnection: @unchecked Sendable {
    /// A row: its columns in PostgreSQL's binary form (a script's are text), nil for NULL.
    typealias Row = [[UInt8]?]

    /// A prepared statement with its values.
    struct Statement {
        let name: String
        let values: [PostgreSQLValue]

        init(_ name: String, _ values: PostgreSQLValue...) {
            self.name = name
            self.values = values
        }
    }

    /// How a pipeline failed.
    struct Refusal: Error {
        let code: String
        let text: String
        /// Whether the connection is of no more use.
        let isBroken: Bool
    }

    private var handle: OpaquePointer?
    /// How many milliseconds the server may take for each answer.
    private let timeout: Int32

    /// Connects.
    ///
    /// - Throws: ``RecordBackendError`` if that fails.
    init(uri: String, timeout: Int32) throws(RecordBackendError) {
        self.timeout = timeout
        var message = [CChar](repeating: 0, count: 512)
        guard let handle = unsafe cpostgresql_connect(uri, &message, message.count) else {
            let octets = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            throw RecordBackendError("PostgreSQL: \(String(decoding: octets, as: UTF8.self))")
        }
        unsafe self.handle = handle
    }

    deinit {
        close()
    }

    /// Closes the socket; whatever was sent and not answered is done, or not.
    func close() {
        if let open = unsafe handle { unsafe cpostgresql_close(open) }
        unsafe handle = nil
    }

    /// Runs a script, and returns the rows of its statements.
    func run(_ script: String) throws(Refusal) -> [[Row]] {
        guard unsafe cpostgresql_send_script(handle, script) != 0 else { throw refusal(isBroken: true) }
        return try results(of: nil)
    }

    /// Only prepared statements in pipelines are run from now on.
    func beginPipelines() throws(Refusal) {
        guard unsafe cpostgresql_begin_pipelines(handle) != 0 else { throw refusal(isBroken: true) }
    }

    /// Runs statements as one transaction, and returns the rows of each when it is committed.
    func run(_ statements: [Statement]) throws(Refusal) -> [[Row]] {
        for statement in statements { try send(statement) }
        guard unsafe cpostgresql_sync(handle) != 0 else { throw refusal(isBroken: true) }
        return try results(of: statements.count)
    }

    private func send(_ statement: Statement) throws(Refusal) {
        var octets: [UInt8] = []
        var lengths: [Int32] = []
        var isBinary: [UInt8] = []
        func append(_ value: [UInt8], binary: Bool) {
            octets += value
            octets.append(0)
            lengths.append(Int32(value.count))
            isBinary.append(binary ? 1 : 0)
        }
        for value in statement.values {
            switch value {
            case .octets(let value): append(value, binary: true)
            case .number(let number): append(Array(String(number).utf8), binary: false)
            case .integer(let number): append(Array(String(number).utf8), binary: false)
            case .text(let text): append(Array(text.utf8), binary: false)
            case .null:
                lengths.append(-1)
                isBinary.append(0)
            }
        }
        let isSent = unsafe cpostgresql_send(
            handle, statement.name, octets, lengths, isBinary, Int32(statement.values.count))
        guard isSent != 0 else { throw refusal(isBroken: true) }
    }

    /// - Parameter count: how many results come before the end of the pipeline; nil if it is a script's.
    private func results(of count: Int?) throws(Refusal) -> [[Row]] {
        var results: [[Row]] = []
        var failure: Refusal?
        while true {
            switch unsafe cpostgresql_next(handle, timeout) {
            case CPOSTGRESQL_RESULT: results.append(rows())
            // Those behind one that failed are not done, and have nothing to say.
            case CPOSTGRESQL_REFUSED: failure = failure ?? refusal(isBroken: false)
            case CPOSTGRESQL_SYNC, CPOSTGRESQL_END:
                if let failure { throw failure }
                guard let count, results.count != count else { return results }
                throw Refusal(code: "", text: "the server returned too few results", isBroken: true)
            default: throw refusal(isBroken: true)
            }
        }
    }

    private func rows() -> [Row] {
        var rows: [Row] = []
        for row in 0..<(unsafe cpostgresql_rows(handle)) { rows.append(columns(of: row)) }
        return rows
    }

    private func columns(of row: Int32) -> Row {
        (0..<(unsafe cpostgresql_columns(handle))).map { column in
            guard unsafe cpostgresql_is_null(handle, row, column) == 0 else { return nil }
            var length = 0
            let start = unsafe cpostgresql_value(handle, row, column, &length)
            return unsafe Array(UnsafeBufferPointer(start: start, count: length))
        }
    }

    private func refusal(isBroken: Bool) -> Refusal {
        let text = unsafe String(cString: cpostgresql_error(handle))
        let line = text.split(whereSeparator: \.isNewline).first.map(String.init)
        return Refusal(
            code: unsafe String(cString: cpostgresql_error_code(handle)),
            text: line ?? "the server did not answer in time", isBroken: isBroken)
    }
}
