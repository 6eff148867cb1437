internal import Domain
internal import JSON

/// Answers of the public REST methods; pushes of the same data have the same elements.
enum CryptoComPublic {
    /// `public/get-book`, in both shapes that the venue documents.
    static func book(_ result: Bytes, _ grids: InstrumentGrids) throws -> BookData {
        var found: BookData?
        try data(of: result) { reader in found = try BookData(cryptocom: &reader, grids) }
        guard let found else { throw MarketFault(why: "an answer without a book") }
        return found
    }

    static func trades(_ result: Bytes, _ grids: InstrumentGrids) throws -> [TradeData] {
        var list: [TradeData] = []
        try data(of: result) { reader in list.append(try TradeData(cryptocom: &reader, grids)) }
        return list
    }

    static func tickers(_ result: Bytes) throws -> [CryptoComTicker] {
        var list: [CryptoComTicker] = []
        try data(of: result) { reader in list.append(try CryptoComTicker(&reader)) }
        return list
    }

    static func candles(_ result: Bytes) throws -> [CryptoComCandle] {
        var list: [CryptoComCandle] = []
        try data(of: result) { reader in list.append(try CryptoComCandle(&reader)) }
        return list
    }

    /// Each element of `data`, or the result itself where there is none.
    private static func data(of result: Bytes, _ body: (inout JSONReader) throws -> Void) throws {
        var reader = JSONReader(result)
        var fields = JSONFields(["data"])
        try reader.beginObject()
        guard try fields.next(in: &reader) != nil else {
            var whole = JSONReader(result)
            return try body(&whole)
        }
        try reader.eachElement { (inner: inout JSONReader) throws in try body(&inner) }
    }
}
