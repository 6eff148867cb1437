import Domain
import Risk

extension Desk {
    /// Everything the gate judges a request by: in flight, live, being cancelled and unknown orders included.
    ///
    /// - Parameter amending: the order that the request would change: it is counted, but is not its own twin.
    /// - Complexity: O(live orders).
    func exposure(for request: OrderRequest, amending: OrderID? = nil) -> Exposure {
        let index = request.instrument.position
        var exposure = Exposure()
        exposure.positionLots = portfolio.positions[index].lots
        for other in instruments.indices {
            let isOwn = other == index
            let sameQuote = portfolio.quoteCurrency[other] == portfolio.quoteCurrency[index]
            let tickLot = instruments[other].tickLot.raw
            for place in 0..<orders.liveCount(other) {
                let (order, charge) = orders.live(other, at: place)
                guard order.id != request.id || order.id == amending, let charge else { continue }
                exposure.accountLiveOrders += 1
                if order.phase == .unknown { countUnknown(order.id, into: &exposure) }
                let value = Amount(raw: tickLot * Int128(charge.price.ticks) * Int128(order.leaves.lots))
                if sameQuote { exposure.accountOpenValue += value }
                if isOwn {
                    exposure.openValue += value
                    count(order, beside: request, isTwinAllowed: order.id == amending, into: &exposure)
                }
            }
        }
        exposure.bestBidTicks = unsafe books[index].bestBidTicks
        exposure.bestAskTicks = unsafe books[index].bestAskTicks
        exposure.bookTime = unsafe markets[index].bookArrival
        exposure.lastTicks = unsafe markets[index].lastTrade.ticks
        exposure.lastTime = unsafe markets[index].lastTradeArrival
        // A bar tape has no book: the last close is what an order can be judged by.
        if instruments[index].dataKind == .bars, unsafe markets[index].hasTraded {
            (exposure.bestBidTicks, exposure.bestAskTicks) = (exposure.lastTicks, exposure.lastTicks)
            exposure.bookTime = exposure.lastTime
        }
        addForeign(index, to: &exposure)
        exposure.checksBalances = checksBalances
        if checksBalances {
            // The gate itself gives back what an amended order claims.
            let excluded = amending == nil ? request.id : nil
            exposure.availableQuote = available(instruments[index].quote, without: excluded)
            exposure.availableBase = available(instruments[index].base, without: excluded)
        }
        return exposure
    }

    private func countUnknown(_ id: OrderID, into exposure: inout Exposure) {
        exposure.unknownOrders += 1
        if let record = orders[id] { exposure.oldestUnknown = min(exposure.oldestUnknown, record.lostSince) }
    }

    /// Orders and positions of others on the account, and what all of it is worth together (C12).
    private func addForeign(_ index: Int, to exposure: inout Exposure) {
        guard hasForeign || valuesAccount else { return }
        for other in instruments.indices {
            let own = foreign[other]
            exposure.accountLiveOrders += own.liveOrders
            if portfolio.quoteCurrency[other] == portfolio.quoteCurrency[index] { exposure.accountOpenValue += own.openValue }
        }
        let own = foreign[index]
        exposure.positionLots += own.positionLots
        exposure.buyLeavesLots += own.buyLeavesLots
        exposure.sellLeavesLots += own.sellLeavesLots
        exposure.liveOrders += own.liveOrders
        exposure.openValue += own.openValue
        exposure.highestOwnBuyTicks = max(exposure.highestOwnBuyTicks, own.highestBuyTicks)
        exposure.lowestOwnSellTicks = min(exposure.lowestOwnSellTicks, own.lowestSellTicks)
        exposure.highestStayingBuyTicks = max(exposure.highestStayingBuyTicks, own.highestBuyTicks)
        exposure.lowestStayingSellTicks = min(exposure.lowestStayingSellTicks, own.lowestSellTicks)
        if valuesAccount { value(index, into: &exposure) }
    }

    /// What a callback has asked for and the gate has not judged yet claims nothing: the earlier wish is served first.
    private func available(_ currency: String, without excluded: OrderID?) -> Amount {
        let own = balance(currency).total
        // F55: the lesser of what we count and what the venue says is believed.
        let total = venueBalances.isEmpty ? own : min(own, venueBalances[currency] ?? own)
        return total - reserved(currency: currency, without: excluded, isJudgedOnly: true)
    }

    private func count(_ order: Order, beside request: OrderRequest, isTwinAllowed: Bool, into exposure: inout Exposure) {
        exposure.liveOrders += 1
        let leaves = order.leaves.lots
        switch order.side {
        case .buy: exposure.buyLeavesLots += leaves
        case .sell: exposure.sellLeavesLots += leaves
        }
        let own = order.request
        if own.type == .limit, !own.isAcceptance {
            if own.side == .buy {
                exposure.highestOwnBuyTicks = max(exposure.highestOwnBuyTicks, own.price.ticks)
                if !order.isCancelRequested { exposure.highestStayingBuyTicks = max(exposure.highestStayingBuyTicks, own.price.ticks) }
            } else {
                exposure.lowestOwnSellTicks = min(exposure.lowestOwnSellTicks, own.price.ticks)
                if !order.isCancelRequested { exposure.lowestStayingSellTicks = min(exposure.lowestStayingSellTicks, own.price.ticks) }
            }
        }
        if !isTwinAllowed, !order.isCancelRequested, !own.isAcceptance, own.side == request.side, own.type == request.type, own.quantity == request.quantity,
            own.price == request.price, own.stop == request.stop {
            exposure.hasLiveTwin = true
        }
    }
}
