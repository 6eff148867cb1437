public import Domain

/// Walks over everything on one tape in the order in which it was written, market and variable records, one at a time.
///
/// In memory are one block of each kind, whatever the length of the tape.
public final class TapeSequence {
    public enum Item {
        case market(MarketRecord)
        case variable(VariableRecord)
    }

    private let reader: TapeReader
    private let market: FileCursor
    /// Market records handed out so far.
    private var position = 0
    private var block = -1
    private var row = 0
    private var records: [VariableRecord] = []
    /// Variable records that stand behind market records which a crash took away: they and what follows are left out.
    public private(set) var isCutShort = false

    public init(_ reader: TapeReader) throws(TapeError) {
        self.reader = reader
        market = try FileCursor(reader)
        try loadVariables()
    }

    /// The next record; nil at the end.
    ///
    /// - Throws: `damaged`, with block and offset.
    public func next() throws(TapeError) -> Item? {
        if row < records.count, records[row].position <= position || market.current == nil {
            guard records[row].position == position else { return try misplaced(records[row]) }
            let record = records[row]
            row += 1
            if row == records.count { try loadVariables() }
            return .variable(record)
        }
        guard let record = market.current else { return nil }
        position += 1
        try market.advance()
        return .market(record)
    }

    private func misplaced(_ record: VariableRecord) throws(TapeError) -> Item? {
        if record.position > position, reader.tornTail != nil {
            isCutShort = true
            return nil
        }
        throw reader.store.damage(
            reader.header(block), "a variable record stands behind market record \(record.position), but \(position) came before it")
    }

    private func loadVariables() throws(TapeError) {
        (row, records) = (0, [])
        while block + 1 < reader.blockCount {
            block += 1
            guard reader.header(block).kind == .variable else { continue }
            records = try reader.store.variableRecords(block)
            return
        }
    }
}
