import Foundation

/// What libFuzzer calls with each input. Its main function is that of the program; the target is named by the
/// environment, for the arguments are libFuzzer's.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    FuzzTarget.chosen.run(Array(UnsafeBufferPointer(start: data, count: size)))
    return 0
}

extension FuzzTarget {
    /// The target of this run.
    static let chosen: FuzzTarget = {
        let name = ProcessInfo.processInfo.environment["POSTERN_FUZZ_TARGET"] ?? ""
        guard let target = FuzzTarget(rawValue: name) else {
            let known = allCases.map(\.rawValue).joined(separator: ", ")
            fatalError("POSTERN_FUZZ_TARGET is \(name.debugDescription); the targets are \(known)")
        }
        return target
    }()
}
