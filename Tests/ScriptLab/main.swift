// Runs one hostile script, one script for its effects, or a fuzzer; the tests run it as a process of its own.
//
//     ScriptLab attack FILE --deadline 50 [--memory 64] [--load]
//     ScriptLab effects FILE [--seed N]
//     ScriptLab states
//     ScriptLab fuzz-source|fuzz-arguments [--seed N] [--runs N | --seconds N]
import Domain
import Glibc
import Scripting

func value(_ flag: String) -> String? {
    let arguments = CommandLine.arguments
    guard let index = arguments.firstIndex(of: flag), index + 1 < arguments.count else { return nil }
    return arguments[index + 1]
}

func number(_ flag: String, _ absent: Int) -> Int { value(flag).flatMap(Int.init) ?? absent }

func contents(_ path: String) -> String {
    guard let file = unsafe fopen(path, "r") else { return "" }
    defer { unsafe fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while case let count = unsafe fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
    return String(decoding: bytes, as: UTF8.self)
}

guard CommandLine.arguments.count > 1 else {
    print("ScriptLab: attack, effects, fuzz-source or fuzz-arguments expected")
    exit(2)
}
let path = CommandLine.arguments.count > 2 ? CommandLine.arguments[2] : ""
switch CommandLine.arguments[1] {
case "attack":
    let attack = Attack(
        source: contents(path), atLoad: CommandLine.arguments.contains("--load"),
        deadline: Span(nanoseconds: Int64(number("--deadline", 50)) * 1_000_000), memoryLimit: number("--memory", 64) << 20)
    print(try attack.run())
case "effects":
    print(try Effects.digest(of: contents(path), seed: UInt64(number("--seed", 1))))
case "states":
    // Memory of a thousand strategies, one after the other.
    for _ in 0..<1000 { _ = try Stand(Attack.neighbour, LuaOptions()) }
    // Not `getrusage`: its peak is inherited from the process that started this one.
    let peak = contents("/proc/self/status").split(separator: "\n").first { $0.hasPrefix("VmHWM:") }?.split(separator: " ").dropFirst().first
    print("peak=\((peak.flatMap { Int($0) } ?? 0) >> 10)")
case "fuzz-source":
    try Fuzz(seed: UInt64(number("--seed", 1)), runs: number("--runs", 0), seconds: number("--seconds", 0)).sources()
case "fuzz-arguments":
    try Fuzz(seed: UInt64(number("--seed", 1)), runs: number("--runs", 0), seconds: number("--seconds", 0)).arguments()
default:
    print("ScriptLab: unknown verb \(CommandLine.arguments[1])")
    exit(2)
}
