internal import Domain
internal import Glibc

/// The estimate of a place in a queue, as `docs/fills.md` gives it, in doubles and in the order written there.
enum QueueEstimate {
    /// After a depth record at the order's price and side, from `old` to `new` base units.
    static func depthChanged(_ order: inout RestingOrder, from old: Double, to new: Double, _ model: QueueModel) {
        switch model {
        case .riskAverse:
            order.ahead = least(order.ahead, new)
        case .power(let exponent):
            advance(&order, from: old, to: new) { pow($0, exponent) }
        case .log:
            advance(&order, from: old, to: new) { log(1 + $0) }
        case .fifo:
            break
        }
    }

    @inline(__always)
    private static func advance(_ order: inout RestingOrder, from old: Double, to new: Double, _ weight: (Double) -> Double) {
        let decrease = (old - new) - order.traded
        order.traded = 0
        if decrease < 0 {
            order.ahead = least(order.ahead, new)
            return
        }
        let back = old - order.ahead
        var behind = weight(back) / (weight(back) + weight(order.ahead))
        if behind.isInfinite { behind = 1 }
        let ahead = order.ahead - (1 - behind) * decrease + least(back - behind * decrease, 0)
        order.ahead = least(ahead, new)
    }

    /// The smaller one; of a NaN and a number the number.
    @inline(__always) private static func least(_ left: Double, _ right: Double) -> Double {
        left.isNaN ? right : (right < left ? right : left)
    }
}
