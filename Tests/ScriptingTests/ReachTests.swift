import CLua
import Foundation
import Testing

@testable import Scripting

/// Everything that a strategy's globals lead to, hidden metatables and upvalues of C functions included, against a list.
struct ReachTests {
    static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Lua/reachable.txt")

    private final class Lines {
        var all: [String] = []
    }

    @Test func nothingButWhatTheListSays() throws {
        let bench = try Bench(
            """
            local S = {}
            function S.on_start()
              local inst = market.instrument()
              objects = { instrument = inst, order = inst:buy(0.01, 100), timer = clock.every("1s", print), indicator = ta.sma(3) }
            end
            return S
            """)
        bench.start()
        let lines = Lines()
        let status = clua_reach(bench.strategy.state, Unmanaged.passUnretained(lines).toOpaque()) { context, path, type in
            guard let context else { return }
            Unmanaged<Lines>.fromOpaque(context).takeUnretainedValue().all.append("\(String(cString: path)): \(String(cString: type))")
        }
        #expect(status == CLUA_OK)
        let known = try String(contentsOf: ReachTests.file, encoding: .utf8).split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }
        let more = lines.all.filter { !known.contains($0) }, fewer = known.filter { !lines.all.contains($0) }
        #expect(more.isEmpty, "reachable, and not in \(ReachTests.file.lastPathComponent):\n\(more.joined(separator: "\n"))")
        #expect(fewer.isEmpty, "no longer reachable:\n\(fewer.joined(separator: "\n"))")
    }
}
