public import Domain

/// Reads and writes the body of a tape's header: metadata, then instruments, all as pairs of texts, so that fields may be added.
enum HeaderCodec {
    struct BadBody: Error { let message: String }

    static func encode(instruments: [Instrument], metadata: [(key: String, value: String)]) -> [UInt8] {
        var writer = ByteWriter()
        writer.pairs(metadata)
        writer.uint32(instruments.count)
        for instrument in instruments { writer.pairs(fields(of: instrument)) }
        return writer.bytes
    }

    static func decode(
        _ bytes: [UInt8]
    ) throws(BadBody) -> (instruments: [Instrument], metadata: [(key: String, value: String)]) {
        var reader = ByteReader(bytes: bytes)
        let metadata = try reader.pairs()
        let count = try reader.uint32()
        guard count <= TapeFormat.maximumInstruments else { throw BadBody(message: "\(count) instruments are too many") }
        var instruments: [Instrument] = []
        for _ in 0..<count { instruments.append(try instrument(from: try reader.pairs())) }
        guard reader.isAtEnd else { throw BadBody(message: "bytes are left over after the instruments") }
        return (instruments, metadata)
    }

    private static func fields(of instrument: Instrument) -> [(key: String, value: String)] {
        [
            ("venue", instrument.venue), ("symbol", instrument.symbol), ("native_symbol", instrument.nativeSymbol),
            ("base", instrument.base), ("quote", instrument.quote),
            ("tick", instrument.tick.description), ("lot", instrument.lot.description),
            ("size_unit", instrument.sizeUnit.description),
            ("min_quantity_lots", String(instrument.minQuantity.lots)),
            ("min_notional", instrument.minNotional.description),
            ("maker_fee", instrument.makerFee.description), ("taker_fee", instrument.takerFee.description),
            ("bar_interval_ns", String(instrument.barInterval.nanoseconds)),
            ("data_kind", instrument.dataKind.name),
        ]
    }

    private static func instrument(from pairs: [(key: String, value: String)]) throws(BadBody) -> Instrument {
        func text(_ key: String) throws(BadBody) -> String {
            guard let pair = pairs.first(where: { $0.key == key }) else {
                throw BadBody(message: "an instrument without \(key)")
            }
            return pair.value
        }
        func decimal(_ key: String) throws(BadBody) -> ExactDecimal {
            let text = try text(key)
            guard let value = try? ExactDecimal(text) else { throw BadBody(message: "\(key) is '\(text)', not a decimal") }
            return value
        }
        func integer(_ key: String) throws(BadBody) -> Int64 {
            let text = try text(key)
            guard let value = Int64(text), value >= 0 else {
                throw BadBody(message: "\(key) is '\(text)', not a whole number of zero or more")
            }
            return value
        }
        let kindName = try text("data_kind")
        guard let dataKind = DataKind.all.first(where: { $0.name == kindName }) else {
            throw BadBody(message: "data_kind is '\(kindName)'")
        }
        guard let minNotional = Amount(try decimal("min_notional")) else { throw BadBody(message: "min_notional is too fine") }
        do {
            return try Instrument(
                venue: text("venue"), symbol: text("symbol"), nativeSymbol: text("native_symbol"),
                base: text("base"), quote: text("quote"), tick: decimal("tick"), lot: decimal("lot"),
                sizeUnit: decimal("size_unit"), minQuantity: Quantity(lots: integer("min_quantity_lots")),
                minNotional: minNotional, makerFee: decimal("maker_fee"), takerFee: decimal("taker_fee"),
                barInterval: Span(nanoseconds: integer("bar_interval_ns")), dataKind: dataKind)
        } catch let error as Instrument.BadGrid {
            throw BadBody(message: error.message)
        } catch let error as BadBody {
            throw error
        } catch {
            throw BadBody(message: "\(error)")
        }
    }
}

extension DataKind {
    static let all: [DataKind] = [.level2, .quotes, .bars, .level3, .trades]

    /// As a tape's header spells it.
    public var name: String {
        switch self {
        case .level2: "level2"
        case .quotes: "quotes"
        case .bars: "bars"
        case .level3: "level3"
        case .trades: "trades"
        }
    }
}

/// Appends little-endian numbers and counted texts.
struct ByteWriter {
    var bytes: [UInt8] = []

    mutating func uint32(_ value: Int) {
        for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    mutating func pairs(_ pairs: [(key: String, value: String)]) {
        uint32(pairs.count)
        for pair in pairs {
            for text in [pair.key, pair.value] {
                uint32(text.utf8.count)
                bytes.append(contentsOf: text.utf8)
            }
        }
    }
}

/// Reads what ``ByteWriter`` wrote.
struct ByteReader {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func uint32() throws(HeaderCodec.BadBody) -> Int {
        guard bytes.count - position >= 4 else { throw HeaderCodec.BadBody(message: "the header ends early") }
        defer { position += 4 }
        var value = 0
        for place in (0..<4).reversed() { value = value << 8 | Int(bytes[position + place]) }
        return value
    }

    mutating func text() throws(HeaderCodec.BadBody) -> String {
        let count = try uint32()
        guard bytes.count - position >= count else { throw HeaderCodec.BadBody(message: "the header ends early") }
        defer { position += count }
        guard let text = String(validating: bytes[position..<(position + count)], as: UTF8.self) else {
            throw HeaderCodec.BadBody(message: "a text is not UTF-8")
        }
        return text
    }

    mutating func pairs() throws(HeaderCodec.BadBody) -> [(key: String, value: String)] {
        let count = try uint32()
        guard count <= bytes.count / 8 else { throw HeaderCodec.BadBody(message: "the header ends early") }
        var pairs: [(key: String, value: String)] = []
        for _ in 0..<count {
            let key = try text()
            pairs.append((key, try text()))
        }
        return pairs
    }
}
