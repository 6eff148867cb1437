import Domain
import JSON
import Testing

@testable import Tape

/// The recorded data beside the project, and the figures that were computed from it independently.
enum Recorded {
    static let folder = #filePath.split(separator: "/").dropLast(4).reduce("") { $0 + "/" + $1 } + "/../shared/data/"
    nonisolated(unsafe) static let truth: [String: [String: Any]] = {  // house-ok: written once, only read after
        let bytes = TemporaryFolder.read(folder + "truth.json")
        let parsed = Bytes.with(bytes) { text -> Any? in
            var reader = JSONReader(text)
            return try? value(&reader)
        }
        return parsed as? [String: [String: Any]] ?? [:]
    }()

    private static func value(_ reader: inout JSONReader) throws -> Any {
        switch try reader.peek() {
        case .object:
            var result: [String: Any] = [:]
            try reader.beginObject()
            while let key = try reader.nextKey() { result[key.decoded() ?? ""] = try value(&reader) }
            return result
        case .array:
            var result: [Any] = []
            try reader.beginArray()
            while try reader.nextElement() { result.append(try value(&reader)) }
            return result
        case .string: return try reader.string().decoded() ?? ""
        case .number:
            let number = try reader.number()
            return number.integer.map { Int($0) as Any } ?? number.text
        case .bool: return try reader.bool()
        case .null:
            try reader.null()
            return "null"
        }
    }

    static let isThere = !truth.isEmpty
    static let absent: Comment = "the recorded data is not beside the project (../shared/data): skipped"

    static func path(_ name: String) -> String { folder + name }

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

extension TemporaryFolder {
    func file(_ name: String, _ text: String) -> String { write(text.utf8, to: name) }
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
