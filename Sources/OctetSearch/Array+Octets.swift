extension [UInt8] {
    /// Appends octets of a span in one piece.
    ///
    /// To append a slice of an array, or the octets of a text, takes a reference to it and gives it back; a span takes none.
    public mutating func append(copying octets: Span<UInt8>) {
        unsafe octets.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}
