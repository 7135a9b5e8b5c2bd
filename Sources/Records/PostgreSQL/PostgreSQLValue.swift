/// A value of a prepared statement.
enum PostgreSQLValue {
    case octets([UInt8])
    /// A number, as text.
    case number(Double)
    case integer(Int)
    case text(String)
    case null
}
