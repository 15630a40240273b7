struct BookSection { let scale: Scale; func run() async throws -> Report { Report() } }
