import Foundation
import Testing

/// Holds the arrows of the package: who may import whom, and names that say nothing.
@Suite("Layers")
struct LayerTests {
    private static let own: Set<String> = [
        "StrictJSON", "Ethereum", "Market", "Exchange", "Postgres", "Redis", "Store", "API", "Chain", "Feed",
        "PrivateServers", "Pricing", "Settlement", "SocketThreads", "CPostgres", "CHiredis", "CSecp256k1", "CPricing",
        "CEpoll",
        "strikebook",
    ]

    /// Every target and what it may import of ours; an arrow only points down.
    private static let arrows: [String: Set<String>] = [
        "StrictJSON": [],
        "Pricing": ["CPricing"],
        "Ethereum": ["CSecp256k1"],
        "Market": ["Ethereum", "StrictJSON"],
        "Exchange": ["Market", "Ethereum", "StrictJSON", "Pricing"],
        "SocketThreads": [],
        "Postgres": ["CPostgres", "SocketThreads"],
        "Redis": ["CHiredis", "SocketThreads"],
        "Store": ["Exchange", "Market", "Ethereum", "StrictJSON", "Postgres", "Redis"],
        "API": ["Exchange", "Market", "Ethereum", "StrictJSON", "Pricing"],
        "Chain": ["Exchange", "Market", "Ethereum", "StrictJSON"],
        "Feed": ["Exchange", "Market", "Ethereum", "StrictJSON"],
        "Settlement": ["Exchange", "Market", "Ethereum", "StrictJSON"],
        "PrivateServers": [],
        "strikebook": [
            "API", "Chain", "Feed", "Settlement", "Store", "Exchange", "Market", "Ethereum", "StrictJSON", "Pricing",
            "Postgres",
            "Redis", "PrivateServers",
        ],
        "Benchmarks": [
            "Settlement", "Store", "Exchange", "Market", "Ethereum", "StrictJSON", "Pricing", "Postgres", "Redis",
            "PrivateServers", "CSecp256k1", "CEpoll",
        ],
    ]
    /// Modules without any input or output: nothing of the outside world may be imported.
    private static let pure: Set<String> = ["StrictJSON", "Pricing", "Ethereum", "Market"]
    /// What a pure module may import besides our own: locks, and for `Pricing` the C library's elementary functions.
    private static func harmless(for target: String) -> Set<String> {
        target == "Pricing" ? ["Synchronization", "Glibc", "Musl", "Darwin"] : ["Synchronization"]
    }
    private static let systemModules: Set<String> = ["CPostgres", "CHiredis", "CSecp256k1", "CPricing", "CEpoll"]
    private static let bannedNames = ["Utils", "Helpers", "Shared", "Common", "Manager", "Misc"]

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func swiftFiles(in folder: URL) -> [URL] {
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        return (files?.allObjects as? [URL] ?? []).filter { $0.pathExtension == "swift" }
    }

    private static func imports(of file: URL) throws -> [String] {
        try String(contentsOf: file, encoding: .utf8).split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ").drop {
                ["public", "internal", "package", "private"].contains($0) || $0.hasPrefix("@")
            }
            guard words.first == "import", let name = words.dropFirst().first else { return nil }
            return String(name.split(separator: ".")[0])
        }
    }

    @Test("every target has its place, and imports only what lies below it")
    func arrows() throws {
        let sources = Self.root.appending(path: "Sources")
        for target in try FileManager.default.contentsOfDirectory(atPath: sources.path) {
            if Self.systemModules.contains(target) { continue }
            let allowed = try #require(Self.arrows[target], "\(target) has no place in the layers")
            for file in Self.swiftFiles(in: sources.appending(path: target)) {
                let imported = Set(try Self.imports(of: file))
                let forbidden = imported.intersection(Self.own).subtracting(allowed)
                #expect(forbidden.isEmpty, "\(target)/\(file.lastPathComponent) imports \(forbidden.sorted())")
                if Self.pure.contains(target) {
                    let outside = imported.subtracting(Self.own).subtracting(Self.harmless(for: target))
                    #expect(outside.isEmpty, "\(target)/\(file.lastPathComponent) imports \(outside.sorted())")
                }
            }
        }
    }

    @Test("no file is named after nothing, none is longer than 300 lines")
    func names() throws {
        for file in Self.swiftFiles(in: Self.root.appending(path: "Sources")) {
            let name = file.deletingPathExtension().lastPathComponent
            for banned in Self.bannedNames { #expect(!name.contains(banned), "\(name)") }
            let lines = try String(contentsOf: file, encoding: .utf8).split(
                separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.count <= 301, "\(name) has \(lines.count) lines")
        }
    }

    @Test("the libraries never print, never sleep on a thread, never trap on purpose")
    func leftovers() throws {
        let banned = ["fatalError(", "try!", " as! ", "TODO", "FIXME"]
        for file in Self.swiftFiles(in: Self.root.appending(path: "Sources")) {
            let text = try String(contentsOf: file, encoding: .utf8)
            for word in banned where text.contains(word) {
                Issue.record("\(file.lastPathComponent) has \(word)")
            }
        }
    }

    /// Of what is committed: the compiler leaves files with names of stray bytes beside Package.swift now and then
    /// (the expansions of macros, Swift 6.3).
    @Test("the top level holds nothing else")
    func topLevel() throws {
        let allowed: Set<String> = ["Package.swift", "Sources", "Tests", "db", "deploy", "README.md", "LICENSE"]
        let git = Process()
        let output = Pipe()
        git.executableURL = URL(filePath: "/usr/bin/env")
        git.arguments = ["git", "-C", Self.root.path, "ls-tree", "--name-only", "HEAD"]
        git.standardOutput = output
        git.standardError = FileHandle.nullDevice
        try git.run()
        let names = output.fileHandleForReading.readDataToEndOfFile()
        git.waitUntilExit()
        // A copy without its history has nothing to be asked for.
        guard git.terminationStatus == 0 else { return }
        let entries = String(decoding: names, as: UTF8.self).split(separator: "\n").filter { !$0.hasPrefix(".") }
        #expect(!entries.isEmpty && Set(entries.map(String.init)).subtracting(allowed).isEmpty)
    }
}
