import Domain

/// What a series puts into one stretch of time; two neighbours merge into one.
protocol SeriesBucket: Sendable {
    mutating func merge(_ later: Self)
}

/// A series of any length in a bounded number of equal stretches of time, which double in width as the run grows.
struct AdaptiveSeries<Bucket: SeriesBucket>: Sendable {
    static var capacity: Int { 1024 }

    private(set) var origin: Timestamp?
    private(set) var width = Span(nanoseconds: 1_000_000)
    private(set) var buckets: [Bucket?] = []
    /// Where the last stretch ends: most values belong to it.
    private var lastEnd = Timestamp(nanoseconds: .min)

    /// Times must not run backwards.
    mutating func add(_ bucket: Bucket, at time: Timestamp) {
        if time < lastEnd, buckets[buckets.count - 1]?.merge(bucket) != nil { return }
        place(bucket, at: time)
    }

    private mutating func place(_ bucket: Bucket, at time: Timestamp) {
        let start = origin ?? time
        origin = start
        var index = max(0, (time - start).nanoseconds) / width.nanoseconds
        while index >= Int64(Self.capacity) {
            halve()
            index /= 2
        }
        while buckets.count <= Int(index) { buckets.append(nil) }
        if buckets[Int(index)]?.merge(bucket) == nil { buckets[Int(index)] = bucket }
        lastEnd = start + Span(nanoseconds: Int64(buckets.count) * width.nanoseconds)
    }

    private mutating func halve() {
        width = Span(nanoseconds: width.nanoseconds * 2)
        var merged: [Bucket?] = []
        merged.reserveCapacity(Self.capacity)
        for index in stride(from: 0, to: buckets.count, by: 2) {
            guard var first = buckets[index] else {
                merged.append(index + 1 < buckets.count ? buckets[index + 1] : nil)
                continue
            }
            if index + 1 < buckets.count, let second = buckets[index + 1] { first.merge(second) }
            merged.append(first)
        }
        buckets = merged
    }

    /// `[start of the stretch, …]` for each stretch that holds something.
    func rows(_ values: (Bucket) -> [JSON]) -> JSON {
        guard let origin else { return .array([]) }
        var rows: [JSON] = []
        for (index, bucket) in buckets.enumerated() {
            guard let bucket else { continue }
            let start = origin.nanoseconds + Int64(index) * width.nanoseconds
            rows.append(.array([.integer(start)] + values(bucket)))
        }
        return .array(rows)
    }
}

/// First, lowest, highest and last value of a stretch.
struct ValueBucket<Value: Comparable & Sendable>: SeriesBucket {
    var first: Value
    var low: Value
    var high: Value
    var last: Value

    init(_ value: Value) { (first, low, high, last) = (value, value, value, value) }

    mutating func merge(_ later: ValueBucket) {
        low = min(low, later.low)
        high = max(high, later.high)
        last = later.last
    }
}

extension ReturnMoments: SeriesBucket {
    mutating func merge(_ later: ReturnMoments) { add(later) }
}
