public import Domain

/// What was asked and cleared lately, for the window of C16; empty where no window is set.
struct RecentIntents: Sendable {
    private struct Intent: BitwiseCopyable {
        var request: OrderRequest
        var time: Timestamp
    }

    private var intents: [Intent] = []
    /// Where the oldest intent that still matters stands.
    private var first = 0

    /// How long ago the same was asked, where that is within the window.
    ///
    /// - Complexity: O(requests within the longest window).
    func age(of request: OrderRequest, at now: Timestamp, window: Span) -> Span? {
        var index = intents.count
        while index > first {
            index -= 1
            if intents[index].request.isTwin(of: request) {
                let age = now - intents[index].time
                return age < window ? age : nil
            }
        }
        return nil
    }

    /// Remembers a request, and forgets what is older than the longest window would ask for.
    mutating func note(_ request: OrderRequest, at now: Timestamp, longest: Span) {
        while first < intents.count && now - intents[first].time >= longest { first += 1 }
        if first > 64 && first * 2 > intents.count {
            intents.removeFirst(first)
            first = 0
        }
        intents.append(Intent(request: request, time: now))
    }
}

extension OrderRequest {
    /// Whether both ask for the same thing: instrument, side, type, prices and quantity (control C16).
    public func isTwin(of other: OrderRequest) -> Bool {
        instrument == other.instrument && side == other.side && type == other.type && quantity == other.quantity
            && (!type.hasLimit || price == other.price) && (!type.isStop || stop == other.stop)
    }
}
