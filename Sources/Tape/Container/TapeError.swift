/// What can go wrong with a tape; every case names the file, and where in it.
public enum TapeError: Error, Hashable, Sendable {
    /// The operating system refused.
    case system(path: String, operation: String, reason: String)
    case notATape(path: String, reason: String)
    case unsupportedVersion(path: String, found: Int, expected: Int)
    /// A checksum or a rule of the format is broken before the tail. `block` is nil in the file's header.
    case damaged(path: String, block: Int?, offset: Int, reason: String)
    /// A record handed to the writer goes back in time.
    case outOfOrder(path: String, record: Int, instrument: String, clock: String, time: Int64, previous: Int64)
    /// A record handed to the writer that no tape may hold.
    case badRecord(path: String, record: Int, reason: String)
    case badHeader(path: String, reason: String)
    /// The same instrument stands in two tapes with different constants.
    case conflictingInstruments(instrument: String, path: String, otherPath: String, reason: String)
    /// Another process writes this file.
    case busy(path: String)
    /// The writer was finished, or an earlier write failed.
    case closed(path: String)
    case noTapes
}

extension TapeError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .system(let path, let operation, let reason): "\(path): cannot \(operation): \(reason)"
        case .notATape(let path, let reason): "\(path): not a tape: \(reason)"
        case .unsupportedVersion(let path, let found, let expected):
            "\(path): a tape of format version \(found); this program reads version \(expected)"
        case .damaged(let path, let block, let offset, let reason):
            "\(path): damaged in \(block.map { "block \($0)" } ?? "the header") at byte \(offset): \(reason)"
        case .outOfOrder(let path, let record, let instrument, let clock, let time, let previous):
            "\(path): record \(record) (\(instrument)): \(clock) time \(time) is before \(previous), the one before it"
        case .badRecord(let path, let record, let reason): "\(path): record \(record): \(reason)"
        case .badHeader(let path, let reason): "\(path): \(reason)"
        case .conflictingInstruments(let instrument, let path, let otherPath, let reason):
            "\(path): \(instrument) differs from the one in \(otherPath): \(reason)"
        case .busy(let path): "\(path): another process is writing this file"
        case .closed(let path): "\(path): the tape is closed for writing"
        case .noTapes: "no tape given"
        }
    }
}
