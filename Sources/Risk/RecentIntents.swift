public import Domain

/// What was asked and cleared lately, for the window of C16; empty where no window is set.
///
/// Requests that may be alike are chained, newest first, by a number made of what they ask for: a look meets those only.
struct RecentIntents: Sendable {
    private struct Intent: BitwiseCopyable {
        var request: OrderRequest
        var time: Timestamp
        /// Number of the one before it in its chain, counted from the start of the run; −1 where it is the first.
        var before: Int
    }

    private static let chains = 256

    private var intents: [Intent] = []
    /// Where the oldest intent that still matters stands.
    private var first = 0
    /// Number of the first of ``intents``.
    private var base = 0
    /// Number of each chain's newest intent; no chains before the first intent.
    private var newest: [Int] = []

    /// How long ago the same was asked, where that is within the window.
    ///
    /// - Complexity: O(alike requests within the longest window).
    func age(of request: OrderRequest, at now: Timestamp, window: Span) -> Span? {
        if newest.isEmpty { return nil }
        var number = newest[request.chain(of: RecentIntents.chains)]
        while number >= base + first {
            let place = number - base
            if intents[place].request.isTwin(of: request) {
                let age = now - intents[place].time
                return age < window ? age : nil
            }
            number = intents[place].before
        }
        return nil
    }

    /// Remembers a request, and forgets what is older than the longest window would ask for.
    mutating func note(_ request: OrderRequest, at now: Timestamp, longest: Span) {
        while first < intents.count && now - intents[first].time >= longest { first += 1 }
        if first > 64 && first * 2 > intents.count {
            intents.removeFirst(first)
            base += first
            first = 0
        }
        if newest.isEmpty { newest = Array(repeating: -1, count: RecentIntents.chains) }
        let chain = request.chain(of: RecentIntents.chains)
        intents.append(Intent(request: request, time: now, before: newest[chain]))
        newest[chain] = base + intents.count - 1
    }
}

extension OrderRequest {
    /// Whether both ask for the same thing: instrument, side, type, prices and quantity (control C16).
    public func isTwin(of other: OrderRequest) -> Bool {
        instrument == other.instrument && side == other.side && type == other.type && quantity == other.quantity
            && (!type.hasLimit || price == other.price) && (!type.isStop || stop == other.stop)
    }

    /// The same number for twins, spread over `count`, a power of two.
    fileprivate func chain(of count: Int) -> Int {
        var mixed = UInt64(bitPattern: quantity.lots) &* 0x9E37_79B9_7F4A_7C15
        if type.hasLimit { mixed ^= UInt64(bitPattern: price.ticks) &* 0xC2B2_AE3D_27D4_EB4F }
        if type.isStop { mixed ^= UInt64(bitPattern: stop.ticks) &* 0x1656_67B1_9E37_79F9 }
        mixed ^= UInt64(instrument.index) << 8 ^ UInt64(side.rawValue) << 4 ^ UInt64(type.rawValue)
        mixed = (mixed ^ mixed >> 29) &* 0xBF58_476D_1CE4_E5B9
        return Int(mixed >> 40) & (count - 1)
    }
}
