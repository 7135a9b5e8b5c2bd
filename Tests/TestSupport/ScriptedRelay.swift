public import NIOCore
internal import NIOPosix
public import NIOSSL
internal import Synchronization

/// An SMTP server that does exactly what a script says: for the failures that real servers do not produce on request.
///
/// Each connection plays the next script; the last script is played again for all further connections. What a client
/// sends where the script expects something else ends the connection, and is found in `complaints`.
public final class ScriptedRelay: Sendable {
    /// One step of a script.
    public enum Step: Sendable {
        /// Send these bytes.
        case send(String)
        /// Wait for exactly these bytes.
        case expect(String)
        /// Wait until these bytes have come, whatever stands before them.
        case expectEnd(String)
        /// Wait until something has come, whatever it is.
        case expectAnything
        /// Wait for a line, and send what is made of it. Both lines are without their ends.
        case answer(@Sendable (String) -> String)
        /// Begin TLS: what comes next is a handshake.
        case startTLS(NIOSSLContext)
        /// Wait, without looking at what comes.
        case pause(TimeAmount)
        /// Wait until ``ScriptedRelay/release()`` is called.
        case hold
        /// Close the connection.
        case close
        /// Do nothing more.
        case silence
        /// Read nothing more either: the client is held back when the kernel's buffers are full.
        case stopReading
    }

    fileprivate struct Record {
        var connections = 0
        var ended = 0
        var received: [[UInt8]] = []
        var wire: [[UInt8]] = []
        var reads: [[String]] = []
        var complaints: [String] = []
        var isReleased = false
        var held: [@Sendable () -> Void] = []
    }

    /// The port on 127.0.0.1.
    public let port: Int
    private let channel: any Channel
    private let record: Shared

    /// What all connections write into.
    fileprivate final class Shared: Sendable {
        fileprivate let scripts: [[Step]]
        fileprivate let state = Mutex(Record())

        init(_ scripts: [[Step]]) {
            self.scripts = scripts
        }
    }

    /// Starts a relay on a free port of 127.0.0.1.
    public static func start(_ scripts: [Step]...) async throws -> ScriptedRelay {
        try await start(scripts: scripts)
    }

    /// The same for a list of scripts.
    public static func start(scripts: [[Step]]) async throws -> ScriptedRelay {
        let shared = Shared(scripts)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.backlog, value: 1024)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let player = Player(shared)
                    try channel.pipeline.syncOperations.addHandlers([player.tap, player])
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return ScriptedRelay(channel, shared)
    }

    private init(_ channel: any Channel, _ shared: Shared) {
        self.channel = channel
        record = shared
        port = channel.localAddress?.port ?? 0
    }

    /// What each connection sent, in the order of the connections.
    public var received: [String] { record.state.withLock { $0.received.map { String(decoding: $0, as: UTF8.self) } } }
    /// What each connection sent as it came over the wire, in TLS or not.
    public var wire: [[UInt8]] { record.state.withLock { $0.wire } }
    /// What each connection sent, read by read: a group that was sent in one write comes in one read.
    public var reads: [[String]] { record.state.withLock { $0.reads } }
    /// What did not go as the scripts say.
    public var complaints: [String] { record.state.withLock { $0.complaints } }
    /// How many connections were made.
    public var connections: Int { record.state.withLock { $0.connections } }
    /// How many of them have ended, whoever ended them.
    public var ended: Int { record.state.withLock { $0.ended } }

    /// Lets all connections go on that hold, and those that would come to hold.
    public func release() {
        let held = record.state.withLock { state in
            state.isReleased = true
            defer { state.held = [] }
            return state.held
        }
        for goOn in held { goOn() }
    }

    /// Takes no further connections.
    public func stop() async {
        try? await channel.close()
    }

    /// Notes what comes before TLS is taken off.
    private final class Tap: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let shared: Shared
        private let number: Int

        init(_ shared: Shared, _ number: Int) {
            self.shared = shared
            self.number = number
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data).readableBytesView
            shared.state.withLock { $0.wire[number] += bytes }
            context.fireChannelRead(data)
        }
    }

    private final class Player: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        let tap: Tap
        private let shared: Shared
        private let number: Int
        private var steps: ArraySlice<Step>
        private var pending: [UInt8] = []
        /// Where the search for an end goes on: large contents come in many reads.
        private var searched = 0
        private var isPaused = false

        init(_ shared: Shared) {
            self.shared = shared
            let number = shared.state.withLock { state in
                state.connections += 1
                state.received.append([])
                state.wire.append([])
                state.reads.append([])
                return state.connections - 1
            }
            self.number = number
            tap = Tap(shared, number)
            steps = shared.scripts.isEmpty ? [] : shared.scripts[min(number, shared.scripts.count - 1)][...]
        }

        func channelActive(context: ChannelHandlerContext) {
            play(context)
        }

        func channelInactive(context: ChannelHandlerContext) {
            shared.state.withLock { $0.ended += 1 }
            context.fireChannelInactive()
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = Array(unwrapInboundIn(data).readableBytesView)
            shared.state.withLock { state in
                state.received[number] += bytes
                state.reads[number].append(String(decoding: bytes, as: UTF8.self))
            }
            pending += bytes
            play(context)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }

        private func play(_ context: ChannelHandlerContext) {
            guard !isPaused else { return }
            while let step = steps.first {
                switch step {
                case .send(let text): context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
                case .expect(let text):
                    let wanted = Array(text.utf8)
                    guard pending.starts(with: wanted.prefix(pending.count)) else {
                        let got = String(decoding: pending, as: UTF8.self).debugDescription
                        shared.state.withLock { $0.complaints.append("expected \(text.debugDescription), got \(got)") }
                        context.close(promise: nil)
                        steps = []
                        return
                    }
                    guard pending.count >= wanted.count else { return }
                    pending.removeFirst(wanted.count)
                case .expectEnd(let text):
                    let wanted = Array(text.utf8)
                    guard let end = Self.end(of: wanted, in: pending, from: searched) else {
                        searched = max(0, pending.count - wanted.count)
                        return
                    }
                    searched = 0
                    pending.removeFirst(end)
                case .expectAnything:
                    guard !pending.isEmpty else { return }
                    pending.removeAll()
                case .answer(let make):
                    guard let end = Self.end(of: Array("\r\n".utf8), in: pending, from: 0) else { return }
                    let line = String(decoding: pending.prefix(end - 2), as: UTF8.self)
                    pending.removeFirst(end)
                    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: make(line) + "\r\n")), promise: nil)
                case .startTLS(let tls):
                    do {
                        try context.pipeline.syncOperations.addHandler(
                            NIOSSLServerHandler(context: tls), position: .after(tap))
                    } catch {
                        shared.state.withLock { $0.complaints.append("no TLS: \(error)") }
                        context.close(promise: nil)
                    }
                case .pause(let time):
                    steps = steps.dropFirst()
                    isPaused = true
                    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
                    context.eventLoop.scheduleTask(in: time) {
                        let (player, context) = bound.value
                        player.isPaused = false
                        player.play(context)
                    }
                    return
                case .hold:
                    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
                    let eventLoop = context.eventLoop
                    let isHeld = shared.state.withLock { state in
                        if state.isReleased { return false }
                        state.held.append {
                            eventLoop.execute {
                                let (player, context) = bound.value
                                player.isPaused = false
                                player.play(context)
                            }
                        }
                        return true
                    }
                    if isHeld {
                        isPaused = true
                        return
                    }
                case .close:
                    context.close(promise: nil)
                    steps = []
                    return
                case .silence: return
                case .stopReading:
                    context.channel.setOption(.autoRead, value: false).assumeIsolated().whenFailure { _ in
                        context.close(promise: nil)
                    }
                    return
                }
                steps = steps.dropFirst()
            }
        }

        private static func end(of wanted: [UInt8], in bytes: [UInt8], from searched: Int) -> Int? {
            guard bytes.count >= wanted.count + searched, let first = wanted.first else { return nil }
            for start in searched...(bytes.count - wanted.count)
            where bytes[start] == first && bytes[start...].starts(with: wanted) {
                return start + wanted.count
            }
            return nil
        }
    }
}
