internal import Domain

/// Finds the instrument that a script means by a text.
struct SymbolTable {
    private let instruments: [Instrument]
    private let currency: String

    init(_ instruments: [Instrument], currency: String) {
        self.instruments = instruments
        self.currency = currency
    }

    struct Unknown: Error {
        let message: String
    }

    /// The only instrument.
    func only() throws(Unknown) -> Int {
        if instruments.count == 1 { return 0 }
        throw Unknown(message: "market.instrument() needs a symbol: this run has \(instruments.count) instruments, \(list)")
    }

    /// `BTC_USDT`, `cryptocom:BTC_USDT`, the venue's own spelling, or a symbol without `_` that is quoted in the currency.
    func find(_ text: String) throws(Unknown) -> Int {
        if let colon = text.firstIndex(of: ":"), instruments.contains(where: { $0.venue == text[..<colon] }) {
            let venue = String(text[..<colon])
            return try find(String(text[text.index(after: colon)...]), at: venue, as: text)
        }
        return try find(text, at: nil, as: text)
    }

    private func find(_ symbol: String, at venue: String?, as text: String) throws(Unknown) -> Int {
        let here = instruments.indices.filter { venue == nil || instruments[$0].venue == venue }
        let quoted = symbol + "_" + currency
        let candidates = [
            here.filter { instruments[$0].symbol == symbol },
            here.filter { instruments[$0].nativeSymbol == symbol },
            symbol.contains("_") ? [] : here.filter { instruments[$0].symbol == quoted },
        ]
        guard let found = candidates.first(where: { !$0.isEmpty }) else { throw Unknown(message: unknown(text)) }
        if found.count == 1 { return found[0] }
        let names = found.map { instruments[$0].name }.joined(separator: ", ")
        throw Unknown(message: "\"\(text)\" is traded at several venues; write one of \(names)")
    }

    private func unknown(_ text: String) -> String {
        if instruments.isEmpty { return "no instrument \"\(text)\": this run has none" }
        return "no instrument \"\(text)\"; this run has \(list)"
    }

    private var list: String {
        let names = instruments.prefix(20).map(\.name)
        return names.joined(separator: ", ") + (instruments.count > 20 ? " and \(instruments.count - 20) more" : "")
    }
}
