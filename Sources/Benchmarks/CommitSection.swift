struct CommitSection { let scale: Scale; func run() async throws -> Report { Report() } }
