import Domain
import Risk
import Trading

extension FieldWriter {
    mutating func head(_ head: JournalHead) {
        integer(JournalHead.version)
        integer(head.mode.rawValue)
        text(head.engine)
        text(head.run)
        text(head.configuration)
        flag(head.live != nil)
        if let live = head.live { defaults(live) }
        integer(head.limitVersion)
        integer(UInt32(head.seats.count))
        for seat in head.seats { self.seat(seat) }
    }

    private mutating func defaults(_ live: LiveDefaults) {
        integer(UInt32(live.messages.count))
        for (venue, rate) in live.messages.sorted(by: { $0.key < $1.key }) {
            text(venue)
            integer(Int64(rate.rate))
            integer(rate.per.nanoseconds)
            integer(Int64(rate.reservedForCancels))
        }
        integer(live.marketDataMaxAge.nanoseconds)
        integer(live.fillTolerance)
        integer(Int64(live.unknownMax))
        integer(live.unknownAge.nanoseconds)
        integer(live.quoteMargin.nanoseconds)
    }

    private mutating func seat(_ seat: JournalHead.Seat) {
        text(seat.name)
        text(seat.file)
        blob(seat.source)
        text(seat.sha256)
        modules(seat.modules)
        integer(UInt32(seat.parameters.count))
        for parameter in seat.parameters {
            text(parameter.key)
            text(parameter.value)
        }
        integer(seat.seed)
        text(seat.currency)
        text(seat.errorPolicy.rawValue)
        text(seat.instance)
        integer(seat.epoch)
        integer(seat.orderStride)
        integer(seat.orderOffset)
        desk(seat.desk)
    }

    mutating func modules(_ modules: [JournalHead.Module]) {
        integer(UInt32(modules.count))
        for module in modules {
            text(module.name)
            blob(module.source)
        }
    }

    private mutating func desk(_ desk: DeskSetup) {
        integer(UInt32(desk.balances.count))
        for balance in desk.balances {
            text(balance.currency)
            integer(balance.amount.raw)
        }
        text(desk.reportingCurrency)
        text(desk.markMode.rawValue)
        flag(desk.checksBalances)
        integer(UInt32(desk.barsFromTrades.count))
        for isMade in desk.barsFromTrades { flag(isMade) }
        flag(desk.valuesAccount)
        integer(UInt32(desk.history.count))
        for entry in desk.history {
            fill(entry.fill)
            integer(entry.side.rawValue)
            instrument(entry.instrument)
        }
        integer(UInt32(desk.leftOrders.count))
        for left in desk.leftOrders {
            request(left.request)
            text(left.name)
            integer(left.filled.lots)
            time(left.created)
        }
    }
}

extension JournalFields {
    mutating func head(_ list: [Instrument]) throws(Malformed) -> JournalHead {
        let version = try fields.integer(UInt16.self)
        guard version == JournalHead.version else {
            throw fields.malformed("a journal of version \(JournalHead.version) before it, found version \(version)")
        }
        let mode = try fields.choice(JournalHead.Mode.self)
        var head = JournalHead(mode: mode, engine: try fields.text(), seats: [])
        head.run = try fields.text()
        head.configuration = try fields.text()
        if try fields.flag() { head.live = try defaults() }
        head.limitVersion = try fields.integer(UInt32.self)
        for _ in 0..<(try count()) { head.seats.append(try seat(list)) }
        guard !head.seats.isEmpty else { throw fields.malformed("at least one strategy before it") }
        try fields.finish()
        return head
    }

    private mutating func defaults() throws(Malformed) -> LiveDefaults {
        var live = LiveDefaults()
        for _ in 0..<(try count()) {
            let (venue, rate) = (try fields.text(), Int(try fields.integer(Int64.self)))
            let per = try span()
            live.messages[venue] = LiveDefaults.MessageRate(rate: rate, per: per, reservedForCancels: Int(try fields.integer(Int64.self)))
        }
        live.marketDataMaxAge = try span()
        live.fillTolerance = try fields.integer(Int64.self)
        live.unknownMax = Int(try fields.integer(Int64.self))
        live.unknownAge = try span()
        live.quoteMargin = try span()
        return live
    }

    private mutating func seat(_ list: [Instrument]) throws(Malformed) -> JournalHead.Seat {
        let (name, file, source, sum) = (try fields.text(), try fields.text(), try fields.blob(), try fields.text())
        let setup = DeskSetup(instruments: list, balances: [], reportingCurrency: "")
        var seat = JournalHead.Seat(name: name, file: file, source: source, sha256: sum, desk: setup)
        seat.modules = try modules()
        for _ in 0..<(try count()) {
            let key = try fields.text()
            seat.parameters.append((key, try fields.text()))
        }
        seat.seed = try fields.integer(UInt64.self)
        seat.currency = try fields.text()
        seat.errorPolicy = try named(ErrorPolicy.self)
        seat.instance = try fields.text()
        seat.epoch = try fields.integer(UInt32.self)
        (seat.orderStride, seat.orderOffset) = (try fields.integer(UInt64.self), try fields.integer(UInt64.self))
        // Order ids are texts of 35 bits: what leads beyond them would stop the process.
        guard seat.orderStride > 0, seat.orderStride < 1 << 12, seat.orderOffset < seat.orderStride else {
            throw fields.malformed("a numbering of orders, offset below stride, before it")
        }
        guard seat.instance.utf8.count == 3, seat.epoch < 1 << 20 else { throw fields.malformed("an instance of three characters and an epoch before it") }
        try desk(into: &seat.desk)
        return seat
    }

    mutating func modules() throws(Malformed) -> [JournalHead.Module] {
        var modules: [JournalHead.Module] = []
        for _ in 0..<(try count()) {
            let name = try fields.text()
            modules.append(JournalHead.Module(name: name, source: try fields.blob()))
        }
        return modules
    }

    private mutating func named<T: RawRepresentable>(_ type: T.Type) throws(Malformed) -> T where T.RawValue == String {
        let text = try fields.text()
        guard let value = T(rawValue: text) else { throw fields.malformed("a case of \(T.self) before it, found '\(text)'") }
        return value
    }

    private mutating func desk(into desk: inout DeskSetup) throws(Malformed) {
        for _ in 0..<(try count()) {
            let currency = try fields.text()
            desk.balances.append((currency, try amount()))
        }
        desk.reportingCurrency = try fields.text()
        desk.markMode = try named(MarkMode.self)
        desk.checksBalances = try fields.flag()
        guard try count() == instruments else { throw fields.malformed("\(instruments) flags of bars after it") }
        desk.barsFromTrades = []
        for _ in 0..<instruments { desk.barsFromTrades.append(try fields.flag()) }
        desk.valuesAccount = try fields.flag()
        for _ in 0..<(try count()) {
            let (fill, side) = (try fill(), try fields.choice(Side.self))
            desk.history.append((fill, side, try instrument()))
        }
        for _ in 0..<(try count()) {
            let (request, name, filled) = (try request(), try fields.text(), try quantity())
            guard request.quantity > .zero else { throw fields.malformed("an order of some size before it") }
            desk.leftOrders.append(DeskSetup.LeftOrder(request: request, name: name, filled: filled, created: try fields.time()))
        }
    }
}
