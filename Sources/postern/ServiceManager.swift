import Foundation
import Gateway
import Logging
import NIOCore
import NIOPosix

/// Tells the service manager how the gateway is doing, if it wants to know (sd_notify(3)).
///
/// Each state is a datagram to the socket that `NOTIFY_SOCKET` names. With `WATCHDOG_USEC`, it hears that the gateway lives as
/// long as the event loops that serve the relays respond: if one hangs, the service manager restarts the gateway.
final class ServiceManager: Sendable {
    private let channel: any Channel
    /// How often the service manager wants to hear that the gateway lives; nil if it does not.
    private let watchdogInterval: Duration?

    /// Nil if there is no service manager that wants to know, or its socket cannot be used.
    init?(environment: [String: String] = ProcessInfo.processInfo.environment, logger: Logger) async {
        guard let path = environment["NOTIFY_SOCKET"], !path.isEmpty else { return nil }
        guard path.hasPrefix("/") else {
            logger.warning(
                "cannot notify the service manager: only a socket of the file system is supported",
                metadata: ["server.address": "\(path)"])
            return nil
        }
        do {
            channel = try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(unixDomainSocketPath: path).get()
        } catch {
            logger.warning(
                "cannot notify the service manager",
                metadata: ["server.address": "\(path)", "exception.message": "\(error)"])
            return nil
        }
        let isForThis =
            environment["WATCHDOG_PID"].map { $0 == String(ProcessInfo.processInfo.processIdentifier) } ?? true
        watchdogInterval = environment["WATCHDOG_USEC"].flatMap(Int.init).flatMap {
            // Often enough that a late one does no harm.
            isForThis && $0 > 0 ? .microseconds($0 / 4) : nil
        }
    }

    func ready() async { await send("READY=1") }

    /// The time says which of several reloads it is.
    func reloading() async {
        let time = DispatchTime.now().uptimeNanoseconds / 1000
        await send("RELOADING=1\nMONOTONIC_USEC=\(time)")
    }

    func stopping() async { await send("STOPPING=1") }

    /// Says that the gateway lives as long as it does, until the task is cancelled.
    func watch(_ gateway: Gateway) async {
        guard let watchdogInterval else { return }
        while (try? await Task.sleep(for: watchdogInterval)) != nil {
            await gateway.respond()
            await send("WATCHDOG=1")
        }
    }

    /// Datagrams to a service manager that is gone are lost, and there is nobody else to tell.
    private func send(_ state: String) async {
        try? await channel.writeAndFlush(ByteBuffer(string: state))
    }

    func close() async {
        try? await channel.close()
    }
}
