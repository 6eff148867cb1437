import CZlib
import JSON

/// One pair's book as Kraken writes it, for its checksum: raw digits, best first.
///
/// - Source: Kraken's WebSocket v1 “book” channel and its guide to the CRC32 checksum.
struct KrakenBook {
    /// A level by its digits without the point: `0.000022900` is 22900.
    struct Level: Hashable {
        let price: Int64
        let size: Int64
    }

    private(set) var bids: [Level] = []
    private(set) var asks: [Level] = []
    let depth: Int

    init(depth: Int) { self.depth = depth }

    /// The digits of a decimal text as one number.
    static func digits(_ text: Bytes) -> Int64? {
        var value: Int64 = 0
        for index in 0..<text.count where text[index] != UInt8(ascii: ".") {
            let digit = text[index] &- 48
            guard digit <= 9, value < 100_000_000_000_000_000 else { return nil }
            value = value * 10 + Int64(digit)
        }
        return text.isEmpty ? nil : value
    }

    mutating func set(isBid: Bool, _ level: Level) {
        if isBid { KrakenBook.set(&bids, level) { $0 > $1 } } else { KrakenBook.set(&asks, level) { $0 < $1 } }
    }

    private static func set(_ side: inout [Level], _ level: Level, _ better: (Int64, Int64) -> Bool) {
        var (low, high) = (0, side.count)
        while low < high {
            let middle = (low + high) / 2
            if better(side[middle].price, level.price) { low = middle + 1 } else { high = middle }
        }
        let exists = low < side.count && side[low].price == level.price
        if level.size == 0 {
            if exists { side.remove(at: low) }
        } else if exists {
            side[low] = level
        } else {
            side.insert(level, at: low)
        }
    }

    /// Takes the worst level of a side that has grown beyond the subscribed depth.
    mutating func takeExcess(isBid: Bool) -> Level? {
        if isBid { return bids.count > depth ? bids.removeLast() : nil }
        return asks.count > depth ? asks.removeLast() : nil
    }

    /// CRC-32 over the ten best asks, then the ten best bids: price digits, size digits.
    var checksum: UInt32 {
        var text: [UInt8] = []
        for level in asks.prefix(10) { text += Array("\(level.price)\(level.size)".utf8) }
        for level in bids.prefix(10) { text += Array("\(level.price)\(level.size)".utf8) }
        return unsafe text.withUnsafeBufferPointer { unsafe UInt32(crc32(0, $0.baseAddress, UInt32($0.count))) }
    }
}
