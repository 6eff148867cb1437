import Domain

/// Where an import's records go: a tape, or a list in tests.
protocol RecordSink: AnyObject {
    func append(_ record: MarketRecord) throws(ImportError)
}

/// Keeps the records in memory.
final class RecordList: RecordSink {
    private(set) var records: [MarketRecord] = []
    func append(_ record: MarketRecord) { records.append(record) }
}
