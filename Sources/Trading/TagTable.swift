import Domain

/// The texts of tags by place. A place whose orders are all forgotten is given to another text, so that a tag for every order
/// does not make the table grow with the run.
struct TagTable {
    /// Fewer tags than this are not worth looking through.
    static let smallestSweep = 16_384

    private var texts: [String] = [""]
    private var places: [String: UInt32] = [:]
    private var free: [UInt32] = []
    private var nextSweep = TagTable.smallestSweep

    var count: Int { texts.count - free.count }

    func text(of tag: OrderTag) -> String { texts[Int(tag.index)] }

    /// The text's place, where it has one.
    func tag(_ text: String) -> OrderTag? {
        if text.isEmpty { return OrderTag.none }
        return places[text].map(OrderTag.init(index:))
    }

    /// Gives a text without a place one.
    ///
    /// - Parameter orders: asked for the tags that are still in use, when there are many.
    mutating func add(_ text: String, orders: borrowing OrderTable) -> OrderTag {
        if count >= nextSweep { sweep(orders) }
        let place = free.popLast() ?? UInt32(texts.count)
        if Int(place) == texts.count { texts.append(text) } else { texts[Int(place)] = text }
        places[text] = place
        return OrderTag(index: place)
    }

    private mutating func sweep(_ orders: borrowing OrderTable) {
        var isUsed = [Bool](repeating: false, count: texts.count)
        isUsed[0] = true
        orders.eachTag { isUsed[Int($0.index)] = true }
        for place in free { isUsed[Int(place)] = true }
        for place in isUsed.indices where !isUsed[place] {
            places[texts[place]] = nil
            texts[place] = ""
            free.append(UInt32(place))
        }
        nextSweep = max(TagTable.smallestSweep, 2 * count)
    }
}
