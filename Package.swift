// swift-tools-version: 6.2
import PackageDescription

// Layers: vocabulary → rules → use cases → edges. An arrow only points down; Tests/StyleTests holds them.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "strikebook",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "strikebook", targets: ["strikebook"]),
        .executable(name: "Benchmarks", targets: ["Benchmarks"]),
    ],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    ],
    targets: [
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        // hiredis.pc carries a flag that SwiftPM refuses; the module map finds the library by itself.
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        // Linux's epoll, which Glibc's module leaves out, for the measuring clients.
        .systemLibrary(name: "CEpoll"),
        .systemLibrary(name: "CSecp256k1", pkgConfig: "libsecp256k1", providers: [.apt(["libsecp256k1-dev"])]),

        .target(name: "StrictJSON", swiftSettings: strict),
        // The inner loops that have to be compiled once for each instruction set.
        .target(name: "CPricing", linkerSettings: [.linkedLibrary("m")]),
        .target(name: "Pricing", dependencies: ["CPricing"], swiftSettings: strict),
        .target(
            name: "Ethereum", dependencies: ["CSecp256k1"],
            exclude: ["Wallets/WalletProbe.easm", "Wallets/FundsProbe.easm", "Wallets/assemble"],
            swiftSettings: strict),
        .target(name: "Market", dependencies: ["Ethereum", "StrictJSON"], swiftSettings: strict),
        .target(
            name: "Exchange",
            dependencies: [
                "Market", "Ethereum", "StrictJSON", "Pricing",
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ], swiftSettings: strict),
        // What both drivers stand on: a thread that waits for its socket, clocks, delays.
        .target(name: "SocketThreads", swiftSettings: strict),
        .target(
            name: "Postgres",
            dependencies: [
                "CPostgres", "SocketThreads",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ], swiftSettings: strict),
        .target(
            name: "Redis",
            dependencies: [
                "CHiredis", "SocketThreads",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ], swiftSettings: strict),
        .target(
            name: "Store",
            dependencies: [
                "Exchange", "Market", "Ethereum", "StrictJSON", "Postgres", "Redis",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ], swiftSettings: strict),
        .target(
            name: "API",
            dependencies: [
                "Exchange", "Market", "Ethereum", "StrictJSON", "Pricing",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPCompression", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),
        .target(
            name: "Feed",
            dependencies: [
                "Exchange", "Market", "Ethereum", "StrictJSON",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),
        .target(
            name: "Chain",
            dependencies: [
                "Exchange", "Market", "Ethereum", "StrictJSON",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),
        .target(
            name: "Settlement",
            dependencies: [
                "Exchange", "Market", "Ethereum", "StrictJSON",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ], swiftSettings: strict),
        .target(
            name: "PrivateServers",
            dependencies: [
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ], swiftSettings: strict),
        .executableTarget(
            name: "strikebook",
            dependencies: [
                "API", "Chain", "Feed", "Settlement", "Store", "Exchange", "Market", "Ethereum", "StrictJSON",
                "Pricing", "Postgres",
                "Redis",
                "PrivateServers",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ], swiftSettings: strict),
        .executableTarget(
            name: "Benchmarks",
            dependencies: [
                "Settlement", "Store", "Exchange", "Market", "Ethereum", "StrictJSON", "Pricing", "Postgres", "Redis",
                "PrivateServers",
                "CSecp256k1", "CEpoll",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ], exclude: ["quantlib.py"], swiftSettings: strict),

        .target(name: "TestServers", path: "Tests/TestServers", swiftSettings: strict),
        .testTarget(name: "StrictJSONTests", dependencies: ["StrictJSON"], swiftSettings: strict),
        .testTarget(
            name: "PricingTests", dependencies: ["Pricing", "CPricing"], exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "EthereumTests", dependencies: ["Ethereum", "StrictJSON"], exclude: ["Fixtures"],
            swiftSettings: strict),
        .testTarget(
            name: "MarketTests", dependencies: ["Market", "Ethereum", "StrictJSON"], exclude: ["Fixtures"],
            swiftSettings: strict),
        .testTarget(
            name: "PostgresTests",
            dependencies: [
                "Postgres", "SocketThreads", "TestServers", .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ], swiftSettings: strict),
        .testTarget(
            name: "RedisTests",
            dependencies: [
                "Redis", "TestServers", .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ], swiftSettings: strict),
        .testTarget(
            name: "PrivateServersTests",
            dependencies: [
                "PrivateServers", .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ], swiftSettings: strict),
        .testTarget(
            name: "ExchangeTests", dependencies: ["Exchange", "Market", "Ethereum", "StrictJSON", "Pricing"],
            swiftSettings: strict),
        .testTarget(
            name: "FeedTests",
            dependencies: [
                "Feed", "Exchange", "Market", "Ethereum", "StrictJSON",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),
        .testTarget(
            name: "ChainTests",
            dependencies: [
                "Chain", "Store", "Exchange", "Market", "Ethereum", "StrictJSON", "Postgres", "TestServers",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ], swiftSettings: strict),
        .testTarget(name: "StyleTests", swiftSettings: strict),
        .testTarget(
            name: "SettlementTests",
            dependencies: [
                "Settlement", "Store", "Exchange", "Market", "Ethereum", "StrictJSON", "Postgres", "TestServers",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ], swiftSettings: strict),
        .testTarget(
            name: "StoreTests",
            dependencies: [
                "Store", "Exchange", "Market", "Ethereum", "StrictJSON", "Postgres", "Redis", "TestServers",
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),
    ]
)
