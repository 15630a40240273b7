import Postgres
import ServiceLifecycle
import TestServers
import Testing

@Suite("Sharing connections")
struct PoolTests {
    @Test func `a thousand callers share four connections`() async throws {
        let client = try makeClient { $0.poolSize = 4 }
        try await withThrowingTaskGroup(of: (Int64, Int64).self) { group in
            for number in 0..<1000 {
                group.addTask {
                    (Int64(number), try await client.query("SELECT \(Int64(number)) * 2").single().int64(0))
                }
            }
            for try await (number, double) in group { #expect(double == number * 2) }
        }
        let statistics = client.statistics
        #expect(statistics.connections <= 4)
        #expect(statistics.queries == 1000)
        #expect(statistics.waiting == 0)
    }

    @Test func `a caller that waits too long is told so`() async throws {
        let client = try makeClient {
            $0.poolSize = 1
            $0.acquireTimeout = .milliseconds(100)
        }
        #expect(await eventually { try await client.query("SELECT 1").count == 1 })
        let gate = Gate()
        async let busy: Void = client.withConnection { _ in gate.hold() }
        #expect(await gate.waitUntilHeld())
        let error = await postgresError { _ = try await client.query("SELECT 1") }
        #expect(error?.kind == .poolExhausted)
        gate.open()
        try await busy
        #expect(try await client.query("SELECT 1").count == 1)
    }

    @Test func `one caller too many is refused at once`() async throws {
        let client = try makeClient {
            $0.poolSize = 1
            $0.maximumWaiting = 2
        }
        let gate = Gate()
        async let busy: Void = client.withConnection { _ in gate.hold() }
        #expect(await gate.waitUntilHeld())
        async let first = client.query("SELECT 1")
        async let second = client.query("SELECT 1")
        #expect(await eventually { client.statistics.waiting == 2 })
        let error = await postgresError { _ = try await client.query("SELECT 1") }
        #expect(error?.kind == .poolExhausted)
        gate.open()
        try await busy
        #expect(try await first.count + second.count == 2)
    }

    @Test func `cancelling a caller that waits takes it out of the queue`() async throws {
        let client = try makeClient { $0.poolSize = 1 }
        let gate = Gate()
        async let busy: Void = client.withConnection { _ in gate.hold() }
        #expect(await gate.waitUntilHeld())
        let waiting = Task { try await client.query("SELECT 1") }
        #expect(await eventually { client.statistics.waiting == 1 })
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        #expect(client.statistics.waiting == 0)
        gate.open()
        try await busy
    }

    @Test func `cancelling before the call begins`() async throws {
        let client = try makeClient { $0.poolSize = 1 }
        for _ in 0..<50 {
            let task = Task { try await client.query("SELECT 1").count }
            task.cancel()
            let result = await task.result
            // It may have been quicker than its cancellation.
            if case .success(let count) = result { #expect(count == 1) }
        }
        #expect(try await client.query("SELECT 1").count == 1)
    }

    @Test func `cancelling a caller whose work has begun gives it its result`() async throws {
        let client = try makeClient { $0.poolSize = 1 }
        let gate = Gate()
        let running = Task {
            try await client.withConnection { connection in
                gate.hold()
                return try connection.query("SELECT 1").count
            }
        }
        #expect(await gate.waitUntilHeld())
        running.cancel()
        gate.open()
        #expect(try await running.value == 1)
        #expect(try await client.query("SELECT 2 AS v").single().int32("v") == 2)
        #expect(client.statistics.reconnects == 0)
    }

    @Test func `calls after shutdown are refused, calls under way finish`() async throws {
        let client = try makeClient { $0.poolSize = 1 }
        let gate = Gate()
        async let busy: Void = client.withConnection { _ in gate.hold() }
        #expect(await gate.waitUntilHeld())
        async let waiting = postgresError { _ = try await client.query("SELECT 1") }
        #expect(await eventually { client.statistics.waiting == 1 })
        async let closing: Void = client.shutdown()
        #expect(await waiting?.kind == .shutdown)
        gate.open()
        try await busy
        await closing
        #expect(await postgresError { _ = try await client.query("SELECT 1") }?.kind == .shutdown)
        #expect(client.statistics.connections == 0)
        await client.shutdown()
    }

    @Test func `as a service it connects by itself and ends gracefully`() async throws {
        let client = try makeClient()
        let group = ServiceGroup(services: [client], logger: quiet)
        async let running: Void = group.run()
        #expect(await eventually { client.statistics.connections == 1 })
        await group.triggerGracefulShutdown()
        try await running
        #expect(await postgresError { _ = try await client.query("SELECT 1") }?.kind == .shutdown)
    }

    @Test func `cancelling the service ends it too`() async throws {
        let client = try makeClient()
        let running = Task { try await client.run() }
        #expect(await eventually { client.statistics.connections == 1 })
        running.cancel()
        try await running.value
        #expect(client.statistics.connections == 0)
    }
}
