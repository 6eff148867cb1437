public import Domain

/// One of the two orders in which a backtest takes the records of its tapes, record by record.
///
/// The desk lane has what the desk sees, by local time; the venue lane what the venue sees, by exchange time, however the capture
/// steps back. Both are stable: ties keep the order of the tapes, then that of the records.
///
/// Inside a stretch of records that lie in order in memory, ``advance()`` is a step of a pointer and two comparisons; a new block,
/// a record to skip or a change of tape takes the slow way.
@safe @frozen public struct TapeLane: ~Copyable {
    @usableFromInline var currentTime: Int64
    @usableFromInline var current: UnsafePointer<MarketRecord>
    /// Behind the last record of the stretch.
    @usableFromInline var end: UnsafePointer<MarketRecord>
    /// Latest time up to which this tape goes on before another one has its turn.
    @usableFromInline var limit: Int64
    /// From a tape's instrument numbers to those of the merged list.
    @usableFromInline var map: UnsafePointer<UInt16>
    @usableFromInline let skippedFlag: UInt8
    @usableFromInline let isVenue: Bool
    @usableFromInline let core: LaneCore

    init(_ core: LaneCore) throws(TapeError) {
        self.core = core
        isVenue = core.clock == .venue
        skippedFlag = core.clock.skippedFlag
        let place = unsafe try core.start()
        currentTime = unsafe place.time
        limit = unsafe place.limit
        unsafe current = place.record
        unsafe end = place.end
        unsafe map = place.map
    }

    /// Local (desk lane) or exchange time (venue lane) of the current record; `Int64.max` at the end.
    @inlinable public var time: Int64 {
        @inline(__always) get { currentTime }
    }

    /// The current record, valid until the next ``advance()``; at the end a record of no meaning.
    @inlinable public var record: UnsafePointer<MarketRecord> {
        @inline(__always) get { unsafe current }
    }

    /// The current record's instrument in the merged list.
    @inlinable public var instrument: Int {
        @inline(__always) get { unsafe Int(map[Int(current.pointee.instrument)]) }
    }

    @inlinable public var isAtEnd: Bool {
        @inline(__always) get { currentTime == .max }
    }

    /// Steps to the next record; at the end it stays there.
    @inlinable @inline(__always) public mutating func advance() throws(TapeError) {
        let next = unsafe current + 1
        if unsafe next < end, unsafe next.pointee.flags & skippedFlag == 0 {
            let nextTime = unsafe isVenue ? next.pointee.exchangeTime : next.pointee.localTime
            if nextTime <= limit {
                unsafe current = next
                currentTime = nextTime
                return
            }
        }
        try advanceSlowly()
    }

    /// Where the lane stands, for a loop that keeps it in registers; given back with ``move(to:)``.
    @inlinable public var cursor: Cursor {
        @inline(__always) get {
            unsafe Cursor(
                time: currentTime, record: current, end: end, limit: limit, map: map, skippedFlag: skippedFlag, isVenue: isVenue)
        }
    }

    @inlinable @inline(__always) public mutating func move(to cursor: Cursor) {
        currentTime = cursor.time
        unsafe current = cursor.record
    }

    /// ``advance()`` from where the cursor stands, the slow way.
    @inlinable @inline(__always) public mutating func advance(from cursor: inout Cursor) throws(TapeError) {
        move(to: cursor)
        try advanceSlowly()
        cursor = self.cursor
    }

    /// A lane's place within a stretch of records that lie in order in memory.
    @safe @frozen public struct Cursor: BitwiseCopyable {
        public var time: Int64
        public var record: UnsafePointer<MarketRecord>
        @usableFromInline let end: UnsafePointer<MarketRecord>
        @usableFromInline let limit: Int64
        @usableFromInline let map: UnsafePointer<UInt16>
        @usableFromInline let skippedFlag: UInt8
        @usableFromInline let isVenue: Bool

        @inlinable @inline(__always) init(
            time: Int64, record: UnsafePointer<MarketRecord>, end: UnsafePointer<MarketRecord>, limit: Int64,
            map: UnsafePointer<UInt16>, skippedFlag: UInt8, isVenue: Bool
        ) {
            (self.time, self.limit, self.skippedFlag, self.isVenue) = (time, limit, skippedFlag, isVenue)
            unsafe (self.record, self.end, self.map) = (record, end, map)
        }

        @inlinable public var instrument: Int {
            @inline(__always) get { unsafe Int(map[Int(record.pointee.instrument)]) }
        }

        /// Steps within the stretch; false where the lane must go the slow way.
        @inlinable @inline(__always) public mutating func step() -> Bool {
            let next = unsafe record + 1
            guard unsafe next < end, unsafe next.pointee.flags & skippedFlag == 0 else { return false }
            let nextTime = unsafe isVenue ? next.pointee.exchangeTime : next.pointee.localTime
            guard nextTime <= limit else { return false }
            unsafe record = next
            time = nextTime
            return true
        }
    }

    @usableFromInline @inline(never) mutating func advanceSlowly() throws(TapeError) {
        if currentTime == .max { return }
        let place = unsafe try core.next(after: current)
        currentTime = unsafe place.time
        limit = unsafe place.limit
        unsafe current = place.record
        unsafe end = place.end
        unsafe map = place.map
    }
}

/// Which of a record's two times a lane goes by.
@usableFromInline enum LaneClock {
    case desk, venue

    /// Records with this flag are not of the lane.
    var skippedFlag: UInt8 { self == .desk ? MarketRecord.Flag.venueOnly : MarketRecord.Flag.deskOnly }
}

/// Where a lane stands after a slow step.
@unsafe struct LanePlace {
    let time: Int64
    let limit: Int64
    let record: UnsafePointer<MarketRecord>
    let end: UnsafePointer<MarketRecord>
    let map: UnsafePointer<UInt16>
}

/// The slow half of a lane: the heads of all tapes, and whose turn it is.
@safe @usableFromInline final class LaneCore {
    let clock: LaneClock
    private let sources: [LaneSource]
    private let heads: UnsafeMutablePointer<Head>
    private let nothing: UnsafeMutablePointer<MarketRecord>
    private var active = 0

    @safe private struct Head {
        var record: UnsafePointer<MarketRecord>
        var end: UnsafePointer<MarketRecord>
        var time: Int64
    }

    init(clock: LaneClock, sources: [LaneSource]) {
        precondition(!sources.isEmpty, "a lane without tapes")
        (self.clock, self.sources) = (clock, sources)
        unsafe nothing = .allocate(capacity: 1)
        unsafe nothing.initialize(
            to: MarketRecord(kind: .status, instrument: InstrumentID(index: 0), localTime: .max, exchangeTime: .max))
        unsafe heads = .allocate(capacity: sources.count)
        unsafe heads.initialize(
            repeating: Head(record: UnsafePointer(nothing), end: UnsafePointer(nothing), time: .max), count: sources.count)
    }

    deinit {
        unsafe heads.deallocate()
        unsafe nothing.deallocate()
    }

    func start() throws(TapeError) -> LanePlace {
        for number in sources.indices { try settle(number) }
        return unsafe choose()
    }

    func next(after record: UnsafePointer<MarketRecord>) throws(TapeError) -> LanePlace {
        unsafe heads[active].record = record + 1
        try settle(active)
        return unsafe choose()
    }

    /// Moves a head to the next record of the lane, into the next stretch where this one is used up.
    private func settle(_ number: Int) throws(TapeError) {
        let skipped = clock.skippedFlag
        var head = unsafe heads[number]
        while true {
            while unsafe head.record < head.end {
                if unsafe head.record.pointee.flags & skipped == 0 {
                    unsafe head.time = clock == .venue ? head.record.pointee.exchangeTime : head.record.pointee.localTime
                    unsafe heads[number] = head
                    return
                }
                unsafe head.record += 1
            }
            guard let stretch = unsafe try sources[number].nextStretch() else { break }
            guard let base = stretch.baseAddress else { continue }
            unsafe head.record = base
            unsafe head.end = base + stretch.count
        }
        unsafe heads[number] = Head(record: UnsafePointer(nothing), end: UnsafePointer(nothing), time: .max)
    }

    /// The earliest head, the first of equals, and until when it stays so.
    private func choose() -> LanePlace {
        var best = 0
        for number in 1..<max(sources.count, 1) where unsafe heads[number].time < heads[best].time { best = number }
        var limit = Int64.max
        for number in sources.indices where number != best {
            // A tape before this one in the list has its turn at equal times, one behind it does not.
            let time = unsafe heads[number].time
            limit = min(limit, number < best ? time &- 1 : time)
        }
        active = best
        return unsafe LanePlace(
            time: heads[best].time, limit: limit, record: heads[best].record, end: heads[best].end, map: sources[best].map)
    }
}
