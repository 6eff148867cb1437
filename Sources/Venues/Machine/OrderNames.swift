internal import Domain

/// Which venue id belongs to which of our ids, as far as this session saw it.
struct OrderNames {
    struct Placement {
        var request: UInt64
        var symbol: String
    }

    private static let capacity = 16_384
    private var venueIDs: [String: String] = [:]
    private var order: [String] = []
    /// Placements without an answer, by client id.
    private(set) var placing: [String: Placement] = [:]
    /// Placements whose answer is lost, by the request: a late answer still tells the venue's id.
    private var late: [UInt64: VenueOrderReference] = [:]
    private var lateOrder: [UInt64] = []
    private var lateClients: Set<String> = []
    /// Cancels that wait for the venue's id, by client id.
    private var cancels: [String: VenueOrderReference] = [:]

    func venueID(of clientID: String) -> String? { venueIDs[clientID] }
    /// Whether the venue may yet tell an id of this order.
    func isUnanswered(_ clientID: String) -> Bool { placing[clientID] != nil || lateClients.contains(clientID) }
    func isLate(_ clientID: String) -> Bool { lateClients.contains(clientID) }

    mutating func place(_ clientID: String, request: UInt64, symbol: String) {
        placing[clientID] = Placement(request: request, symbol: symbol)
    }

    /// The placement is answered, by whatever message.
    mutating func settle(_ clientID: String) { placing[clientID] = nil }

    mutating func learn(_ clientID: String, _ venueID: String) {
        if venueIDs.updateValue(venueID, forKey: clientID) == nil { order.append(clientID) }
        lateClients.remove(clientID)
        if order.count > OrderNames.capacity * 2 {
            for old in order.prefix(OrderNames.capacity) { venueIDs[old] = nil }
            order.removeFirst(OrderNames.capacity)
        }
    }

    /// Keeps the request in mind after its answer was waited for in vain, or another message told what it would have.
    mutating func keep(_ request: UInt64, _ reference: VenueOrderReference, isLost: Bool) {
        late[request] = reference
        lateOrder.append(request)
        if isLost, let clientID = reference.clientID { lateClients.insert(clientID) }
        if lateOrder.count > OrderNames.capacity * 2 {
            for old in lateOrder.prefix(OrderNames.capacity) {
                if let clientID = late.removeValue(forKey: old)?.clientID { lateClients.remove(clientID) }
            }
            lateOrder.removeFirst(OrderNames.capacity)
        }
    }

    mutating func takeLate(_ request: UInt64) -> VenueOrderReference? { late.removeValue(forKey: request) }

    mutating func wait(_ reference: VenueOrderReference, _ clientID: String) { cancels[clientID] = reference }
    func waitingCancel(_ clientID: String) -> VenueOrderReference? { cancels[clientID] }
    mutating func takeCancel(_ clientID: String) -> VenueOrderReference? { cancels.removeValue(forKey: clientID) }
}
