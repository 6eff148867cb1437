import Domain
import Exchange

// Bars of the naive twin.
extension NaiveExchange {
    private func put(_ o: Own) { if let index = own.firstIndex(where: { $0.id == o.id }) { own[index] = o } }
    private func gone(_ o: Own) { own.removeAll { $0.id == o.id } }

    private func barFill(_ o: inout Own, _ price: Int64, _ liquidity: Liquidity, _ time: Int64) {
        let room = o.request.isReduceOnly ? min(allowance, reducible(o.side)) : allowance
        if liquidity == .taker, o.request.timeInForce == .fillOrKill, room < o.leaves { return }
        let got = fill(&o, min(o.leaves, allowance), price, liquidity, time)
        if rules.maxBarShare != nil { allowance -= got }
    }

    private func close(_ o: Own, _ time: Int64) {
        put(o)
        if o.leaves > 0 && o.dies {
            gone(o)
            say(o.id, time, .expired)
        }
    }

    func openBar(_ open: Int64, volume: Int64, at time: Int64) {
        let before = position
        if let share = rules.maxBarShare {
            let lots = ExactDecimal(mantissa: Int128(volume), scale: 0) * share
            allowance = Int64(lots.mantissa / ExactDecimal.powerOfTen(lots.scale) / Int128(instrument.unitsPerLot))
        }
        for var o in own {
            o.fresh = false
            put(o)
            let reached = o.side == .buy ? open <= o.price : open >= o.price
            if o.type.isStop {
                if o.side == .buy ? open < o.request.stop.ticks : open > o.request.stop.ticks { continue }
                o = unstopped(o)
            }
            if o.type == .limit, o.mute {
                o.mute = false
                if reached {
                    gone(o)
                    say(o.id, time, .rejected(.postOnly))
                    continue
                }
                say(o.id, time, .accepted)
            }
            if o.type == .market || reached && !o.request.isPostOnly {
                barFill(&o, slip(open, o), .taker, time)
            } else if reached {
                barFill(&o, o.price, .maker, time)
            }
            close(o, time)
        }
        tidy(time, positionBefore: before)
    }

    func closeBar(_ open: Int64, _ high: Int64, _ low: Int64, _ closing: Int64, at time: Int64) {
        let before = position
        last = closing
        for var o in own where o.type.isStop && !o.fresh {
            let stop = o.request.stop.ticks
            if o.side == .buy ? high < stop : low > stop { continue }
            let price = o.side == .buy ? max(open, stop) : min(open, stop)
            o = unstopped(o)
            o.touched = true
            if o.type == .market || (o.side == .buy ? price <= o.price : price >= o.price) {
                if o.request.isPostOnly {
                    gone(o)
                    say(o.id, time, .expired)
                    continue
                }
                barFill(&o, slip(price, o), .taker, time)
            }
            close(o, time)
        }
        for var o in own where o.type == .limit && !o.fresh && !o.touched && o.leaves > 0 {
            if o.side == .buy ? low < o.price : high > o.price { barFill(&o, o.price, .maker, time) }
            put(o)
        }
        for index in own.indices { own[index].touched = false }
        tidy(time, positionBefore: before)
    }
}
