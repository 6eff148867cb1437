internal import CLua
internal import Domain
internal import Trading

/// What the C side reaches when a script asks for something: memory at a constant address, so that a read needs neither a
/// reference count nor a check for exclusive access.
///
/// Entered only while the script runs, from the one thread that runs it.
@safe struct ScriptHost {
    /// The grids of one instrument.
    struct Grids {
        let price: Grid
        let halfPrice: Grid
        let quantity: Grid
        /// Of recorded sizes.
        let size: Grid
        /// The instrument's, so that an order needs no copy of it.
        let tickLot: Amount
        let baseLot: Amount
        /// The most ticks × lots, and lots, that an order may stand for: beyond them exact money would not fit.
        let largestProduct: Int128
        let largestLots: Int128
    }

    /// Bars subscribed to, so that a bar is told by the text it was asked for with.
    struct BarText {
        let instrument: Int
        let span: Int64
        let place: UInt32
    }

    /// The desk of the callback under way; nil while the file is read.
    var desk: UnsafeMutablePointer<Desk>?
    let instruments: [Instrument]
    let grids: UnsafeMutablePointer<Grids>
    let symbols: SymbolTable
    let indicators = IndicatorSet()
    let memoryLimit: Int
    let instance: String
    let epoch: UInt32
    let orderStride: UInt64
    let orderOffset: UInt64
    var barTexts: [BarText] = []
    /// What was logged while there was no desk.
    var earlyNotes: [(level: Note.Level, text: String)] = []
    var modules: [LuaModule] = []

    init(instruments: [Instrument], options: LuaOptions) {
        self.instruments = instruments
        unsafe grids = .allocate(capacity: max(instruments.count, 1))
        for (index, instrument) in instruments.enumerated() {
            let price = Grid(step: instrument.tick)
            unsafe (grids + index).initialize(
                to: Grids(
                    price: price, halfPrice: price.halved, quantity: Grid(step: instrument.lot), size: Grid(step: instrument.sizeUnit),
                    tickLot: instrument.tickLot, baseLot: instrument.baseLot,
                    largestProduct: ScriptHost.largestNotional.raw / max(instrument.tickLot.raw, 1),
                    largestLots: ScriptHost.largestNotional.raw / max(instrument.baseLot.raw, 1)))
        }
        symbols = SymbolTable(instruments, currency: options.currency)
        memoryLimit = options.memoryLimit
        (instance, epoch) = (options.instance, options.epoch)
        (orderStride, orderOffset) = (options.orderStride, options.orderOffset)
    }

    func orderID(_ order: OrderID) -> String {
        ClientOrderID.text(instance: instance, epoch: epoch, order: OrderID((order.raw - 1) * orderStride + orderOffset + 1))
    }

    /// Where the C side's `context` points.
    @inline(__always) static func at(_ context: UnsafeMutableRawPointer?) -> UnsafeMutablePointer<ScriptHost> {
        guard let context = unsafe context else { preconditionFailure("a script runs without a host") }
        return unsafe context.assumingMemoryBound(to: ScriptHost.self)
    }

    static func string(_ text: clua_text) -> String {
        let bytes = unsafe UnsafeRawBufferPointer(start: text.bytes, count: text.count)
        return unsafe String(decoding: bytes, as: UTF8.self)
    }

    static func refuse(_ refusal: OpaquePointer, _ code: String, _ message: String) {
        unsafe clua_set_refusal(refusal, message, code)
    }
}
