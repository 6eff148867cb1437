public import Domain

/// One product of the input: its names, what the first pass learnt, and how the second counts it.
struct Product {
    var names: InstrumentNames
    let nativeBytes: [UInt8]
    var scan = ProductScan()
    /// Its place on the tape; nil where it was not picked.
    var instrument: InstrumentID?
    var ticks: StepCounter?
    var units: StepCounter?
    /// Places of the tick or lot for messages.
    var tickText = ""
    /// What the venue numbers, learnt while writing.
    var sequence = SequenceFacts()

    init(names: InstrumentNames) {
        self.names = names
        nativeBytes = Array(names.native.utf8)
    }

    func isSpelled(_ bytes: Bytes) -> Bool {
        guard bytes.count == nativeBytes.count else { return false }
        var index = 0
        while index < bytes.count {
            if bytes[index] != nativeBytes[index] { return false }
            index += 1
        }
        return true
    }
}

/// Where an instrument's tick and lot come from: the header of the tape says it.
public enum GridSource: String, Sendable {
    /// `--tick`, `--lot`.
    case flag
    /// The finest decimal seen in the input.
    case finest = "finest decimal seen"
    /// Nothing in the input tells.
    case assumed
}

/// The grid of one imported instrument and how it was found.
public struct GridChoice: Sendable {
    public let tick: ExactDecimal
    public let lot: ExactDecimal
    public let sizeUnit: ExactDecimal
    public let tickSource: GridSource
    public let lotSource: GridSource

    /// Chooses from flags and from the finest decimals seen. The size unit divides the lot and every recorded size.
    init(_ scan: ProductScan, options: ImportOptions) {
        tick = options.tick ?? GridChoice.step(scan.priceScale ?? 8)
        tickSource = options.tick != nil ? .flag : scan.priceScale != nil ? .finest : .assumed
        lot = options.lot ?? GridChoice.step(scan.sizeScale ?? 8)
        lotSource = options.lot != nil ? .flag : scan.sizeScale != nil ? .finest : .assumed
        sizeUnit = GridChoice.step(max(scan.sizeScale ?? 0, Int32(lot.normalized.scale)))
    }

    private static func step(_ scale: Int32) -> ExactDecimal { ExactDecimal(mantissa: 1, scale: Int(scale)) }
}
