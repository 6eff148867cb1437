internal import Domain
internal import JSON
internal import Transport

/// What every session keeps, whatever the venue: connections, requests under way, the names of orders, questions, the venue's clock.
struct SessionCore<Call> {
    var scope: VenueScope?
    var isEnded = false
    var random: SeededGenerator

    /// What the configuration calls the venue: instruments of other ones are not ours.
    let venue: String
    /// The desk's whole list, of all venues: the place in it is an instrument's number.
    var instruments: [Instrument] = []
    /// A book an instrument; those of other venues stay empty.
    var books: [LevelBook] = []
    /// The places of this venue's instruments.
    var own: [Int] = []
    /// Places of this venue's instruments by its own spelling.
    var places: [String: Int] = [:]
    var resyncs: [BookResync] = []
    var market = SessionLink(.market)
    var orders = SessionLink(.orders)

    var nextID: UInt64 = 1
    /// What waits for its answer, by its id.
    var pending: [UInt64: PendingRequest<Call>] = [:]
    /// Ids of what waits on a socket, oldest first; all wait equally long.
    var deadlines = ReplyDeadlines()
    /// What the limits keep back.
    var waiting: [Outgoing<Call>] = []
    var nextJob: UInt64 = 1
    var jobs: [UInt64: QueryJob] = [:]
    var waves: [UInt64: CancelWave] = [:]
    var names = OrderNames()
    /// Why no new order may go: trouble with the account, until a restart.
    var block: String?
    var pausedUntil: Int64 = .min
    var isProbingClock = false
    var venueClock = IntervalClock()

    var now = VenueTime(wall: Timestamp(nanoseconds: 0), monotonic: 0)
    var out: [VenueAction] = []

    init(_ settings: VenueSettings) { (venue, random) = (settings.name, SeededGenerator(seed: settings.seed)) }

    subscript(link: VenueLink) -> SessionLink {
        get { link == .market ? market : orders }
        set { if link == .market { market = newValue } else { orders = newValue } }
    }

    /// The link that a socket carries; nil for a socket that is none's any more.
    func link(_ socket: SocketID) -> VenueLink? {
        if socket == market.socket { return .market }
        return socket == orders.socket ? .orders : nil
    }

    /// The grids of an instrument that we trade, for undoing a venue's noise.
    func grids(_ symbol: String) -> InstrumentGrids? { places[symbol].map { books[$0].grids } }

    /// The place of a book by the name on the wire. Few instruments: a look along the list is quicker than a hash of the name.
    func book(_ symbol: Bytes) -> Int? {
        for index in own where books[index].isNamed(symbol) { return index }
        return nil
    }

    mutating func tell(_ event: VenueEvent) { out.append(.tell(event)) }
}
