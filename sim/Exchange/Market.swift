internal import Domain

/// One instrument at the venue: its recorded book, our orders beside it, and its constants.
@safe struct Market: ~Copyable {
    let id: InstrumentID
    let instrument: Instrument
    let kind: DataKind
    /// Whether level records make its book.
    let hasLevels: Bool
    let unitsPerLot: Int64
    /// A recorded level below this rounds to no lot at all and is gone (level 3: sums of single orders, kept exact).
    let smallestUnits: Int64
    /// Base units of a size: `Double(units × unitMantissa) / unitDivisor`, the double nearest to the decimal.
    private let unitMantissa: Double
    private let unitDivisor: Double
    let lotSize: Double
    let fees: FeeSchedule
    /// Places of its currencies in the purse.
    let base: Int
    let quote: Int

    var book = Book()
    /// Buys, sells (both by priority), and those that stand in no queue: waiting stops; on bar tapes all orders.
    private let lists: UnsafeMutablePointer<OrderList>
    /// Whether a record can concern an order of ours.
    var isWatching = false
    /// An order in the lists, or one on its way there, is done: to be swept out at the end of the event.
    var hasDone = false
    /// The lowest trigger of a waiting buy stop and the highest of a sell stop.
    var buyTrigger = Int64.max
    var sellTrigger = Int64.min
    /// One bit for each price at which an order of ours rests, by its last six bits: a clear bit says that none does.
    private var buyPrices: UInt64 = 0
    private var sellPrices: UInt64 = 0
    var arrivals: UInt64 = 0
    /// Price of the last trade on the book (of the last bar's close, on bar tapes).
    var last: Int64?
    /// Ours, lots; negative is short.
    var position: Int64 = 0
    var positionChanged = false
    /// What our fills may still take of the current bar, lots.
    var barAllowance = Int64.max
    var recorded = RecordedOrders()

    init(_ instrument: Instrument, at position: Int, fees: FeeSchedule, base: Int, quote: Int) {
        id = InstrumentID(index: position)
        self.instrument = instrument
        (kind, unitsPerLot) = (instrument.dataKind, instrument.unitsPerLot)
        hasLevels = kind != .quotes && kind != .trades
        smallestUnits = kind == .level3 ? 1 : unitsPerLot / 2 + unitsPerLot % 2
        unitMantissa = Double(instrument.sizeUnit.mantissa)
        unitDivisor = Double(ExactDecimal.powerOfTen(instrument.sizeUnit.scale))
        lotSize = Double(instrument.lot.mantissa) / Double(ExactDecimal.powerOfTen(instrument.lot.scale))
        (self.fees, self.base, self.quote) = (fees, base, quote)
        unsafe lists = .allocate(capacity: 3)
        for index in 0..<3 { unsafe (lists + index).initialize(to: OrderList()) }
    }

    deinit {
        unsafe lists.deinitialize(count: 3)
        unsafe lists.deallocate()
    }

    /// Orders resting in the queues of a side.
    @inline(__always) func resting(_ side: Side) -> Handle<OrderList> {
        unsafe Handle(lists + Int(side.rawValue))
    }
    /// Waiting stops; on bar tapes every order, in order of sending.
    @inline(__always) var waiting: Handle<OrderList> { unsafe Handle(lists + 2) }
    @inline(__always) func list(_ index: Int) -> Handle<OrderList> {
        precondition(index >= 0 && index < 3, "a market has three lists")
        return unsafe Handle(lists + index)
    }

    @inline(__always) func baseUnits(_ units: Int64) -> Double { Double(units) * unitMantissa / unitDivisor }

    mutating func nextArrival() -> UInt64 {
        arrivals += 1
        return arrivals
    }

    /// Whether an order of ours may rest at a price; false is sure.
    @inline(__always) func mayRest(_ side: Side, at ticks: Int64) -> Bool {
        (side == .buy ? buyPrices : sellPrices) >> UInt64(ticks & 63) & 1 != 0
    }

    private func prices(_ side: Side) -> UInt64 {
        let list = resting(side)
        var bits: UInt64 = 0
        for index in 0..<list.pointee.count { bits |= 1 << UInt64(list.pointee[index].pointee.price & 63) }
        return bits
    }

    /// An order has joined a list.
    @inline(__always) mutating func watch(_ order: RestingOrder, inQueue: Bool) {
        isWatching = true
        if inQueue {
            let bit: UInt64 = 1 << UInt64(order.price & 63)
            if order.side == .buy { buyPrices |= bit } else { sellPrices |= bit }
        } else if kind != .bars {
            if order.side == .buy { buyTrigger = min(buyTrigger, order.stop) } else { sellTrigger = max(sellTrigger, order.stop) }
        }
    }

    /// To be called after orders have left the lists.
    ///
    /// - Complexity: O(resting orders).
    mutating func refreshWatches() {
        (buyPrices, sellPrices) = (prices(.buy), prices(.sell))
        var (open, lowest, highest) = (0, Int64.max, Int64.min)
        for index in 0..<3 { open += unsafe lists[index].count }
        if kind != .bars {
            for index in 0..<waiting.pointee.count {
                let order = waiting.pointee[index].pointee
                if order.side == .buy { lowest = min(lowest, order.stop) } else { highest = max(highest, order.stop) }
            }
        }
        (isWatching, buyTrigger, sellTrigger) = (open > 0, lowest, highest)
    }
}

/// A size that the tape does not tell, on tapes of quotes or trades: large enough for any order, and nobody stands ahead.
let unknownSize = Int64.max / 4
