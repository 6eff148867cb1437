import Domain

/// Builds one list of instruments from those of several tapes.
struct InstrumentMerge {
    private(set) var instruments: [Instrument] = []
    private var paths: [String] = []

    /// Adds a tape's instruments; answers where each stands in the merged list.
    mutating func add(_ others: [Instrument], path: String) throws(TapeError) -> [UInt16] {
        var map: [UInt16] = []
        for other in others {
            if let place = instruments.firstIndex(where: { $0.name == other.name }) {
                if let difference = InstrumentMerge.difference(instruments[place], other) {
                    throw .conflictingInstruments(
                        instrument: other.name, path: path, otherPath: paths[place], reason: difference)
                }
                if instruments[place].dataKind == .trades { instruments[place] = other }
                map.append(UInt16(place))
            } else {
                guard instruments.count < TapeFormat.maximumInstruments else {
                    throw .badHeader(path: path, reason: "more than \(TapeFormat.maximumInstruments) instruments together")
                }
                map.append(UInt16(instruments.count))
                instruments.append(other)
                paths.append(path)
            }
        }
        return map
    }

    /// What keeps two instruments of one name from being the same; nil where nothing does.
    private static func difference(_ first: Instrument, _ second: Instrument) -> String? {
        let grid: [(name: String, first: ExactDecimal, second: ExactDecimal, flag: String)] = [
            ("tick", first.tick, second.tick, "--tick"), ("lot", first.lot, second.lot, "--lot"),
            ("size unit", first.sizeUnit, second.sizeUnit, "--lot"),
        ]
        for part in grid where part.first != part.second {
            return "its \(part.name) is \(part.second) here and \(part.first) there; import both with the same \(part.flag)"
        }
        if first.barInterval != second.barInterval {
            return "its bars are of \(second.barInterval.text) here and of \(first.barInterval.text) there"
        }
        // Trades recorded apart belong to whatever book or quotes were recorded beside them.
        let kinds = [first.dataKind, second.dataKind]
        let isSame = kinds[0] == kinds[1] || (kinds.contains(.trades) && !kinds.contains(.bars))
        return isSame ? nil : "it is made of \(second.dataKind.name) here and of \(first.dataKind.name) there"
    }
}
