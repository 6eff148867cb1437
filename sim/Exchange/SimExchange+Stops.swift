internal import Domain

// Stops on tick tapes: the last trade triggers them; until a tape has shown a trade, the opposite best does.
extension SimExchange {
    /// Whether the venue's reference has reached an order's trigger.
    func isTriggered(_ market: Handle<Market>, _ order: RestingOrder) -> Bool {
        guard let reference = reference(market, for: order.side) else { return false }
        return order.side == .buy ? reference >= order.stop : reference <= order.stop
    }

    private func reference(_ market: Handle<Market>, for side: Side) -> Int64? {
        if let last = market.pointee.last { return last }
        let opposite = side.opposite
        return market.pointee.book.isEmpty(opposite) ? nil : market.pointee.book.bestTicks(opposite)
    }

    /// Lets every touched stop act, in order of sending; answers whether there was one.
    mutating func triggerStops(_ market: Handle<Market>, _ time: Timestamp) -> Bool {
        let list = market.pointee.waiting
        var any = false
        for index in 0..<list.pointee.count {
            let stop = list.pointee[index]
            if stop.pointee.isDone || !isTriggered(market, stop.pointee) { continue }
            any = true
            var order = stop.pointee
            stop.pointee.isDone = true
            market.pointee.hasDone = true
            order.trigger()
            order.arrival = market.pointee.nextArrival()
            arrive(market, &order, time)
        }
        return any
    }
}
