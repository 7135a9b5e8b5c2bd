import Testing

@testable import Records

/// Every way in which two instances can go about one key, step by step: each may crash at each step, be believed gone
/// while it only sleeps, and start anew. However the steps are mixed, no relay gets the message twice.
@Suite struct InterleavingTests {
    /// How far a process has come with the message.
    enum Step: Hashable {
        case idle
        case begun
        /// The gate was passed: the end of the message may go out.
        case sending
        /// The end went out and the relay took the message.
        case delivered
    }

    struct Process: Hashable {
        var instance: Int
        var step = Step.idle
        /// Requests that are still to come.
        var requests = 2
    }

    struct World: Hashable {
        var record: Record?
        var processes: [Process]
        var nextInstance: Int
        /// How often the relay got the message.
        var copies = 0
        /// Whether somebody was told that it was taken, or that it was not.
        var wasTold = Set<String>()
        var crashes = 2
    }

    static let message = MessageFingerprint(octets: [7])
    static let accepted = KeptResponse(status: 200, fields: [], body: [])

    static func identity(_ number: Int) -> RecordOwner {
        RecordOwner(InstanceID(octets: [UInt8](repeating: UInt8(number), count: 16)), attempt: 0)
    }

    /// Ends an attempt in the world's record.
    static func end(_ world: inout World, by owner: RecordOwner, as end: RecordEnd) {
        switch world.record?.end(by: owner, as: end) {
        case .keep(let record)?: world.record = record
        case .remove?: world.record = nil
        case .isLost?, nil: break
        }
    }

    /// All worlds that one step leads to.
    static func next(_ world: World) -> [World] {
        var worlds: [World] = []
        for index in world.processes.indices {
            let process = world.processes[index]
            let me = identity(process.instance)
            func add(_ change: (inout World, inout Process) -> Void) {
                var next = world
                var changed = process
                change(&next, &changed)
                next.processes[index] = changed
                worlds.append(next)
            }
            if world.crashes > 0 {
                add { world, process in
                    process.instance = world.nextInstance
                    process.step = .idle
                    world.nextInstance += 1
                    world.crashes -= 1
                }
            }
            switch process.step {
            case .idle where process.requests > 0:
                // Whether the owner is believed gone depends on time alone: it may be so though it lives. Of its own
                // process's messages an instance knows that they are not under way.
                for isBelievedGone in [false, true] {
                    let (decision, record) = Record.claim(world.record, for: message, by: me) {
                        $0 == me || isBelievedGone
                    }
                    add { world, process in
                        process.requests -= 1
                        if let record { world.record = record }
                        switch decision {
                        case .begun: process.step = .begun
                        case .replay: world.wasTold.insert("accepted")
                        case .unknown: world.wasTold.insert("unknown")
                        case .inFlight, .otherMessage: break
                        }
                    }
                }
            case .idle: break
            case .begun:
                add { world, process in
                    guard let record = world.record?.startSending(by: me) else {
                        process.step = .idle
                        return
                    }
                    world.record = record
                    process.step = .sending
                }
                add { world, process in
                    end(&world, by: me, as: .open)
                    process.step = .idle
                }
                add { world, process in
                    end(&world, by: me, as: .free)
                    process.step = .idle
                }
            case .sending:
                add { world, process in
                    world.copies += 1
                    process.step = .delivered
                }
                // The relay refused it, or the connection broke before its end: nothing was sent.
                add { world, process in
                    end(&world, by: me, as: .open)
                    process.step = .idle
                }
            case .delivered:
                add { world, process in
                    end(&world, by: me, as: .done(accepted))
                    world.wasTold.insert("accepted")
                    process.step = .idle
                }
            }
        }
        return worlds
    }

    @Test func noPathSendsTwice() {
        let start = World(record: nil, processes: [Process(instance: 1), Process(instance: 2)], nextInstance: 3)
        var seen: Set<World> = [start]
        var frontier = [start]
        var told = Set<String>()
        while let world = frontier.popLast() {
            if world.copies > 1 || world.wasTold.contains("accepted") && world.copies == 0 {
                Issue.record("\(world)")
                return
            }
            told.formUnion(world.wasTold)
            for next in Self.next(world) where seen.insert(next).inserted { frontier.append(next) }
        }
        // The exploration went everywhere it was meant to.
        #expect(seen.count > 1000)
        #expect(told == ["accepted", "unknown"])
        #expect(seen.contains { $0.copies == 1 && $0.crashes == 0 })
    }

    /// The check can fail: where the gate is left out, a message goes out twice.
    @Test func withoutTheGateItWould() {
        var record: Record?
        func claim(by instance: Int) -> RecordDecision {
            let (decision, next) = Record.claim(record, for: Self.message, by: Self.identity(instance)) { _ in true }
            if let next { record = next }
            return decision
        }
        #expect(claim(by: 1) == .begun)
        #expect(claim(by: 2) == .begun)
        // Both would send now; with the gate, only the second one does.
        #expect(record?.startSending(by: Self.identity(1)) == nil)
        #expect(record?.startSending(by: Self.identity(2)) != nil)
    }
}
