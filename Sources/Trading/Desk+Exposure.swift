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
        for other in tickLots.indices {
            let isOwn = other == index
            let sameQuote = portfolio.quoteCurrency[other] == portfolio.quoteCurrency[index]
            let tickLot = tickLots[other]
            for place in 0..<orders.liveCount(other) {
                let record = unsafe orders.live(other, at: place)
                let id = unsafe record.pointee.order.id
                guard id != request.id || id == amending, let charge = unsafe record.pointee.charge else { continue }
                exposure.accountLiveOrders += 1
                if unsafe record.pointee.order.phase == .unknown { unsafe countUnknown(record, into: &exposure) }
                let value = unsafe Amount(raw: tickLot &* (Int128(charge.price.ticks) &* Int128(record.pointee.worstLeaves.lots)))
                if sameQuote { exposure.accountOpenValue += value }
                if isOwn {
                    exposure.openValue += value
                    unsafe count(record, beside: request, isTwinAllowed: id == amending, into: &exposure)
                }
            }
        }
        exposure.bestBidTicks = unsafe books[index].bestBidTicks
        exposure.bestAskTicks = unsafe books[index].bestAskTicks
        exposure.bookTime = unsafe markets[index].bookArrival
        exposure.lastTicks = unsafe markets[index].lastTrade.ticks
        exposure.lastTime = unsafe markets[index].lastTradeArrival
        // A bar tape has no book: the last close is what an order can be judged by.
        if dataKinds[index] == .bars, unsafe markets[index].hasTraded {
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

    private func countUnknown(_ record: UnsafePointer<OrderRecord>, into exposure: inout Exposure) {
        exposure.unknownOrders += 1
        unsafe exposure.oldestUnknown = min(exposure.oldestUnknown, record.pointee.lostSince)
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
        // Credit: what was left when the venue last said, and what was traded since.
        if let credit = credits[currency] {
            return credit.left + (own - credit.counted) - reserved(currency: currency, without: excluded, isJudgedOnly: true)
        }
        // F55: the lesser of what we count and what the venue says is believed.
        let total = venueBalances.isEmpty ? own : min(own, told(currency) ?? own)
        return total - reserved(currency: currency, without: excluded, isJudgedOnly: true)
    }

    @inline(__always)
    private func count(
        _ record: UnsafePointer<OrderRecord>, beside request: OrderRequest, isTwinAllowed: Bool, into exposure: inout Exposure
    ) {
        exposure.liveOrders += 1
        let leaves = unsafe record.pointee.worstLeaves.lots
        let isStaying = unsafe !record.pointee.order.isCancelRequested
        let (side, type) = unsafe (record.pointee.order.request.side, record.pointee.order.request.type)
        let price = unsafe record.pointee.order.request.price
        // What accepts a quote stands in no book.
        let isAcceptance = unsafe record.pointee.order.request.isAcceptance
        switch side {
        case .buy:
            exposure.buyLeavesLots += leaves
            if type == .limit, !isAcceptance {
                exposure.highestOwnBuyTicks = max(exposure.highestOwnBuyTicks, price.ticks)
                if isStaying { exposure.highestStayingBuyTicks = max(exposure.highestStayingBuyTicks, price.ticks) }
            }
        case .sell:
            exposure.sellLeavesLots += leaves
            if type == .limit, !isAcceptance {
                exposure.lowestOwnSellTicks = min(exposure.lowestOwnSellTicks, price.ticks)
                if isStaying { exposure.lowestStayingSellTicks = min(exposure.lowestStayingSellTicks, price.ticks) }
            }
        }
        if !isTwinAllowed, isStaying, !isAcceptance, side == request.side, price == request.price, type == request.type,
            unsafe record.pointee.order.request.quantity == request.quantity, unsafe record.pointee.order.request.stop == request.stop {
            exposure.hasLiveTwin = true
        }
    }
}
