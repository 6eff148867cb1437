internal import CLua
public import Domain
public import Trading

/// A Lua script as a ``Strategy``: loaded, sandboxed, its callbacks entered by the engine.
///
/// It belongs to one thread at a time. Its Lua state ends with it.
@safe public final class LuaStrategy {
    let state: OpaquePointer
    let host: UnsafeMutablePointer<ScriptHost>
    let instruments: [Instrument]
    /// The script's own name, or its file's.
    public let name: String
    /// As bound, in order of name.
    public let parameters: [(name: String, value: LuaParameter)]
    public let callbacks: Callbacks
    public internal(set) var faultMessage = ""
    /// Work of all callbacks so far, where it is counted (``LuaOptions/instructionBudget``): instructions, about a nanosecond each.
    public internal(set) var work: UInt64 = 0
    let countsWork: Bool
    public internal(set) var lastError: ScriptError?
    /// Calls of the script so far, whatever became of them: what a verdict of the watchdog is told by.
    public private(set) var calls: UInt64 = 0
    private var doomedCall = UInt64.max
    private var doomMessage = ""
    var verdict: StrategyVerdict?
    /// Ended from outside: the state is not even entered.
    private(set) var isCondemned = false
    private var isOver = false

    /// Reads and binds a script.
    ///
    /// - Parameter file: the name that messages show; the last part of the path is enough.
    public init(source: [UInt8], file: String, instruments: [Instrument], options: LuaOptions = LuaOptions()) throws(ScriptError) {
        let host = UnsafeMutablePointer<ScriptHost>.allocate(capacity: 1)
        unsafe host.initialize(to: ScriptHost(instruments: instruments, options: options))
        guard let state = unsafe LuaStrategy.open(host, options) else {
            unsafe LuaStrategy.release(host, count: instruments.count)
            throw ScriptError(.memory, file: file, message: "\(file): no memory for a Lua state within \(options.memoryLimit >> 10) KiB")
        }
        // Before the file is run: it may hang as well as a callback.
        if let deadline = options.deadline { _ = unsafe clua_watch(state, deadline.nanoseconds, options.whenStuck) }
        do throws(ScriptError) {
            if let budget = options.instructionBudget, unsafe clua_count_work(state, budget) != CLUA_OK {
                throw unsafe ScriptError(clua_last_error(state))
            }
            try unsafe LuaStrategy.load(state, source, file, instruments, options)
        } catch {
            _ = unsafe clua_close(state)
            unsafe LuaStrategy.release(host, count: instruments.count)
            throw error
        }
        unsafe self.state = state
        unsafe self.host = host
        self.instruments = instruments
        countsWork = options.instructionBudget != nil
        let ownName = unsafe String(cString: clua_name(state))
        name = ownName.isEmpty ? (file.hasSuffix(".lua") ? String(file.dropLast(4)) : file) : ownName
        parameters = unsafe LuaStrategy.parameters(of: state)
        callbacks = unsafe LuaStrategy.callbacks(of: state)
    }

    deinit {
        let left = unsafe clua_close(state)
        assert(left == 0, "a Lua state left \(left) bytes behind")
        unsafe LuaStrategy.release(host, count: instruments.count)
    }

    /// Stopped for good by the hang guard or the memory cap: no callback will run any more, whatever the error policy.
    public var isDead: Bool { isOver }

    /// Whether the next call is to run at all; counts it.
    @inline(__always)
    func mayCall() -> Bool {
        calls &+= 1
        if calls >= doomedCall, !isOver { condemned(doomMessage) }
        return !isCondemned
    }

    /// No call runs any more.
    func condemned(_ message: String) {
        guard !isOver else { return }
        (isOver, isCondemned, faultMessage) = (true, true, message)
    }

    /// The guards inside have ended it, in this call.
    func died() {
        guard !isOver else { return }
        isOver = true
        verdict = StrategyVerdict(call: calls, message: faultMessage)
    }

    func doom(at call: UInt64, _ message: String) { (doomedCall, doomMessage) = (call, message) }
    /// Modules that were read so far.
    public var modules: [LuaModule] { unsafe host.pointee.modules }
    /// What was logged while the file was read, before there was a desk.
    public var earlyNotes: [(level: Note.Level, text: String)] { unsafe host.pointee.earlyNotes }
    public var memoryUsed: Int { unsafe clua_memory_used(state) }
    public var memoryPeak: Int { unsafe clua_memory_peak(state) }

    /// Whether the script has the callback, by its name there.
    public func has(_ callback: String) -> Bool {
        (0..<CLUA_CALLBACKS).contains { unsafe String(cString: clua_callback_name(Int32($0))) == callback && clua_has(state, Int32($0)) }
    }
}

// MARK: - Making

extension LuaStrategy {
    private static func open(_ host: UnsafeMutablePointer<ScriptHost>, _ options: LuaOptions) -> OpaquePointer? {
        var table = unsafe ScriptHost.table(UnsafeMutableRawPointer(host))
        return unsafe withTexts(options.moduleFolders) { roots in
            unsafe clua_open(options.memoryLimit, options.seed, &table, roots.baseAddress, roots.count)
        }
    }

    private static func release(_ host: UnsafeMutablePointer<ScriptHost>, count: Int) {
        unsafe host.pointee.grids.deinitialize(count: count)
        unsafe host.pointee.grids.deallocate()
        unsafe host.deinitialize(count: 1)
        unsafe host.deallocate()
    }

    private static func load(
        _ state: OpaquePointer, _ source: [UInt8], _ file: String, _ instruments: [Instrument], _ options: LuaOptions
    ) throws(ScriptError) {
        for (index, instrument) in instruments.enumerated() { try unsafe add(instrument, index, to: state) }
        let status = unsafe withTexts(options.parameters.map(\.key)) { keys in
            unsafe withTexts(options.parameters.map(\.value)) { values in
                unsafe source.withUnsafeBytes { bytes in
                    let text = unsafe clua_text(bytes: bytes.baseAddress?.assumingMemoryBound(to: CChar.self) ?? clua_nothing(), count: bytes.count)
                    return unsafe clua_load(state, text, file, keys.baseAddress, values.baseAddress, keys.count)
                }
            }
        }
        guard status == CLUA_OK else { throw unsafe ScriptError(clua_last_error(state)) }
    }

    private static func add(_ instrument: Instrument, _ index: Int, to state: OpaquePointer) throws(ScriptError) {
        let status = unsafe instrument.symbol.withCString { symbol in
            unsafe instrument.venue.withCString { venue in
                unsafe instrument.base.withCString { base in
                    unsafe instrument.quote.withCString { quote in
                        var facts = unsafe clua_instrument(
                            symbol: symbol, venue: venue, base: base, quote: quote, tick: nearestDouble(instrument.tick),
                            lot: nearestDouble(instrument.lot), min_qty: nearestDouble(instrument.decimal(instrument.minQuantity)),
                            min_notional: nearestDouble(instrument.minNotional), maker_fee: nearestDouble(instrument.makerFee),
                            taker_fee: nearestDouble(instrument.takerFee))
                        return unsafe clua_add_instrument(state, &facts)
                    }
                }
            }
        }
        guard status == CLUA_OK else { throw unsafe ScriptError(clua_last_error(state)) }
    }

    private static func parameters(of state: OpaquePointer) -> [(name: String, value: LuaParameter)] {
        unsafe (0..<clua_param_count(state)).map { index in
            let parameter = unsafe clua_param_at(state, index)
            let value: LuaParameter =
                switch unsafe parameter.kind {
                case 0: unsafe .integer(parameter.integer)
                case 1: unsafe .number(parameter.number)
                case 2: unsafe .boolean(parameter.integer != 0)
                default: unsafe .text(ScriptHost.string(parameter.text))
                }
            return unsafe (String(cString: parameter.name), value)
        }
    }

    private static func callbacks(of state: OpaquePointer) -> Callbacks {
        // `on_order` is always heard: what a script holds of an order must follow it, also where it never asks to be called.
        var callbacks: Callbacks = .order
        let table: [(Int, Callbacks)] = [
            (CLUA_ON_QUOTE, .quote), (CLUA_ON_BOOK, .book), (CLUA_ON_TRADE, .trade), (CLUA_ON_BAR, .bar),
            (CLUA_ON_FILL, .fill), (CLUA_ON_STATUS, .status), (CLUA_ON_RFQ, .quoted), (CLUA_ON_RFQ_REFUSED, .quoteRefused),
        ]
        for (callback, flag) in table where unsafe clua_has(state, Int32(callback)) { callbacks.insert(flag) }
        return callbacks
    }
}

/// Texts of ours as C sees them, for the length of the call.
func withTexts<Answer>(_ texts: [String], _ body: (UnsafeBufferPointer<clua_text>) -> Answer) -> Answer {
    let bytes = texts.map { Array($0.utf8) }
    let flat = bytes.flatMap { $0 }
    return unsafe flat.withUnsafeBytes { all in
        let start = unsafe all.baseAddress?.assumingMemoryBound(to: CChar.self) ?? clua_nothing()
        var offset = 0
        var views: [clua_text] = unsafe []
        for one in bytes {
            unsafe views.append(clua_text(bytes: start + offset, count: one.count))
            offset += one.count
        }
        return unsafe views.withUnsafeBufferPointer(body)
    }
}
