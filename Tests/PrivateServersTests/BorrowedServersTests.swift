import Testing

@testable import PrivateServers

@Suite(.enabled(if: serversWanted), .serialized)
struct BorrowedServersTests {
    @Test func `a command starts the servers for its work and stops them after it`() async throws {
        try await withScratch { scratch async throws in
            let directory = scratch + "/data"
            try await PrivateServerGroup.withServers(dataDirectory: directory, logger: quiet) { urls async throws in
                #expect(try await sql("SELECT 1", urls, in: scratch) == "1")
                #expect(urls.redis == "none")
            }
            #expect(try Seen(directory).postmaster == nil)
            #expect(PrivateServerGroup.running(dataDirectory: directory) == nil)
        }
    }

    @Test func `a command uses the servers that run and leaves them running`() async throws {
        try await withScratch { scratch async throws in
            try await withGroup(scratch + "/data") { group async throws in
                try await PrivateServerGroup.withServers(dataDirectory: scratch + "/data", logger: quiet) {
                    urls async throws in
                    #expect(urls == group.urls)
                }
                #expect(try Seen(scratch + "/data").postgresAccepts)
            }
        }
    }

    @Test func `a failure of the work stops the servers and is the one that is told`() async throws {
        struct Broken: Error, Equatable {}
        try await withScratch { scratch async throws in
            await #expect(throws: Broken()) {
                try await PrivateServerGroup.withServers(dataDirectory: scratch + "/data", logger: quiet) {
                    _ async throws in
                    throw Broken()
                }
            }
            #expect(try Seen(scratch + "/data").postmaster == nil)
        }
    }

    @Test func `commands at the same time share the servers, and the last one stops them`() async throws {
        try await withScratch { scratch async throws in
            let directory = scratch + "/data"
            try await withThrowingTaskGroup(of: String.self) { tasks in
                for number in 1...4 {
                    tasks.addTask {
                        try await PrivateServerGroup.withServers(dataDirectory: directory, logger: quiet) {
                            urls async throws in
                            let files = "\(scratch)/\(number)"
                            try FileSystem.makeDirectory(files, mode: 0o755)
                            var answer = ""
                            for _ in 0..<number { answer += try await sql("SELECT \(number)", urls, in: files) }
                            return answer
                        }
                    }
                }
                var answers: [String] = []
                for try await answer in tasks { answers.append(answer) }
                #expect(answers.sorted() == ["1", "22", "333", "4444"])
            }
            #expect(try Seen(directory).postmaster == nil)
        }
    }
}
