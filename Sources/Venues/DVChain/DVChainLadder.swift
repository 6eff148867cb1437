internal import Domain
internal import JSON

/// A tiered two-way quote: a trade of a size is priced whole at the first tier that reaches it.
///
/// As a book it is shown by its margins: what one more unit would cost. Indicative, and never better than what a tier says for its whole size.
struct DVChainLadder: Equatable {
    struct Tier: Equatable {
        /// What we get when we sell, what we pay when we buy.
        var sell: ExactDecimal
        var buy: ExactDecimal
        var most: ExactDecimal
    }

    var tiers: [Tier] = []
    var market: String?
    var quoteID: String?
    var updated: Timestamp?
    /// The venue's clock, where it told it.
    var serverTime: Timestamp?

    private static let names: [StaticString] = ["levels", "market", "quoteId", "lastUpdate", "serverTime", "expiresAt", "expiresIn"]

    init(_ bytes: Bytes) throws(JSONError) {
        var reader = JSONReader(bytes)
        try self.init(&reader)
    }

    init(_ reader: inout JSONReader) throws(JSONError) {
        var fields = JSONFields(DVChainLadder.names)
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: if try !reader.nextIsNull() { try readTiers(&reader) }
            case 1: market = try reader.optionalText()
            case 2: quoteID = try reader.optionalText()
            case 3: updated = try DVChainWords.time(&reader)
            case 4: serverTime = try DVChainWords.time(&reader)
            default: try reader.skip()
            }
        }
        guard fields.has(0) else { throw JSONError(offset: 0, expected: "levels") }
    }

    private mutating func readTiers(_ reader: inout JSONReader) throws(JSONError) {
        try reader.beginArray()
        while try reader.nextElement() {
            var fields = JSONFields(["sellPrice", "buyPrice", "maxQuantity"])
            var values: [ExactDecimal?] = [nil, nil, nil]
            try reader.beginObject()
            while let field = try fields.next(in: &reader) { values[field] = try reader.optionalDecimal() }
            guard let sell = values[0], let buy = values[1], let most = values[2] else {
                throw JSONError(offset: reader.offset, expected: "a level with sellPrice, buyPrice and maxQuantity")
            }
            tiers.append(Tier(sell: sell, buy: buy, most: most))
            guard tiers.count <= 1_000 else { throw JSONError(offset: reader.offset, expected: "at most 1000 levels") }
        }
    }

    /// The price at which the whole of a size trades; nil beyond the last tier.
    func price(_ side: Side, quantity: ExactDecimal) -> ExactDecimal? {
        let tier = tiers.first { tier in
            let common = max(tier.most.scale, quantity.scale)
            guard let most = tier.most.scaled(to: common), let asked = quantity.scaled(to: common) else { return false }
            return most >= asked
        }
        return tier.map { side == .buy ? $0.buy : $0.sell }
    }

    /// The margins on an instrument's grid; nil where a tier is crossed or its numbers fit no grid.
    func book(_ grids: InstrumentGrids) -> BookData? {
        var book = BookData()
        var last: (ask: Int128, bid: Int128, size: Int128) = (0, 0, 0)
        for tier in tiers {
            guard let buy = Ladder.steps(tier.buy, grids.price.step, up: true), let sell = Ladder.steps(tier.sell, grids.price.step, up: false),
                let size = Ladder.steps(tier.most, grids.size.step, up: false), buy > sell, sell > 0, size < 1 << 53, buy < 1 << 53
            else { return nil }
            let more = size - last.size
            // A tier that reaches no further than the one before says nothing new.
            guard more > 0 else { continue }
            let (paid, got) = (buy * size, sell * size)
            let ask = max((paid - last.ask + more - 1) / more, buy)
            let bid = min((got - last.bid) / more, sell)
            last = (paid, got, size)
            Ladder.add(BookLevel(ticks: Int64(clamping: ask), size: Int64(clamping: more)), to: &book.asks)
            if bid > 0 { Ladder.add(BookLevel(ticks: Int64(clamping: bid), size: Int64(clamping: more)), to: &book.bids) }
        }
        book.time = updated ?? serverTime
        return book
    }

    private enum Ladder {
        /// Whole steps of a decimal, rounded to the side that is worse for us.
        static func steps(_ value: ExactDecimal, _ step: ExactDecimal, up: Bool) -> Int128? {
            let common = max(value.scale, step.scale)
            guard value.mantissa > 0, let own = value.scaled(to: common), let unit = step.scaled(to: common) else { return nil }
            return up ? (own - 1) / unit + 1 : own / unit
        }

        /// Margins that fall on one tick are one level.
        static func add(_ level: BookLevel, to levels: inout [BookLevel]) {
            if let place = levels.firstIndex(where: { $0.ticks == level.ticks }) { levels[place].size += level.size } else { levels.append(level) }
        }
    }
}
