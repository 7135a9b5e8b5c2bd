internal import Foundation
internal import PrometheusMetrics

/// What the kernel says of this process. Where there is no `/proc`, nothing is exported.
struct ProcessFigures {
    let cpuSeconds: Double
    let residentBytes: Double
    let threads: Double
    let startedAt: Double
    let openFiles: Double
    let maximumOpenFiles: Double

    init?() {
        // The fields that follow the command's name, which may hold blanks (proc(5)).
        guard let stat = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
            let system = try? String(contentsOfFile: "/proc/stat", encoding: .utf8),
            let end = stat.lastIndex(of: ")")
        else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ").map { Double($0) ?? 0 }
        let bootTime = system.split(separator: "\n").first { $0.hasPrefix("btime ") }
            .flatMap { Double($0.dropFirst("btime ".count)) }
        guard fields.count > 21, let bootTime else { return nil }
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        cpuSeconds = (fields[11] + fields[12]) / ticks
        threads = fields[17]
        startedAt = bootTime + fields[19] / ticks
        residentBytes = fields[21] * Double(sysconf(Int32(_SC_PAGESIZE)))
        openFiles = Double((try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0)
        maximumOpenFiles = Double(sysconf(Int32(_SC_OPEN_MAX)))
    }

    func write(into text: inout PrometheusText) {
        text.write(.cpuTime, cpuSeconds)
        text.write(.residentMemory, residentBytes)
        text.write(.openFiles, openFiles)
        text.write(.maximumOpenFiles, maximumOpenFiles)
        text.write(.startTime, startedAt)
        text.write(.threads, threads)
    }
}
