import Domain
import Exchange
import NIOCore
import TLS
import VenueSim

/// The simulated Crypto.com with a market that moves when it is told to, and clocks at its sockets.
final class BenchVenue {
    let sim: CryptoComSim
    let levels: Int
    private let instrument: Instrument
    private var isUp = false
    private var sent: Int64 = 0
    /// From a book's bytes being handed to TLS to the next text on the order socket.
    private(set) var times: [Int64] = []
    private(set) var frameBytes = 0
    private(set) var answerBytes = 0
    static let middle: Int64 = 2_600_000

    init(levels: Int, eventLoop: any EventLoop) throws {
        self.levels = levels
        instrument = try Instrument(
            venue: "cryptocom", symbol: "BTC_USDT", nativeSymbol: "BTC_USDT", base: "BTC", quote: "USDT", tick: ExactDecimal("0.01"),
            lot: ExactDecimal("0.0001"))
        let venue = SimVenue(
            instruments: [instrument], rules: ExchangeRules(), balances: [("USDT", try amount("1000000")), ("BTC", try amount("100"))])
        var settings = CryptoComSim.Settings()
        settings.bookInterval = .zero
        settings.heartbeat = .seconds(3_600)
        sim = CryptoComSim(venue: venue, settings: settings, eventLoop: eventLoop)
        sim.wire.onPush = { [unowned self] event, bytes in
            guard event == "book" else { return }
            self.frameBytes = bytes
            self.sent = now()
        }
        sim.wire.onText = { [unowned self] bytes in
            guard self.sent != 0 else { return }
            self.times.append(now() - self.sent)
            self.answerBytes = bytes
            self.sent = 0
        }
        sim.market(book())
        sent = 0
    }

    /// The touch moves by a tick, up and down in turn.
    func move() {
        isUp.toggle()
        sent = 0
        sim.market([record(.buy, BenchVenue.middle + 1, isUp ? 30_000 : 0, isLast: true)])
    }

    func forget() {
        times = []
        sent = 0
    }

    private func book() -> [MarketRecord] {
        let levels = Int64(levels)
        let bids = (0..<levels).map { record(.buy, BenchVenue.middle - $0, 10_000 + $0 * 37 % 9_000, isLast: false) }
        let asks = (0..<levels).map { record(.sell, BenchVenue.middle + 10 + $0, 12_000 + $0 * 53 % 8_000, isLast: $0 == levels - 1) }
        return bids + asks
    }

    private func record(_ side: Side, _ ticks: Int64, _ size: Int64, isLast: Bool) -> MarketRecord {
        MarketRecord(
            kind: .level, instrument: InstrumentID(index: 0), localTime: 0, exchangeTime: 0, side: side,
            flags: isLast ? MarketRecord.Flag.endOfBatch : 0, a: ticks, b: size)
    }
}

func amount(_ text: String) throws -> Amount { Amount(try ExactDecimal(text)) ?? .zero }
