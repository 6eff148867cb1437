import CLua
import Foundation
import Testing

@testable import Scripting

/// `strategies/lib/perigee.d.lua` says what the host really offers: no name more, no name less.
struct AnnotationTests {
    static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("strategies/lib/perigee.d.lua")
    let lines: [String]

    init() throws {
        lines = try String(contentsOf: AnnotationTests.file, encoding: .utf8).components(separatedBy: "\n")
    }

    private func members(_ kind: Int) -> Set<String> {
        var names: Set<String> = []
        var index = 0
        while let name = clua_member(Int32(kind), index) {
            names.insert(String(cString: name))
            index += 1
        }
        return names
    }

    private func methods(of name: String) -> Set<String> {
        Set(lines.compactMap { $0.firstMatch(of: /^function (\w+):(\w+)\(/) }.filter { $0.1 == name }.map { String($0.2) })
    }

    private func fields(of name: String) -> Set<String> {
        guard let start = lines.firstIndex(of: "---@class perigee.\(name)") else { return [] }
        return Set(lines[(start + 1)...].prefix { $0.hasPrefix("---@field") }.compactMap { $0.firstMatch(of: /^---@field (\w+)\??/).map { String($0.1) } })
    }

    @Test func itIsAMetaFile() {
        #expect(lines.first == "---@meta")
    }

    @Test func objectsHaveTheseMembers() {
        for (name, kind) in [("Instrument", CLUA_INSTRUMENT), ("Order", CLUA_ORDER), ("Bar", CLUA_BAR), ("Timer", CLUA_TIMER), ("Indicator", CLUA_INDICATOR), ("Quote", CLUA_QUOTE)] {
            #expect(fields(of: name).union(methods(of: name)) == members(kind), "\(name)")
        }
    }

    @Test func callbacksAreThese() {
        let callbacks = Set((0..<CLUA_CALLBACKS).map { String(cString: clua_callback_name(Int32($0))) })
        #expect(fields(of: "Strategy") == callbacks.union(["name", "params"]))
    }

    @Test func modulesHaveTheseFunctions() {
        let functions = Set(lines.compactMap { $0.firstMatch(of: /^function ([a-z_]+(?:\.\w+)?)\(/).map { String($0.1) } })
        let ours = SandboxTests.golden.filter { name in
            ["market.", "clock.", "account.", "log.", "ta."].contains { name.hasPrefix($0) } || ["plot", "stop"].contains(name)
        }
        #expect(functions == Set(ours))
        #expect(lines.contains("params = {}"))
    }

    @Test func theFillHasTheseFields() throws {
        let bench = try Bench("local S = {} function S.on_start() market.instrument():buy(1, 100) end function S.on_fill(_, fill) for k in pairs(fill) do print(k) end end return S")
        bench.start()
        bench.fill(1, 1, ticks: 10000, lots: 1)
        #expect(Set(bench.take()) == fields(of: "Fill"))
    }
}
