/// Σx.
struct SumFold: WindowFold {
    var sum: DoubleDouble
    static let empty = SumFold(sum: .zero)
    @inline(__always) init(_ value: Double) { sum = DoubleDouble(value) }
    @inline(__always) private init(sum: DoubleDouble) { self.sum = sum }
    @inline(__always) func adding(_ one: SumFold) -> SumFold { followed(by: one) }
    @inline(__always) func followed(by newer: SumFold) -> SumFold { SumFold(sum: sum &+ newer.sum) }
}

/// Σx and Σi·x, with i = 1 for the oldest.
struct WeightedFold: WindowFold {
    private var count: Double
    private var sum: DoubleDouble
    private(set) var weighted: DoubleDouble
    static let empty = WeightedFold(count: 0, sum: .zero, weighted: .zero)

    @inline(__always) init(_ value: Double) {
        self.init(count: 1, sum: DoubleDouble(value), weighted: DoubleDouble(value))
    }
    @inline(__always) private init(count: Double, sum: DoubleDouble, weighted: DoubleDouble) {
        (self.count, self.sum, self.weighted) = (count, sum, weighted)
    }
    @inline(__always) func adding(_ one: WeightedFold) -> WeightedFold { followed(by: one) }
    @inline(__always) func followed(by newer: WeightedFold) -> WeightedFold {
        WeightedFold(
            count: count + newer.count, sum: sum &+ newer.sum, weighted: weighted &+ newer.weighted &+ newer.sum * count)
    }
}

/// Σx and Σ(x − mean)². The second is a sum of squares, none of them a difference of large numbers.
/// - Source: E. A. Youngs and E. M. Cramer (1971) for one value, T. F. Chan, G. H. Golub and R. J. LeVeque (1979) for a run.
struct SpreadFold: WindowFold {
    private var count: Double
    private(set) var sum: DoubleDouble
    private(set) var squares: Double
    static let empty = SpreadFold(count: 0, sum: .zero, squares: 0)

    @inline(__always) init(_ value: Double) { self.init(count: 1, sum: DoubleDouble(value), squares: 0) }
    @inline(__always) private init(count: Double, sum: DoubleDouble, squares: Double) {
        (self.count, self.sum, self.squares) = (count, sum, squares)
    }
    @inline(__always) func adding(_ one: SpreadFold) -> SpreadFold { followed(by: one) }
    @inline(__always) func followed(by newer: SpreadFold) -> SpreadFold {
        if count == 0 { return newer }
        if newer.count == 0 { return self }
        let total = count + newer.count
        let apart = (sum * newer.count &+ -(newer.sum * count)).rounded
        return SpreadFold(
            count: total, sum: sum &+ newer.sum,
            squares: squares + newer.squares + apart * apart / (count * newer.count * total))
    }
}

/// The largest value; of lows, negated, the smallest.
struct MaximumFold: WindowFold {
    var value: Double
    static let empty = MaximumFold(-.infinity)
    @inline(__always) init(_ value: Double) { self.value = value }
    @inline(__always) func adding(_ one: MaximumFold) -> MaximumFold { followed(by: one) }
    @inline(__always) func followed(by newer: MaximumFold) -> MaximumFold { newer.value > value ? newer : self }
}

/// Σ price × quantity and Σ quantity.
struct VolumeFold: WindowFold {
    private(set) var value: DoubleDouble
    private(set) var quantity: DoubleDouble
    static let empty = VolumeFold(value: .zero, quantity: .zero)

    @inline(__always) init(price: Double, quantity: Double) {
        self.init(value: .product(price, quantity), quantity: DoubleDouble(quantity))
    }
    @inline(__always) private init(value: DoubleDouble, quantity: DoubleDouble) {
        (self.value, self.quantity) = (value, quantity)
    }
    @inline(__always) func adding(_ one: VolumeFold) -> VolumeFold { followed(by: one) }
    @inline(__always) func followed(by newer: VolumeFold) -> VolumeFold {
        VolumeFold(value: value &+ newer.value, quantity: quantity &+ newer.quantity)
    }
    /// Nil where nothing was traded.
    @inline(__always) var average: Double? { quantity.high > 0 ? value.rounded / quantity.rounded : nil }
}
