public import Domain

/// A book with its participants, and the feed that tells of it.
struct OrderBookMarket {
    private(set) var flow: OrderFlow
    private var feed: TapeFeed
    private let start: Int64
    private let end: Int64
    private let depthInterval: Int64
    private var nextDepth: Int64

    init(_ orders: OrderFlow.Parameters, _ feed: TapeFeed.Parameters, scenario: Scenario) {
        start = scenario.start.nanoseconds
        end = start + scenario.duration.nanoseconds
        flow = OrderFlow(orders, start: Timestamp(nanoseconds: start - scenario.warmUp.nanoseconds))
        self.feed = TapeFeed(feed, instrument: InstrumentID(index: 0))
        depthInterval = feed.level == .two ? feed.depthInterval : 0
        nextDepth = depthInterval > 0 ? start + depthInterval : .max
    }

    /// Lets the participants fill the book unobserved, then tells what stands there.
    mutating func begin(into records: inout [MarketRecord]) {
        while flow.nextTime < start { flow.advance() }
        feed.snapshot(of: flow.book, at: max(start, flow.now), into: &records)
    }

    mutating func run(until: Int64, into records: inout [MarketRecord]) {
        while flow.nextTime < until {
            flow.advance()
            if flow.events.isEmpty { continue }
            tellDepth(through: flow.now, into: &records)
            if flow.now < end { feed.tell(flow.events, at: flow.now, into: &records) }
        }
        if until == end { tellDepth(through: end, into: &records) }
    }

    /// A depth message holds what happened before its time.
    private mutating func tellDepth(through time: Int64, into records: inout [MarketRecord]) {
        while nextDepth <= min(time, end) {
            feed.tellDepth(at: nextDepth, into: &records)
            nextDepth += depthInterval
        }
    }
}

/// A market made by a scenario: hands out the records of its tape, piece by piece, in order of both clocks.
public struct GeneratedMarket: Sendable {
    public let scenario: Scenario
    private var orders: OrderBookMarket?
    private var bars: BarMarket?
    private var clock: Int64
    private let end: Int64
    private let piece: Int64
    private var hasBegun = false

    public init(_ scenario: Scenario) {
        self.scenario = scenario
        clock = scenario.start.nanoseconds
        end = clock + scenario.duration.nanoseconds
        switch scenario.model {
        case .orderBook(let parameters, let feed):
            orders = OrderBookMarket(parameters, feed, scenario: scenario)
            piece = 1_000_000_000
        case .bars(let parameters):
            bars = BarMarket(parameters, start: scenario.start)
            piece = parameters.interval
        }
    }

    /// Adds the records of the next piece of time; false once the scenario is over.
    public mutating func next(into records: inout [MarketRecord]) -> Bool {
        if clock >= end { return false }
        if !hasBegun { orders?.begin(into: &records) }
        hasBegun = true
        let until = min(end, clock + piece)
        orders?.run(until: until, into: &records)
        bars?.advance(into: &records)
        clock = until
        return true
    }

    /// What the header of a generated tape says of where it comes from; nothing that depends on machine, moment or path.
    ///
    /// - Parameter file: The scenario's file name, without its folder.
    public static func metadata(_ scenario: Scenario, file: String) -> [(key: String, value: String)] {
        [
            (key: "generator", value: "perigee sim"), (key: "scenario", value: file),
            (key: "seed", value: "\(Int64(bitPattern: scenario.seed))"), (key: "duration", value: scenario.duration.text),
        ]
    }

    /// The matched book as it stands now, where the scenario has one.
    public var book: MatchingBook? { orders?.flow.book }
}
