import Domain

extension MergedTape {
    /// By instrument, whether any of its records is a trade: bars are then made of trades, else of middles.
    ///
    /// - Complexity: reads until every instrument has shown a trade; the whole tape where one has none.
    public func holdsTrades() throws(TapeError) -> [Bool] {
        var found = instruments.map { $0.dataKind == .bars }
        var missing = found.count { !$0 }
        guard missing > 0 else { return found }
        var lane = try deskLane()
        while missing > 0, !lane.isAtEnd {
            if unsafe lane.record.pointee.kindByte == MarketRecord.Kind.trade.rawValue, !found[lane.instrument] {
                found[lane.instrument] = true
                missing -= 1
            }
            try lane.advance()
        }
        return found
    }
}
