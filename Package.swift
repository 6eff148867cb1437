// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target of the house is compiled under these rules; `docs/architecture.md` says why.
let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .strictMemorySafety(),
    .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
]
let tests: [SwiftSetting] = [.swiftLanguageMode(.v6)]

let package = Package(
    name: "perigee",
    products: [.executable(name: "perigee", targets: ["perigee"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        // Row 0 and 1: words and limits.
        .target(name: "Domain", swiftSettings: house),
        .target(name: "Risk", dependencies: ["Domain"], swiftSettings: house),
        .target(name: "JSON", dependencies: ["Domain"], swiftSettings: house),
        .target(name: "FIX", dependencies: ["Domain"], swiftSettings: house),
        .target(
            name: "TLS", dependencies: ["COpenSSL", .product(name: "NIOCore", package: "swift-nio")], swiftSettings: house),
        // Row 2: the engine, the simulated exchange, and the system's libraries behind small C shims.
        .target(name: "Trading", dependencies: ["Domain", "Risk"], swiftSettings: house),
        .target(name: "Exchange", dependencies: ["Domain"], path: "sim/Exchange", swiftSettings: house),
        .target(name: "Market", dependencies: ["Domain"], path: "sim/Market", swiftSettings: house),
        .target(name: "CLua", cSettings: [.unsafeFlags(["-O2"])], linkerSettings: [.linkedLibrary("lua5.4")]),
        .target(
            name: "COpenSSL", cSettings: [.unsafeFlags(["-O2"])],
            linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
        .target(name: "CChecksum", cSettings: [.unsafeFlags(["-O2"])]),
        .target(name: "CZlib", linkerSettings: [.linkedLibrary("z")]),
        .target(
            name: "Transport",
            dependencies: [
                "Domain", "JSON", "TLS",
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: house),
        // Row 3: tapes, scripts, reports, and the venues' protocols.
        .target(name: "Tape", dependencies: ["Domain", "JSON", "CChecksum", "COpenSSL", "CZlib"], swiftSettings: house),
        .target(name: "Scripting", dependencies: ["Domain", "Trading", "CLua"], swiftSettings: house),
        .target(name: "Report", dependencies: ["Domain"], swiftSettings: house),
        // What every run writes, and the venues' protocols.
        .target(name: "Recording", dependencies: ["Domain", "Risk", "Trading", "Tape", "Report"], swiftSettings: house),
        .target(
            name: "Venues",
            dependencies: [
                "Domain", "JSON", "FIX", "TLS", "Transport",
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: house),
        .target(
            name: "VenueSim",
            dependencies: [
                "Domain", "JSON", "TLS", "Transport", "Exchange", "Market",
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            path: "sim/VenueSim", swiftSettings: house),
        .target(
            name: "Live",
            dependencies: [
                "Domain", "Risk", "Trading", "Exchange", "Tape", "Report", "Recording", "JSON", "Transport", "TLS", "Venues", "CChecksum",
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: house),
        // Row 4 and 5: who calls the engine.
        .target(
            name: "Backtesting",
            dependencies: ["Domain", "Risk", "Trading", "Exchange", "Tape", "Report", "Recording"],
            swiftSettings: house),
        .target(
            name: "Configuration", dependencies: ["Domain", "Risk", .product(name: "TOMLKit", package: "TOMLKit")],
            swiftSettings: house),
        .executableTarget(
            name: "perigee",
            dependencies: [
                "Domain", "Risk", "Trading", "Exchange", "Market", "Tape", "Scripting", "Report", "Recording", "Backtesting", "Configuration",
                "JSON", "TLS", "Transport", "Venues", "VenueSim", "Live",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "TOMLKit", package: "TOMLKit"),
            ],
            exclude: ["BacktestOnly"], swiftSettings: house),
        // What `make bench` runs.
        .target(
            name: "CFloors", path: "Benchmarks/CFloors", cSettings: [.unsafeFlags(["-O3"])], linkerSettings: [.linkedLibrary("lua5.4")]),
        .executableTarget(
            name: "PerigeeBench",
            dependencies: ["CFloors", "Domain", "Risk", "Trading", "Exchange", "Tape", "Scripting", "Backtesting"],
            path: "Benchmarks/Bench", swiftSettings: house),
        // Hostile scripts, each in a process of its own, and fuzzers; and the system's Lua as it is, to compare ours with.
        .executableTarget(
            name: "ScriptLab", dependencies: ["Domain", "Risk", "Trading", "Scripting", "CLua"], path: "Tests/ScriptLab", exclude: ["hundred.sh"],
            swiftSettings: house),
        .executableTarget(name: "LibraryCost", dependencies: ["CLua", "StockLua"], path: "Benchmarks/LibraryCost", cSettings: [.unsafeFlags(["-O2"])]),
        .target(name: "StockLua", path: "Tests/StockLua", linkerSettings: [.linkedLibrary("lua5.4")]),
        // What `make bench-live` runs.
        .executableTarget(
            name: "PerigeeLiveBench",
            dependencies: [
                "Domain", "Exchange", "TLS", "VenueSim", .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Benchmarks/LiveBench", swiftSettings: house),
        // Tests, one folder a target.
        .testTarget(name: "DomainTests", dependencies: ["Domain"], swiftSettings: tests),
        .testTarget(name: "JSONTests", dependencies: ["Domain", "JSON"], swiftSettings: tests),
        .testTarget(name: "FIXTests", dependencies: ["Domain", "FIX"], exclude: ["Fixtures", "Interoperation/acceptor.py"], swiftSettings: tests),
        .testTarget(
            name: "TLSTests",
            dependencies: [
                "TLS", "COpenSSL", .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            swiftSettings: tests),
        .testTarget(
            name: "TransportTests",
            dependencies: [
                "Domain", "JSON", "TLS", "Transport", .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            swiftSettings: tests),
        .testTarget(
            name: "VenuesTests",
            dependencies: [
                "Domain", "JSON", "FIX", "TLS", "Transport", "Venues", .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            exclude: ["Fixtures"], swiftSettings: tests),
        .testTarget(name: "RiskTests", dependencies: ["Domain", "Risk"], swiftSettings: tests),
        .testTarget(name: "ConfigurationTests", dependencies: ["Domain", "Risk", "Configuration"], swiftSettings: tests),
        .testTarget(name: "TradingTests", dependencies: ["Domain", "Risk", "Trading"], swiftSettings: tests),
        .testTarget(name: "ExchangeTests", dependencies: ["Domain", "Exchange"], swiftSettings: tests),
        .testTarget(
            name: "MarketTests",
            dependencies: ["Domain", "Market", "Tape", .product(name: "TOMLKit", package: "TOMLKit")],
            swiftSettings: tests),
        .testTarget(name: "TapeTests", dependencies: ["Domain", "JSON", "Tape", "CChecksum", "CZlib"], swiftSettings: tests),
        .testTarget(
            name: "ScriptingTests", dependencies: ["Domain", "Risk", "Trading", "Scripting", "CLua", "StockLua", "ScriptLab"],
            exclude: ["Lua"], swiftSettings: tests),
        .testTarget(
            name: "RecordingTests", dependencies: ["Domain", "Risk", "Trading", "Tape", "Report", "Recording"], swiftSettings: tests),
        .testTarget(name: "ReportTests", dependencies: ["Domain", "Report"], swiftSettings: tests),
        .testTarget(
            name: "BacktestingTests",
            dependencies: ["Domain", "Risk", "Trading", "Exchange", "Tape", "Report", "Scripting", "Backtesting"],
            swiftSettings: tests),
        .testTarget(
            name: "StrategyTests",
            dependencies: ["Domain", "Risk", "Trading", "Exchange", "Tape", "Scripting", "Backtesting"],
            swiftSettings: tests),
        .testTarget(
            name: "LiveTests",
            dependencies: [
                "Domain", "Risk", "Trading", "Exchange", "Recording", "Venues", "Live", "VenueSim", "TLS", "Transport", "Configuration", "perigee",
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: tests),
        // The desk in a simulated world: faults, crashes and time from one seed.
        .testTarget(
            name: "DeskTests", dependencies: ["Domain", "Risk", "Trading", "Scripting", "Recording", "Venues", "Live"], swiftSettings: tests),
        // The real connectors against the simulated venues.
        .testTarget(
            name: "ConformanceTests",
            dependencies: [
                "Domain", "Exchange", "TLS", "Transport", "Venues", "VenueSim", "Live", .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: tests),
        .testTarget(name: "HouseRulesTests", swiftSettings: tests),
        .testTarget(name: "CommandLineTests", dependencies: ["perigee"], swiftSettings: tests),
    ]
)

/// `PERIGEE_TESTS=VenuesTests,TLSTests swift test`: only these test targets are built, which while working on one target saves most of the wait.
if let wanted = Context.environment["PERIGEE_TESTS"]?.split(separator: ",").map(String.init) {
    package.targets.removeAll { $0.type == .test && !wanted.contains($0.name) }
}

/// `PERIGEE_PARTS=backtest swift build -c release --product perigee`: without the verbs that need venues, and without what only they need.
/// The first step of `make demo`; a build of everything into the same folder compiles only what is missing.
if let parts = Context.environment["PERIGEE_PARTS"] {
    precondition(parts == "backtest", "PERIGEE_PARTS: found \"\(parts)\", expected \"backtest\", or nothing for everything")
    let kept: Set = [
        "Domain", "Risk", "JSON", "Trading", "Exchange", "CLua", "COpenSSL", "CChecksum", "CZlib", "Tape", "Scripting", "Report", "Recording",
        "Backtesting", "Configuration", "perigee",
    ]
    package.targets.removeAll { !kept.contains($0.name) }
    package.dependencies.removeAll { if case .sourceControl(_, let location, _) = $0.kind { location.hasSuffix("/swift-nio") } else { false } }
    for target in package.targets where target.name == "perigee" {
        target.exclude = ["Live", "Kill", "Sim"]
        target.dependencies.removeAll { if case .byNameItem(let name, _) = $0 { !kept.contains(name) } else { false } }
    }
}
