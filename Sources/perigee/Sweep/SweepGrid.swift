import Domain

/// The values that a sweep tries: every combination of its axes, the last axis turning fastest.
struct SweepGrid {
    struct Axis: Equatable {
        let name: String
        let values: [String]
    }

    /// More would not end, or not fit on a disk.
    static let mostCombinations = 1_000_000

    let axes: [Axis]
    let count: Int

    init(_ texts: [String]) throws {
        guard !texts.isEmpty else { throw Failure(.usage, "sweep: no --grid; expected --grid NAME=FROM:TO:STEP or --grid NAME=VALUE,VALUE") }
        var axes: [Axis] = []
        var count = 1
        for text in texts {
            let axis = try SweepGrid.axis(text)
            guard !axes.contains(where: { $0.name == axis.name }) else {
                throw Failure(.usage, "--grid \(text): a second grid of \(axis.name); expected one for each parameter")
            }
            let (product, isTooLarge) = count.multipliedReportingOverflow(by: axis.values.count)
            guard !isTooLarge, product <= SweepGrid.mostCombinations else {
                throw Failure(.usage, "--grid \(text): found more than 1,000,000 combinations in all, expected at most so many")
            }
            (count, axes) = (product, axes + [axis])
        }
        (self.axes, self.count) = (axes, count)
    }

    /// The values of a combination, in the order of ``axes``.
    func values(_ index: Int) -> [String] {
        var (rest, values) = (index, [String]())
        for axis in axes.reversed() {
            values.append(axis.values[rest % axis.values.count])
            rest /= axis.values.count
        }
        return values.reversed()
    }

    // MARK: - Reading

    private static func axis(_ text: String) throws -> Axis {
        func failure(_ what: String) -> Failure { Failure(.usage, "--grid \(text): \(what); expected NAME=FROM:TO:STEP or NAME=VALUE,VALUE") }
        guard let sign = text.firstIndex(of: "="), sign != text.startIndex else { throw failure("found no NAME=") }
        let name = String(text[..<sign])
        let body = text[text.index(after: sign)...]
        guard !body.isEmpty else { throw failure("found no values") }
        if !body.contains(":") {
            let values = body.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            if values.contains("") { throw failure("found an empty value") }
            if Set(values).count < values.count { throw failure("found a value twice") }
            return Axis(name: name, values: values)
        }
        let parts = body.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3 else { throw failure("found \(parts.count) parts") }
        let numbers = try parts.map { part in
            guard let number = try? ExactDecimal(part), number.scale <= 12 else { throw failure("found '\(part)'") }
            return number
        }
        return Axis(name: name, values: try range(numbers[0], numbers[1], numbers[2], failure))
    }

    /// From, from + step, … up to and including `to`, exactly.
    private static func range(
        _ from: ExactDecimal, _ to: ExactDecimal, _ step: ExactDecimal, _ failure: (String) -> Failure
    ) throws -> [String] {
        let scale = max(from.scale, to.scale, step.scale)
        func whole(_ number: ExactDecimal) throws -> Int128 {
            let (value, isTooLarge) = number.mantissa.multipliedReportingOverflow(by: ExactDecimal.powerOfTen(scale - number.scale))
            guard !isTooLarge, value.magnitude < UInt128(1) << 100 else { throw failure("found '\(number)'") }
            return value
        }
        let (first, last, stride) = (try whole(from), try whole(to), try whole(step))
        guard stride != 0 else { throw failure("found a step of 0") }
        guard (last - first) * (stride > 0 ? 1 : -1) >= 0 else { throw failure("found a step that leads away from \(to)") }
        let steps = (last - first) / stride
        guard steps < Int128(mostCombinations) else { throw failure("found more than 1,000,000 values") }
        // A grid of whole numbers is one of integers, whatever its spelling: `10`, not `10.0`.
        return (0...steps).map { ExactDecimal(mantissa: first + $0 * stride, scale: scale).normalized.description }
    }
}

/// `--shard i/n`: every n-th combination from the i-th on, so that the shards differ by one at most.
struct SweepShard {
    let index: Int
    let count: Int

    init(_ text: String?) throws {
        guard let text else { (index, count) = (1, 1); return }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let index = parts[0], let count = parts[1], count >= 1, (1...count).contains(index) else {
            throw Failure(.usage, "--shard: found '\(text)', expected I/N with I from 1 to N, such as 1/4")
        }
        (self.index, self.count) = (index, count)
    }

    func combinations(of total: Int) -> [Int] { Array(stride(from: index - 1, to: total, by: count)) }
}
