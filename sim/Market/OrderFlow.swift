public import Domain

/// The participants around one book, and the clock that calls them in turn. It is the venue's side of a generated market; what a
/// feed makes of it is ``TapeFeed``'s matter.
///
/// Everything is drawn from the seed: the same parameters and seed give the same events, bit for bit.
public struct OrderFlow: Sendable {
    public struct Parameters: Hashable, Sendable {
        var fairValue = FairValue.Parameters()
        var makers = MarketMaker.Parameters()
        var takers = NoiseTakers.Parameters()
        var crowd = Crowd.Parameters()
        var informed = InformedTraders.Parameters()
        var momentum = MomentumTraders.Parameters()
        var patient = PatientTrader.Parameters()
        /// First price, in ticks.
        var startTicks = 124_000.0
        /// How much the hours of the day differ; 0 for not at all.
        var dayShape = 1.0
        /// The venue's clock: times are multiples of it, and no two messages share one.
        var resolution: Int64 = 1_000_000
        var seed: UInt64 = 1

        public init() {}
    }

    /// Who an order's owner is.
    public enum Owner {
        public static let takers: UInt16 = 0
        public static let crowd: UInt16 = 1
        public static let informed: UInt16 = 2
        public static let momentum: UInt16 = 3
        public static let patient: UInt16 = 4
        /// The first of the makers.
        public static let makers: UInt16 = 16
    }

    public private(set) var book = MatchingBook()
    /// The venue's time of the latest action, ns.
    public private(set) var now: Int64
    /// What the latest action did, in order.
    public private(set) var events: [BookEvent] = []

    private let parameters: Parameters
    private var fairValue: FairValue
    private var path: [Double]
    private var pathHead = 0
    private let horizonSteps: Int
    private let delaySteps: Int
    private var takers: NoiseTakers
    private var takerSide: Side = .buy
    private var crowd: Crowd
    private var informed: InformedTraders
    private var momentum: MomentumTraders
    private var patient: PatientTrader
    private var makers: [MarketMaker] = []
    private var due: [Int64] = []
    private var pace = 1.0
    private var activity = 1.0

    private static let stepSeconds = 0.1
    private enum Turn { static let fairValue = 0, takers = 1, crowd = 2, informed = 3, momentum = 4, patient = 5, makers = 6 }

    public init(_ parameters: Parameters, start: Timestamp) {
        self.parameters = parameters
        let seed = parameters.seed
        now = start.nanoseconds
        fairValue = FairValue(parameters.fairValue, stepSeconds: OrderFlow.stepSeconds, slowEvery: 10, seed: seed)
        horizonSteps = max(1, Int(parameters.informed.horizonSeconds / OrderFlow.stepSeconds))
        delaySteps = Int(parameters.makers.delaySeconds / OrderFlow.stepSeconds)
        path = [Double](repeating: parameters.startTicks, count: horizonSteps + delaySteps + 1)
        takers = NoiseTakers(parameters.takers, seed: seed)
        crowd = Crowd(parameters.crowd, seed: seed)
        informed = InformedTraders(parameters.informed, seed: seed)
        momentum = MomentumTraders(parameters.momentum, seed: seed)
        patient = PatientTrader(parameters.patient, seed: seed)
        for index in 0..<parameters.makers.count {
            makers.append(MarketMaker(parameters.makers, index: index, owner: Owner.makers + UInt16(index), seed: seed))
        }
        due = [Int64](repeating: now, count: Turn.makers + makers.count)
        pace = DayShape.pace(at: now, strength: parameters.dayShape)
        for turn in due.indices { reschedule(turn) }
        due[Turn.fairValue] = now
    }

    /// When the next action happens; it may turn out to do nothing.
    public var nextTime: Int64 { due[nextTurn] }

    private var nextTurn: Int {
        var best = 0
        var index = 1
        while index < due.count {
            if due[index] < due[best] { best = index }
            index += 1
        }
        return best
    }

    /// Lets whoever is next act. Afterwards ``events`` holds what that did to the book, possibly nothing.
    public mutating func advance() {
        let turn = nextTurn
        let time = due[turn]
        events.removeAll(keepingCapacity: true)
        if turn == Turn.fairValue {
            moveFairValue(at: time)
        } else {
            let tick = parameters.resolution
            let onClock = (time + tick - 1) / tick * tick
            let moment = max(onClock, now + tick)
            act(turn, at: moment)
            if !events.isEmpty { now = moment }
            tellOwners()
        }
        reschedule(turn, from: time)
    }

    /// The fair value now, in ticks; for tests and for whoever wants to see it.
    public var fairTicks: Double { path[(pathHead + path.count - 1 - horizonSteps) % path.count] }

    private mutating func moveFairValue(at time: Int64) {
        if time % 1_000_000_000 == 0 { pace = DayShape.pace(at: time, strength: parameters.dayShape) }
        fairValue.step(pace: pace)
        activity = fairValue.activity
        path[pathHead] = parameters.startTicks * Portable.exp(fairValue.x)
        pathHead = (pathHead + 1) % path.count
    }

    private mutating func act(_ turn: Int, at moment: Int64) {
        switch turn {
        case Turn.takers:
            let lots = takers.size()
            book.take(takerSide, Quantity(lots: lots), owner: Owner.takers, into: &events)
        case Turn.crowd:
            crowd.act(fair: fairTicks, pace: pace, owner: Owner.crowd, book: &book, events: &events)
        case Turn.informed:
            let future = path[(pathHead + path.count - 1) % path.count]
            informed.act(future: future, owner: Owner.informed, book: &book, events: &events)
        case Turn.momentum:
            momentum.act(owner: Owner.momentum, book: &book, events: &events)
        case Turn.patient:
            patient.act(now: moment, owner: Owner.patient, book: &book, events: &events)
        default:
            let late = path[pathHead]
            makers[turn - Turn.makers].requote(fair: late, activity: activity, book: &book, events: &events)
        }
    }

    private mutating func tellOwners() {
        var index = 0
        while index < events.count {
            let event = events[index]
            if event.kind == .filled {
                if event.owner >= Owner.makers {
                    makers[Int(event.owner - Owner.makers)].absorb(event)
                } else if event.owner == Owner.patient {
                    patient.absorb(event)
                }
            }
            index += 1
        }
    }

    private mutating func reschedule(_ turn: Int, from time: Int64? = nil) {
        let seconds: Double
        switch turn {
        case Turn.fairValue: seconds = OrderFlow.stepSeconds
        case Turn.takers: (seconds, takerSide) = takers.next(pace: pace)
        case Turn.crowd: seconds = crowd.pauseSeconds(pace: pace)
        case Turn.informed: seconds = informed.pauseSeconds(pace: pace)
        case Turn.momentum: seconds = parameters.momentum.everySeconds
        case Turn.patient: seconds = patient.pauseSeconds()
        default: seconds = makers[turn - Turn.makers].pauseSeconds()
        }
        due[turn] = (time ?? now) + max(1, Int64(min(seconds, 1e8) * 1e9))
    }
}
