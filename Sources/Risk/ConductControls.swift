import Domain

/// C17 and C19: what an order may do to our own other orders and to the position. They have no off switch.
extension Gate {
    /// C17. A limit that would reach an own order opposite is refused, and a market order too where the own order is as good as the
    /// best price it would meet; by the last trade where there is no book, and whatever the price where there is not even that.
    ///
    /// An order being cancelled may still be there, and counts; except for a post-only order, which the venue refuses rather than
    /// lets it trade. An untriggered stop meets nobody.
    @inline(__always) func checkSelfMatch(of request: OrderRequest, exposure: Exposure) throws(Breach) {
        // A quote is taken from its dealer, whatever stands in the book.
        if request.isAcceptance { return }
        switch request.side {
        case .buy:
            let own = request.isPostOnly ? exposure.lowestStayingSellTicks : exposure.lowestOwnSellTicks
            if own == Exposure.noAsk { return }
            let reach = reach(of: request, exposure: exposure)
            if reach.map({ $0 >= own }) ?? !request.type.isStop { throw .selfMatch(own: Price(ticks: own)) }
        case .sell:
            let own = request.isPostOnly ? exposure.highestStayingBuyTicks : exposure.highestOwnBuyTicks
            if own == Exposure.noBid { return }
            let reach = reach(of: request, exposure: exposure)
            if reach.map({ $0 <= own }) ?? !request.type.isStop { throw .selfMatch(own: Price(ticks: own)) }
        }
    }

    /// The price up to which a request would trade at once; nil where that is not known, and for stops.
    @inline(__always) private func reach(of request: OrderRequest, exposure: Exposure) -> Int64? {
        switch request.type {
        case .limit: request.price.ticks
        case .market: exposure.touch(met: request.side) ?? (exposure.lastTicks > 0 ? exposure.lastTicks : nil)
        case .stop, .stopLimit: nil
        }
    }

    /// C19, strict: with every live order on its side filled first, a reduce-only order still only shrinks the position.
    @inline(__always) func checkReduceOnly(of request: OrderRequest, exposure: Exposure) throws(Breach) {
        if !request.isReduceOnly { return }
        let position = Int128(exposure.positionLots)
        let after = switch request.side {
        case .buy: position + Int128(exposure.buyLeavesLots) + Int128(request.quantity.lots)
        case .sell: position - Int128(exposure.sellLeavesLots) - Int128(request.quantity.lots)
        }
        let isAllowed = request.side == .buy ? position < 0 && after <= 0 : position > 0 && after >= 0
        if !isAllowed {
            throw .reduceOnly(positionLots: exposure.positionLots, afterLots: Int64(clamping: after))
        }
    }
}
