import Domain
import Foundation
import Testing

@testable import Scripting

/// `require`: only beside the strategy or in its libraries.
struct ModuleTests {
    private func folder(_ files: [String: String]) throws -> URL {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("perigee-\(UUID().uuidString)")
        for (name, text) in files {
            let file = root.appendingPathComponent(name)
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        return root
    }

    private func said(_ chunk: String, _ files: [String: String], roots: [String] = [""]) throws -> String {
        let root = try folder(files)
        defer { try? FileManager.default.removeItem(at: root) }
        return try say(chunk) { $0.moduleFolders = roots.map { root.appendingPathComponent($0).path } }
    }

    @Test func modulesAreFoundBesideTheStrategyThenInTheLibrary() throws {
        let files = ["own.lua": "return {x = ...}", "lib/own.lua": "return {x = 'lib'}", "lib/only.lua": "return 'only'", "a/b.lua": "return 'nested'", "none.lua": ""]
        #expect(try said("print(require('own').x, require 'only', require 'a.b', require 'none')", files, roots: ["", "lib"]) == "own\tonly\tnested\ttrue")
    }

    @Test func aModuleIsReadOnce() throws {
        let files = ["m.lua": "print('read') return {}"]
        #expect(try said("print(require('m') == require('m'))", files) == "read\ntrue")
    }

    /// Else a loop of them would fill the host's memory, which no cap of the script's counts.
    @Test func aModuleThatFailsIsNotedOnce() throws {
        let root = try folder(["bad.lua": "error('no')"])
        defer { try? FileManager.default.removeItem(at: root) }
        let bench = try Bench("for i = 1, 50 do pcall(require, 'bad') end return {}") { $0.moduleFolders = [root.path] }
        #expect(bench.strategy.modules.map(\.name) == ["bad"])
    }

    @Test func namesThatLeadOutAreRefused() throws {
        for name in ["..", "../m", "/etc/passwd", "a..b", ".m", "m.", "M", "a/b", "", "m\\0", String(repeating: "a", count: 65)] {
            #expect(try said("print(pcall(require, '\(name)'))", ["m.lua": ""]).contains("is refused"), "\(name)")
        }
        #expect(try said("print(pcall(require, 'gone'))", [:]).contains("no module 'gone'"))
    }

    @Test func linksAreNotFollowed() throws {
        let root = try folder(["real/m.lua": "return 1"])
        defer { try? FileManager.default.removeItem(at: root) }
        let real = root.appendingPathComponent("real")
        try FileManager.default.createSymbolicLink(at: root.appendingPathComponent("m.lua"), withDestinationURL: real.appendingPathComponent("m.lua"))
        try FileManager.default.createSymbolicLink(at: root.appendingPathComponent("sub"), withDestinationURL: real)
        #expect(try say("print(pcall(require, 'm'), pcall(require, 'sub.m'))") { $0.moduleFolders = [root.path] }.contains("no module 'sub.m'"))
        #expect(try say("print(pcall(require, 'm'))") { $0.moduleFolders = [root.path] }.contains("no module 'm'"))
    }

    @Test func onlyTextAndNotTooMuch() throws {
        #expect(try said("print(pcall(require, 'm'))", ["m.lua": "\u{1b}Lua"]).contains("binary chunk"))
        #expect(try said("print(pcall(require, 'm'))", ["m.lua": "--" + String(repeating: "x", count: 256 << 10)]).contains("the most is 262144"))
        #expect(try said("print(pcall(require, 'm'))", ["m.lua/x": ""]).contains("not a plain file"))
    }

    @Test func cyclesAreErrorsAndFailuresMayBeTriedAgain() throws {
        let files = ["a.lua": "return require 'b'", "b.lua": "return require 'a'", "bad.lua": "error('no')"]
        #expect(try said("print(pcall(require, 'a'))", files).contains("modules require each other: a → b → a"))
        #expect(try said("pcall(require, 'bad') print(pcall(require, 'bad'))", files).contains("bad.lua:1: no"))
    }

    @Test func modulesAreToldForTheRecord() throws {
        let root = try folder(["m.lua": "return 1"])
        defer { try? FileManager.default.removeItem(at: root) }
        let bench = try Bench("require 'm' return {}") { $0.moduleFolders = [root.path] }
        #expect(bench.strategy.modules == [LuaModule(name: "m", source: Array("return 1".utf8))])
    }
}
