public import Domain

/// Everything about a script's run that is not its source.
public struct LuaOptions: Sendable {
    /// `--set key=value`, in order.
    public var parameters: [(key: String, value: String)] = []
    /// For `math.random`.
    public var seed: UInt64 = 0
    /// Bytes the script and its indicators may hold, each.
    public var memoryLimit = 64 << 20
    /// The hang guard: a callback that runs longer ends the run. Nil for none.
    public var deadline: Span? = Span(nanoseconds: 10_000_000_000)
    /// The work of one callback is counted, in instructions of the VM and steps of library loops (``LuaStrategy/work``), and a
    /// callback that does more than this is stopped: at the same instruction on every machine. 0 counts without a limit. Nil counts
    /// nothing, and costs nothing.
    public var instructionBudget: UInt64?
    /// Called on a thread of its own where a callback is still there after four times the deadline, inside code of the host, so
    /// that nothing can stop it but the end of the process.
    public var whenStuck: (@convention(c) () -> Void)?
    /// Where `require` looks, in this order.
    public var moduleFolders: [String] = []
    /// What a symbol without `_` is quoted in.
    public var currency = "USD"
    /// The first three characters of `order.id`, and the epoch in it.
    public var instance = "bt0"
    public var epoch: UInt32 = 0
    /// Where several strategies share an account: order n of this one is number `(n − 1) × orderStride + orderOffset + 1` there.
    public var orderStride: UInt64 = 1
    public var orderOffset: UInt64 = 0

    public init() {}
}

/// The value a parameter was bound to.
public enum LuaParameter: Hashable, Sendable {
    case integer(Int64)
    case number(Double)
    case boolean(Bool)
    case text(String)
}

/// A module that `require` read, for the run's provenance.
public struct LuaModule: Hashable, Sendable {
    public let name: String
    public let source: [UInt8]
}
