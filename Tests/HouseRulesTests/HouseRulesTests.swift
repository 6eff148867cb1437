import Foundation
import Testing

/// The rules of `docs/architecture.md` that a machine can check. An exception is written at the line: `// house-ok: why`.
struct HouseRulesTests {
    let tree = SourceTree()

    /// What each target may import of ours, and of others.
    static let imports: [String: Set<String>] = [
        "Domain": ["Glibc"],
        "Risk": ["Domain"],
        "JSON": ["Domain"],
        "FIX": ["Domain"],
        "TLS": ["COpenSSL", "NIOCore", "Glibc"],
        "Transport": ["Domain", "JSON", "TLS", "NIOCore", "NIOPosix", "NIOHTTP1", "Glibc"],
        "Trading": ["Domain", "Risk", "Glibc"],
        "Exchange": ["Domain", "Glibc"],
        "Market": ["Domain", "Glibc"],
        "Tape": ["Domain", "JSON", "CZlib", "COpenSSL", "CChecksum", "Foundation", "Glibc", "Synchronization"],
        "Scripting": ["Domain", "Trading", "CLua", "Glibc", "Foundation", "Synchronization"],
        "Venues": ["Domain", "JSON", "FIX", "TLS", "Transport", "NIOCore", "NIOHTTP1", "Glibc", "Synchronization"],
        "VenueSim": ["Domain", "JSON", "TLS", "Transport", "Exchange", "Market", "NIOCore", "NIOHTTP1", "Glibc"],
        "Report": ["Domain", "Dispatch", "Glibc", "Synchronization"],
        "Recording": ["Domain", "Risk", "Trading", "Tape", "Report"],
        "Live": [
            "Domain", "Risk", "Trading", "Exchange", "Tape", "Report", "Recording", "JSON", "Transport", "TLS", "Venues", "CChecksum", "NIOCore",
            "NIOPosix", "NIOHTTP1", "Glibc", "Synchronization",
        ],
        "Configuration": ["Domain", "Risk", "TOMLKit", "Glibc"],
        "Backtesting": ["Domain", "Risk", "Trading", "Exchange", "Tape", "Report", "Recording"],
        "perigee": [
            "Domain", "Risk", "Trading", "Exchange", "Market", "Tape", "Scripting", "Report", "Recording", "Backtesting", "Configuration",
            "Live", "Venues", "VenueSim", "Transport", "TLS", "NIOCore", "NIOPosix", "ArgumentParser", "TOMLKit", "Dispatch", "Foundation", "Glibc", "Synchronization",
        ],
        "LiveBench": ["Domain", "Exchange", "TLS", "VenueSim", "NIOCore", "NIOPosix", "Glibc"],
        "Bench": ["Domain", "Risk", "Trading", "Exchange", "Tape", "Scripting", "Backtesting", "CFloors", "Glibc"],
    ]
    static let pure: Set<String> = ["Domain", "JSON", "FIX", "Risk", "Trading", "Exchange", "Market"]

    @Test func everyTargetImportsOnlyWhatLiesBelowIt() {
        var wrong: [String] = []
        for file in tree.files {
            guard let allowed = HouseRulesTests.imports[file.target] else {
                wrong.append("\(file.path): the target \(file.target) has no line in this test")
                continue
            }
            for (index, line) in file.lines.enumerated() {
                guard let match = line.firstMatch(of: /^(?:public |package |internal )?(?:@\w+ )*import (?:\w+ )?(\w+)/) else { continue }
                if !allowed.contains(String(match.1)) { wrong.append("\(file.path):\(index + 1): imports \(match.1)") }
            }
        }
        #expect(wrong.isEmpty, "\(wrong.joined(separator: "\n"))")
    }

    @Test func pureTargetsReadNoClockAndNoChance() {
        let pattern = /\bDate\(\)|\bTask\b|\basync\b|\bawait\b|SystemRandomNumberGenerator|\.random\(|\bgetenv\b|clock_gettime|\btime\(nil/
        let wrong = tree.files.filter { HouseRulesTests.pure.contains($0.target) }.flatMap { $0.violations(of: pattern) }
        #expect(wrong.isEmpty, "\(wrong.joined(separator: "\n"))")
    }

    @Test func noMoneyInDoubles() {
        let money: Set<String> = ["Domain", "Risk"]
        let wrong = tree.files.filter { file in
            money.contains(file.target)
                || file.target == "Trading" && !file.path.contains("/Indicators/")
        }.flatMap { $0.violations(of: /\b(?:Double|Float|CGFloat)\b/) }
        #expect(wrong.isEmpty, "\(wrong.joined(separator: "\n"))")
    }

    @Test func nothingTrapsOrEscapesTheCompilerWithoutAReason() {
        let pattern = /\btry!|@unchecked Sendable|nonisolated\(unsafe\)|\bfatalError\(|\bTODO\b|\bFIXME\b|\busleep\(|Task\.sleep|\bas!/
        let wrong = tree.files.flatMap { $0.violations(of: pattern) }
        #expect(wrong.isEmpty, "\(wrong.joined(separator: "\n"))")
    }

    @Test func filesHoldOneIdea() {
        let wrong = tree.files.filter { $0.lines.count > 401 }.map { "\($0.path): \($0.lines.count) lines" }
        #expect(wrong.isEmpty, "\(wrong.joined(separator: "\n"))")
    }

    @Test func functionsFitOnAScreen() {
        var wrong: [String] = []
        for file in tree.files {
            var index = 0
            while index < file.lines.count {
                defer { index += 1 }
                guard SourceTree.File.code(file.lines[index]).contains(/\bfunc \w+|\binit[?]?[(<]|\bdeinit \{/), !file.allows(index) else { continue }
                let length = bodyLength(file, from: index)
                if length > 52 { wrong.append("\(file.path):\(index + 1): \(length) lines") }
            }
        }
        #expect(wrong.isEmpty, "\(wrong.joined(separator: "\n"))")
    }

    /// Lines from a declaration to its closing brace; 0 where it has no body.
    private func bodyLength(_ file: SourceTree.File, from start: Int) -> Int {
        var depth = 0
        var opened = false
        for index in start..<file.lines.count {
            for character in SourceTree.File.code(file.lines[index]) {
                if character == "{" {
                    depth += 1
                    opened = true
                } else if character == "}" {
                    depth -= 1
                }
            }
            if opened, depth <= 0 { return index - start + 1 }
            if !opened, index > start + 8 { return 0 }
        }
        return 0
    }

    @Test func everyFileOfOursIsRead() {
        let targets = Set(tree.files.map(\.target))
        #expect(targets.isSuperset(of: ["Domain", "Risk", "Trading", "Exchange", "Tape", "Scripting", "Report", "Backtesting", "perigee"]))
    }

    @Test func noPathOfOneMachineIsInTheProject() {
        let wrong = tree.files.flatMap { $0.violations(of: /\/root\/|\/home\/|\/work\//) }
        #expect(wrong.isEmpty, "\(wrong.joined(separator: "\n"))")
    }
}
