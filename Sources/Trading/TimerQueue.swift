import Domain

public struct TimerID: Hashable, Sendable, BitwiseCopyable {
    public let raw: UInt64
    public init(_ raw: UInt64) { self.raw = raw }
}

/// Timers of the strategies, by due time, then by order of creation: a binary heap.
struct TimerQueue: Sendable {
    private struct Entry: Sendable {
        var due: Int64
        let id: UInt64
        /// Nanoseconds between calls; zero fires once.
        let interval: Int64
    }

    private var heap: [Entry] = []
    private var lastID: UInt64 = 0

    /// Due time of the next timer in ns, `Int64.max` where there is none.
    private(set) var nextDue = Int64.max

    var count: Int { heap.count }

    mutating func add(due: Timestamp, every interval: Span) -> TimerID {
        lastID += 1
        heap.append(Entry(due: due.nanoseconds, id: lastID, interval: interval.nanoseconds))
        siftUp(heap.count - 1)
        nextDue = heap[0].due
        return TimerID(lastID)
    }

    /// Whether there was such a timer.
    mutating func cancel(_ id: TimerID) -> Bool {
        guard let index = heap.firstIndex(where: { $0.id == id.raw }) else { return false }
        remove(at: index)
        return true
    }

    /// Takes the first timer due at or before `time`; a repeating one is scheduled again from its own due time.
    mutating func pop(at time: Timestamp) -> TimerID? {
        guard nextDue <= time.nanoseconds, let first = heap.first else { return nil }
        if first.interval > 0 {
            heap[0].due = first.due + first.interval
            siftDown(0)
            nextDue = heap[0].due
        } else {
            remove(at: 0)
        }
        return TimerID(first.id)
    }

    private mutating func remove(at index: Int) {
        heap.swapAt(index, heap.count - 1)
        heap.removeLast()
        if index < heap.count {
            siftDown(index)
            siftUp(index)
        }
        nextDue = heap.first?.due ?? .max
    }

    private func precedes(_ left: Int, _ right: Int) -> Bool {
        (heap[left].due, heap[left].id) < (heap[right].due, heap[right].id)
    }

    private mutating func siftUp(_ start: Int) {
        var index = start
        while index > 0, precedes(index, (index - 1) / 2) {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    private mutating func siftDown(_ start: Int) {
        var index = start
        while true {
            var least = index
            if 2 * index + 1 < heap.count, precedes(2 * index + 1, least) { least = 2 * index + 1 }
            if 2 * index + 2 < heap.count, precedes(2 * index + 2, least) { least = 2 * index + 2 }
            if least == index { return }
            heap.swapAt(index, least)
            index = least
        }
    }
}
