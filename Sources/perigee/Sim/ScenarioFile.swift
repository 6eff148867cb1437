import Configuration
import Domain
import Glibc
import Market
import TOMLKit

/// A scenario file as a flat list of settings, and where each stands.
struct ScenarioFile {
    let path: String
    private(set) var settings: [ScenarioSetting] = []
    private let lines: KeyLines

    init(path: String) throws {
        self.path = path
        guard let text = try ScenarioFile.read(path) else {
            throw Failure(.usage, "\(path): cannot be read: \(unsafe String(cString: strerror(errno))); a scenario file was expected")
        }
        lines = KeyLines(text)
        do {
            try ScenarioFile.flatten(TOMLTable(string: text), prefix: "", file: path, into: &settings)
        } catch let error as TOMLParseError {
            throw Failure(.usage, "\(path): line \(error.source.begin.line): \(error.description)")
        }
    }

    /// Puts a flag's value in place of the file's.
    mutating func override(_ key: String, with value: ScenarioSetting.Value?) {
        guard let value else { return }
        settings.removeAll { $0.key == key }
        settings.append(ScenarioSetting(key, value))
    }

    /// What is wrong, as the user is told: file, line, key.
    func failure(_ error: ScenarioError) -> Failure {
        var place = ""
        for part in error.key.split(separator: ".") {
            if let index = Int(part) { place += "[\(index + 1)]" } else { place += place.isEmpty ? String(part) : ".\(part)" }
        }
        let line = lines.line(of: place).map { ":\($0)" } ?? ""
        return Failure(.usage, "\(path)\(line): \(error.key) \(error.message)")
    }

    private static func flatten(
        _ table: TOMLTable, prefix: String, file: String, into settings: inout [ScenarioSetting]
    ) throws {
        for key in table.keys {
            guard let value = table[key] else { continue }
            try flatten(value, key: prefix + key, file: file, into: &settings)
        }
    }

    private static func flatten(
        _ value: any TOMLValueConvertible, key: String, file: String, into settings: inout [ScenarioSetting]
    ) throws {
        if let table = value.table {
            try flatten(table, prefix: key + ".", file: file, into: &settings)
        } else if let array = value.array {
            for (index, item) in array.enumerated() { try flatten(item, key: "\(key).\(index)", file: file, into: &settings) }
        } else if let flag = value.bool {
            settings.append(ScenarioSetting(key, .truth(flag)))
        } else if let number = value.int {
            settings.append(ScenarioSetting(key, .integer(Int64(number))))
        } else if let number = value.double {
            settings.append(ScenarioSetting(key, .number(number)))
        } else if let text = value.string {
            settings.append(ScenarioSetting(key, .text(text)))
        } else {
            throw Failure(.usage, "\(file): \(key) is a date; write times as strings (\"2024-03-04T13:00:00Z\")")
        }
    }

    private static func read(_ path: String) throws -> String? {
        guard let file = unsafe fopen(path, "rb") else { return nil }
        defer { unsafe fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe fread(&chunk, 1, chunk.count, file)
            if count == 0 { break }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= 1 << 20 else { throw Failure(.usage, "\(path): is larger than 1 MiB; a scenario file was expected") }
        }
        if unsafe ferror(file) != 0 { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
