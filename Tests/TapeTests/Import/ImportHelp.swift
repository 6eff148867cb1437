import Domain
import Foundation
import Testing

@testable import Tape

/// The recorded data beside the project, and the figures that were computed from it independently.
enum Recorded {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../../../shared/data").standardized
    nonisolated(unsafe) static let truth: [String: [String: Any]] = {
        guard let data = try? Data(contentsOf: folder.appendingPathComponent("truth.json")),
            let json = try? JSONSerialization.jsonObject(with: data) as? [String: [String: Any]]
        else { return [:] }
        return json
    }()
    static let isThere = !truth.isEmpty
    static let absent: Comment = "the recorded data is not beside the project (../shared/data): skipped"

    static func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    /// A value of the truth by its path.
    static func value<T>(_ file: String, _ keys: String...) -> T? {
        var current: Any? = truth[file]
        for key in keys { current = (current as? [String: Any])?[key] }
        return current as? T
    }
}

/// An import into memory.
struct Imported {
    let instruments: [Instrument]
    let records: [MarketRecord]
    let summary: ImportSummary
    let metadata: [(key: String, value: String)]

    init(_ options: ImportOptions) throws {
        let list = RecordList()
        var instruments: [Instrument] = []
        var metadata: [(key: String, value: String)] = []
        summary = try Importer.run(options) { found, facts throws(ImportError) in
            (instruments, metadata) = (found, facts)
            return list
        }
        (self.instruments, self.metadata, records) = (instruments, metadata, list.records)
    }

    init(_ format: ImportFormat, _ inputs: [String], _ change: (inout ImportOptions) -> Void = { _ in }) throws {
        var options = ImportOptions(format: format, inputs: inputs)
        change(&options)
        try self.init(options)
    }

    func statistics(_ symbol: String? = nil) throws -> InstrumentStatistics {
        var all = TapeStatistics(instruments)
        for record in records { all.add(record) }
        return try #require(all.instruments.first { symbol == nil || $0.instrument.symbol == symbol || $0.instrument.nativeSymbol == symbol })
    }

    func note(_ key: String) -> Int { summary.notes.first { $0.key == key }?.value ?? 0 }
}

/// Files of one test, removed with it.
final class Scratch {
    let folder: URL
    init() {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("perigee-import-\(UUID().uuidString)")
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(at: folder) }

    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    func file(_ name: String, _ text: String) throws -> String { try file(name, Array(text.utf8)) }

    func file(_ name: String, _ bytes: [UInt8]) throws -> String {
        try Data(bytes).write(to: folder.appendingPathComponent(name))
        return path(name)
    }
}

/// What an import said instead of making a tape.
func refusal(_ format: ImportFormat, _ inputs: [String], _ change: (inout ImportOptions) -> Void = { _ in }) -> String {
    do {
        let result = try Imported(format, inputs, change)
        return "imported \(result.records.count) records"
    } catch let error as ImportError {
        return error.message
    } catch {
        return "another error: \(error)"
    }
}
