import Domain
public import Market
public import NIOCore

/// Plays generated markets in real time, piece by piece, into venues; begins anew when a scenario's duration is over.
///
/// Confined to one event loop.
public final class MarketPlayer {
    private struct Lane {
        let scenario: Scenario
        var market: GeneratedMarket
        var records: [MarketRecord] = []
        var next = 0
        /// What is added to a record's time within the scenario: the rounds that are over.
        var base: Int64 = 0

        /// Makes the next piece once this one is played; anew where the scenario is over.
        mutating func refill() {
            while next == records.count {
                records.removeAll(keepingCapacity: true)
                next = 0
                if market.next(into: &records) { continue }
                base += scenario.duration.nanoseconds
                market = GeneratedMarket(scenario)
            }
        }

        var due: Int64 { base + records[next].exchangeTime - scenario.start.nanoseconds }
    }

    private var lanes: [Lane]
    private let speed: Double
    private let venues: [any SimulatedVenue]
    private let eventLoop: any EventLoop
    private var began: NIODeadline
    private var timer: Scheduled<Void>?
    private var batch: [MarketRecord] = []
    /// Behind by more than this (a machine that slept), the market waits for us rather than come in a flood.
    private static let patience: Int64 = 2_000_000_000
    /// Turns are at least so far apart: what is due comes in one.
    private static let turn = TimeAmount.milliseconds(2)

    /// - Parameter scenarios: One an instrument of the venues, in their order.
    public init(_ scenarios: [Scenario], speed: Double, into venues: [any SimulatedVenue], eventLoop: any EventLoop) {
        lanes = scenarios.map { Lane(scenario: $0, market: GeneratedMarket($0)) }
        (self.speed, self.venues, self.eventLoop) = (speed, venues, eventLoop)
        began = .now()
    }

    public func begin() {
        began = .now()
        turn()
    }

    public func end() { timer?.cancel() }

    private func turn() {
        let now = scenarioTime()
        var next = Int64.max
        for index in lanes.indices {
            while true {
                let due = due(index)
                if due > now {
                    next = min(next, due)
                    break
                }
                batch.append(lanes[index].records[lanes[index].next])
                batch[batch.count - 1].instrument = UInt16(index)
                lanes[index].next += 1
            }
        }
        if !batch.isEmpty {
            for venue in venues { venue.market(batch) }
            batch.removeAll(keepingCapacity: true)
        }
        let wait = max(MarketPlayer.turn, .nanoseconds(Int64(Double(next - now) / speed)))
        timer = eventLoop.assumeIsolated().scheduleTask(in: min(wait, .seconds(1))) { [weak self] in self?.turn() }
    }

    /// How far the scenario has come.
    private func scenarioTime() -> Int64 {
        let elapsed = Int64(Double((NIODeadline.now() - began).nanoseconds) * speed)
        guard let due = lanes.indices.map({ due($0) }).min(), elapsed - due > Int64(Double(MarketPlayer.patience) * speed) else { return elapsed }
        began = .now() - .nanoseconds(Int64(Double(due) / speed))
        return due
    }

    /// When the next record of a lane is due, in time of the scenario.
    private func due(_ index: Int) -> Int64 {
        lanes[index].refill()
        return lanes[index].due
    }
}
