/// How far trading is open (C20), from open to shut. Automatic moves only go down; only an operator raises it.
public enum TradingState: UInt8, Hashable, Comparable, Sendable, BitwiseCopyable {
    case active = 0
    /// Only what makes a position smaller.
    case reducing = 1
    case cancelOnly = 2
    /// The kill switch, or a strategy that was latched off.
    case halted = 3

    public static func < (lhs: TradingState, rhs: TradingState) -> Bool { lhs.rawValue < rhs.rawValue }

    /// As reason codes, status and log have it.
    public var name: String {
        switch self {
        case .active: "active"
        case .reducing: "reducing"
        case .cancelOnly: "cancel_only"
        case .halted: "halted"
        }
    }
}
