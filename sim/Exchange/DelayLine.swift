/// What is under way between desk and venue, one direction: first in, first out, because nothing overtakes.
public struct DelayLine<Item> {
    /// From ``head`` to ``tail`` under way; the places are kept and used again.
    private var items: [(due: Int64, item: Item)] = []
    private var head = 0
    private var tail = 0
    private var lastDue = Int64.min
    /// When the next one arrives, ns; `Int64.max` where nothing is under way.
    public private(set) var nextDue = Int64.max

    public init() {}

    public var isEmpty: Bool { head == tail }

    /// Sends an item that would arrive at `due`, but never before an earlier one.
    public mutating func send(_ item: Item, due: Int64) {
        lastDue = max(lastDue, due)
        if tail < items.count { items[tail] = (lastDue, item) } else { items.append((lastDue, item)) }
        tail += 1
        if nextDue == .max { nextDue = lastDue }
    }

    public mutating func receive() -> Item {
        precondition(head < tail, "nothing is under way")
        let item = items[head].item
        head += 1
        if head == tail {
            (head, tail) = (0, 0)
            nextDue = .max
        } else {
            nextDue = items[head].due
            if head >= 1_024 {
                items.removeFirst(head)
                tail -= head
                head = 0
            }
        }
        return item
    }
}
