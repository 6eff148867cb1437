internal import Domain
internal import JSON

/// What a venue's session has to say; everything else it has from the extensions of this protocol.
///
/// A session is its codec and the few decisions below. Links (connecting, backing off), requests (limits, deadlines, lost answers), orders (placements that
/// end exactly once, cancels that are repeated, cancel-all in waves) and questions (pages, retries) are the same for all.
protocol SessionMachine: VenueSession {
    associatedtype Call: CustomStringConvertible

    var core: SessionCore<Call> { get set }
    var hasCredentials: Bool { get }
    /// The name of the credential that is not there, as in the configuration.
    var missingCredential: String? { get }
    /// A request without an answer for so long is lost.
    var patience: Span { get }

    // MARK: Links

    /// Connects what the scope needs.
    mutating func began(_ scope: VenueScope)
    /// Whether a link has no socket: it is ready by asking, and ``address(of:)`` is not asked for.
    func isPolled(_ link: VenueLink) -> Bool
    /// Where a link's socket is, and the headers of its opening handshake.
    mutating func address(of link: VenueLink) -> (url: String, headers: [(name: String, value: String)])
    /// A link's socket is open: the handshake begins.
    mutating func opened(_ link: VenueLink)
    /// The pause after opening is over.
    mutating func settled(_ link: VenueLink)
    /// The answer to a step of the handshake, or to a request of the venue's own.
    mutating func handshake(_ purpose: RequestPurpose, _ reply: Reply)
    /// Nothing came from a link's socket for longer than its heartbeat allows.
    func silence(_ link: VenueLink) -> String
    /// The venue says no to an authentication by closing: as bad as an answer that says so.
    func isRefusal(_ link: VenueLink, _ closing: VenueClosing) -> Bool
    mutating func message(_ bytes: Bytes, on socket: SocketID)
    /// A socket that carries no link.
    mutating func other(_ input: VenueInput)
    /// A timer of the session's own.
    mutating func fired(_ token: VenueToken)
    /// A book of the session is not to be believed any more.
    mutating func forgetBook(_ index: Int)
    /// Asks for one book anew.
    mutating func resubscribe(_ index: Int)
    /// The session is authenticated no more: on the same connection where the venue allows that.
    mutating func authenticationExpired(_ text: String)

    // MARK: Requests

    /// When the venue's limits let it go, monotonic.
    func free(_ outgoing: Outgoing<Call>) -> Int64
    /// Puts the request's bytes into the actions.
    mutating func write(_ outgoing: Outgoing<Call>, id: UInt64)
    /// What a REST answer says.
    func judge(_ outgoing: Outgoing<Call>, status: Int, headers: [(name: String, value: String)], body: Bytes) -> Reply

    // MARK: Orders

    /// How an order is written, and its way; a text where the venue has no such order.
    func placing(_ order: VenueOrderRequest, _ instrument: Instrument) -> CallOrReason<Call>
    /// How a cancel is written; nil where the venue's own id is needed and not known.
    func cancelling(_ reference: VenueOrderReference) -> Call?
    /// How a change is written; a text where the venue has none.
    func amending(_ reference: VenueOrderReference, price: Price, total: Quantity, _ instrument: Instrument) -> CallOrReason<Call>
    /// How a cancel of an instrument's orders is written, of the account's where nil; nil where the venue has no such call.
    func cancellingAll(_ symbol: String?) -> (call: Call, route: RequestRoute)?
    /// The way of cancels at this moment.
    var cancelRoute: RequestRoute { get }
    /// A cancel was answered well; a venue for which that is only a receipt looks after it.
    mutating func cancelDone(_ reference: VenueOrderReference, _ outgoing: Outgoing<Call>)

    /// A placement has its receipt; a venue for which that is not yet the order looks after it.
    mutating func placementDone(_ clientID: String, venueID: String?, symbol: String)

    // MARK: Questions

    /// The next page of a question; a text where the venue cannot be asked that.
    func asking(_ job: QueryJob) -> CallOrReason<Call>
    /// What a page says; nil where another one is needed. Of a single order the reply may be that the venue does not know it.
    mutating func read(_ job: inout QueryJob, _ reply: Reply) throws(JSONError) -> VenueAnswer?
    /// The answer to a question of the session's own.
    mutating func answered(own number: UInt64, _ answer: VenueAnswer)
    /// The most that the venue answers at once of a time, in milliseconds.
    var longestWindow: Int64 { get }
    /// Whether its clock can be asked; else the `Date` of an answer is it.
    var hasServerTime: Bool { get }
}

/// A request, or why there is none.
enum CallOrReason<Call> {
    case call(Call, RequestRoute)
    case none(String)
}

extension SessionMachine {
    func isPolled(_ link: VenueLink) -> Bool { false }
    mutating func other(_ input: VenueInput) {}
    func isRefusal(_ link: VenueLink, _ closing: VenueClosing) -> Bool { false }
    mutating func fired(_ token: VenueToken) {}
    mutating func forgetBook(_ index: Int) {}
    mutating func cancelDone(_ reference: VenueOrderReference, _ outgoing: Outgoing<Call>) {}
    mutating func placementDone(_ clientID: String, venueID: String?, symbol: String) {}
    mutating func answered(own number: UInt64, _ answer: VenueAnswer) {}
    var longestWindow: Int64 { .max }
    var hasServerTime: Bool { capabilities.hasServerTime }
    func silence(_ link: VenueLink) -> String { "nothing was heard for too long" }
    func amending(_ reference: VenueOrderReference, price: Price, total: Quantity, _ instrument: Instrument) -> CallOrReason<Call> {
        .none("the venue cannot change an order")
    }

    var now: VenueTime { core.now }
    mutating func tell(_ event: VenueEvent) { core.tell(event) }

    /// A kill switch cannot wait as long as a trader.
    var replyTimeout: Span { core.scope == .cancelling ? min(patience, Span(nanoseconds: 2_000_000_000)) : patience }

    // MARK: - Inputs

    /// All of ``VenueSession/handle(_:at:into:)``.
    mutating func run(_ input: VenueInput, at now: VenueTime, into actions: inout [VenueAction]) {
        guard !core.isEnded else { return }
        core.now = now
        swap(&core.out, &actions)
        defer { swap(&core.out, &actions) }
        switch input {
        case .command(let command): handle(command)
        case .opened(let socket):
            guard let link = core.link(socket) else { return other(input) }
            if core[link].phase == .connecting { opened(link) }
        case .message(let socket, let bytes):
            guard let link = core.link(socket) else { return other(input) }
            if core[link].hasSocket { message(bytes, on: socket) }
        case .closed(let socket, let closing):
            guard let link = core.link(socket) else { return other(input) }
            closed(link, closing)
        case .response(let token, let response): self.response(token, response)
        case .timer(let token): timer(token)
        }
    }

    private mutating func handle(_ command: VenueCommand) {
        switch command {
        case .begin(let scope, let instruments): begin(scope, instruments)
        case .place(let order): place(order)
        case .cancel(let reference): cancel(reference)
        case .amend(let reference, price: let price, quantity: _, total: let total): amend(reference, price: price, total: total)
        case .cancelAll(let instrument): cancelAll(instrument)
        case .query(let id, let query): ask(id, query)
        case .resynchronise(let instrument): resynchronise(instrument)
        case .end: end()
        }
    }

    private mutating func timer(_ token: VenueToken) {
        switch token {
        case SessionTimer.sweep: return sweep()
        case SessionTimer.pump: return pump()
        case _: break
        }
        for link in [VenueLink.market, .orders] {
            if token == core[link].settle { return settled(link) }
            if token == core[link].heartbeat { return drop(link, silence(link)) }
            if token == core[link].reconnect { return connect(link) }
        }
        fired(token)
    }

    private mutating func begin(_ scope: VenueScope, _ instruments: [Instrument]) {
        precondition(core.scope == nil, "a session begins once")
        core.scope = scope
        core.instruments = instruments
        core.books = instruments.enumerated().map { LevelBook($1, id: InstrumentID(index: $0)) }
        core.resyncs = Array(repeating: BookResync(), count: instruments.count)
        core.own = instruments.indices.filter { instruments[$0].venue == core.venue }
        for index in core.own { core.places[instruments[index].nativeSymbol] = index }
        began(scope)
    }

    /// Connects the links of the scope: market data but for the kill switch, orders where there are any.
    mutating func connectLinks(_ scope: VenueScope) {
        if scope != .cancelling { connect(.market) }
        guard scope != .marketData else { return }
        if let missing = missingCredential {
            core.orders.phase = .refused
            tell(.link(.orders, .refused(why: "credentials.\(missing) is missing: orders cannot be authenticated")))
        } else {
            connect(.orders)
        }
    }

    private mutating func end() {
        for link in [core.market, core.orders] where link.phase != .idle {
            for timer in [link.settle, link.heartbeat, link.reconnect] { core.out.append(.cancelTimer(timer)) }
            if link.hasSocket { core.out.append(.close(link.socket)) }
        }
        core.out += [.cancelTimer(SessionTimer.sweep), .cancelTimer(SessionTimer.pump)]
        settleEverything("the session ends")
        core.isEnded = true
        tell(.link(.market, .closed))
        tell(.link(.orders, .closed))
    }
}
