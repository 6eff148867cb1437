import Domain
import Risk

extension Desk {
    /// Everything the gate judges a request by: in flight, live, being cancelled and unknown orders included.
    ///
    /// - Parameter without: an order that is being amended, and so not counted beside its own amendment.
    /// - Complexity: O(live orders).
    func exposure(for request: OrderRequest, without excluded: OrderID? = nil) -> Exposure {
        let index = request.instrument.position
        var exposure = Exposure()
        exposure.positionLots = portfolio.positions[index].lots
        for other in instruments.indices {
            let isOwn = other == index
            let sameQuote = instruments[other].quote == instruments[index].quote
            for id in orders.live(InstrumentID(index: other)) where id != excluded && id != request.id {
                guard let record = orders[id], record.isSent else { continue }
                let order = record.order
                exposure.accountLiveOrders += 1
                let value = instruments[other].notional(worstPrice(of: order.request), order.leaves)
                if sameQuote { exposure.accountOpenValue += value }
                if isOwn {
                    exposure.openValue += value
                    count(order, beside: request, into: &exposure)
                }
            }
        }
        exposure.bestBidTicks = unsafe books[index].bestBidTicks
        exposure.bestAskTicks = unsafe books[index].bestAskTicks
        exposure.bookTime = unsafe markets[index].bookArrival
        exposure.lastTicks = unsafe markets[index].lastTrade.ticks
        exposure.lastTime = unsafe markets[index].lastTradeArrival
        exposure.checksBalances = checksBalances
        if checksBalances {
            exposure.availableQuote = balance(instruments[index].quote).total - sentReserve(instruments[index].quote, without: request.id)
            exposure.availableBase = balance(instruments[index].base).total - sentReserve(instruments[index].base, without: request.id)
        }
        return exposure
    }

    private func count(_ order: Order, beside request: OrderRequest, into exposure: inout Exposure) {
        exposure.liveOrders += 1
        let leaves = order.leaves.lots
        switch order.side {
        case .buy: exposure.buyLeavesLots += leaves
        case .sell: exposure.sellLeavesLots += leaves
        }
        if order.request.isReduceOnly {
            if order.side == .buy { exposure.reduceOnlyBuyLots += leaves } else { exposure.reduceOnlySellLots += leaves }
        }
        let own = order.request
        if own.type == .limit {
            if own.side == .buy {
                exposure.highestOwnBuyTicks = max(exposure.highestOwnBuyTicks, own.price.ticks)
                if !order.isCancelRequested { exposure.highestStayingBuyTicks = max(exposure.highestStayingBuyTicks, own.price.ticks) }
            } else {
                exposure.lowestOwnSellTicks = min(exposure.lowestOwnSellTicks, own.price.ticks)
                if !order.isCancelRequested { exposure.lowestStayingSellTicks = min(exposure.lowestStayingSellTicks, own.price.ticks) }
            }
        }
        if !order.isCancelRequested, own.side == request.side, own.type == request.type, own.quantity == request.quantity,
            own.price == request.price, own.stop == request.stop {
            exposure.hasLiveTwin = true
        }
    }

    private func sentReserve(_ currency: String, without excluded: OrderID) -> Amount {
        var claimed = reserved(currency: currency)
        if let order = orders[excluded]?.order {
            let instrument = instruments[order.instrument.position]
            if order.side == .sell, instrument.base == currency { claimed -= instrument.baseLot * order.leaves.lots }
            if order.side == .buy, instrument.quote == currency {
                claimed -= instrument.notional(worstPrice(of: order.request), order.leaves)
            }
        }
        return claimed
    }
}
