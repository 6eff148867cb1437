import CFloors
import Glibc

/// Where things are: the project's root is where `make` runs this.
enum BenchFiles {
    static let strategies = "Benchmarks/strategies"
    static let bundled = "backtest-data"

    static func bytes(_ path: String) throws -> [UInt8] {
        guard let file = unsafe fopen(path, "r") else { throw BenchError("\(path): cannot be read; run from the project's root") }
        defer { unsafe fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe fread(&chunk, 1, chunk.count, file)
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    static func write(_ text: String, to path: String) throws {
        guard let file = unsafe fopen(path, "w"), unsafe fputs(text, file) >= 0, unsafe fclose(file) == 0 else {
            throw BenchError("\(path): cannot be written")
        }
    }

    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// The command beside this executable.
    static func perigee() -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let own = String(decoding: buffer.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return String(own[..<(own.lastIndex(of: "/") ?? own.startIndex)]) + "/perigee"
    }
}

/// A folder of our own that goes with us.
final class ScratchFolder {
    let path: String

    init() throws {
        let base = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
        var template = Array((base + "/perigee-bench-XXXXXX").utf8CString)
        guard let made = unsafe mkdtemp(&template) else { throw BenchError("\(base): no folder can be made there") }
        path = unsafe String(cString: made)
        unsafe bench_remove_when_stopped(path)
    }

    deinit { _ = unsafe bench_remove_folder(path) }
}
