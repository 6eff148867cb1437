import Domain
import JSON
import Testing
import Transport

@testable import Venues

/// A test's driver of a session: a clock that moves when told, sockets and requests that are lists.
struct SessionWalk<Session: VenueSession> {
    struct Sent {
        var socket: SocketID
        var text: String
        var id: Int64
        var method: String
        var params: [String: String]
    }
    struct Asked {
        var token: VenueToken
        var request: VenueRequest
        var method: String
        var body: String
    }

    var session: Session
    var now = VenueTime(wall: Timestamp(nanoseconds: 1_700_000_000_000_000_000), monotonic: 1_000_000_000)
    /// Everything since the last `take`.
    var sent: [Sent] = []
    var asked: [Asked] = []
    var told: [VenueEvent] = []
    var connects: [(SocketID, String)] = []
    /// Headers of the last opening handshake.
    var headers: [(name: String, value: String)] = []
    var closes: [SocketID] = []
    var timers: [(token: VenueToken, at: Int64)] = []

    init(_ session: Session) { self.session = session }

    mutating func feed(_ input: VenueInput) {
        var actions: [VenueAction] = []
        session.handle(input, at: now, into: &actions)
        for action in actions { note(action) }
    }

    private mutating func note(_ action: VenueAction) {
        switch action {
        case .connect(let socket, url: let url, headers: let headers):
            connects.append((socket, url))
            self.headers = headers
        case .send(let socket, let bytes): sent.append(SessionWalk.read(socket, bytes))
        case .close(let socket): closes.append(socket)
        case .request(let token, let request):
            let path = request.url.split(separator: "?")[0].split(separator: "/").suffix(2).joined(separator: "/")
            asked.append(Asked(token: token, request: request, method: path, body: String(decoding: request.body, as: UTF8.self)))
        case .timer(let token, after: let span):
            timers.removeAll { $0.token == token }
            timers.append((token, now.monotonic + span.nanoseconds))
        case .cancelTimer(let token): timers.removeAll { $0.token == token }
        case .keep: break
        case .tell(let event): told.append(event)
        }
    }

    private static func read(_ socket: SocketID, _ bytes: [UInt8]) -> Sent {
        var result = Sent(socket: socket, text: String(decoding: bytes, as: UTF8.self), id: 0, method: "", params: [:])
        Bytes.with(bytes) { bytes in
            var reader = JSONReader(bytes)
            guard (try? reader.beginObject()) != nil else { return }
            while let key = try? reader.nextKey() {
                switch key.bytes.text {
                case "id", "clientMsgId": result.id = (try? reader.integer()) ?? -99
                case "method", "type": result.method = (try? reader.text()) ?? ""
                case "params", "payload":
                    guard (try? reader.beginObject()) != nil else { return }
                    while let name = try? reader.nextKey() { result.params[name.bytes.text] = (try? reader.raw())?.text ?? "" }
                default: try? reader.skip()
                }
            }
        }
        return result
    }

    mutating func message(_ socket: SocketID, _ text: String) {
        var actions: [VenueAction] = []
        Bytes.with(text) { session.handle(.message(socket, $0), at: now, into: &actions) }
        for action in actions { note(action) }
    }

    mutating func respond(_ asked: Asked, _ text: String, status: Int = 200, headers: [(name: String, value: String)] = []) {
        feed(.response(asked.token, .answer(status: status, headers: headers, body: Array(text.utf8))))
    }

    /// Lets time pass, timers in their order.
    mutating func wait(_ milliseconds: Int64) {
        let end = now.monotonic + milliseconds * 1_000_000
        while let next = timers.enumerated().min(by: { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) })?.element, next.at <= end {
            timers.removeAll { $0.token == next.token }
            move(to: max(next.at, now.monotonic))
            feed(.timer(next.token))
        }
        move(to: end)
    }

    private mutating func move(to moment: Int64) {
        now.wall = now.wall + Span(nanoseconds: moment - now.monotonic)
        now.monotonic = moment
    }

    mutating func clear() { (sent, asked, told, connects, closes) = ([], [], [], [], []) }

    var links: [String] {
        told.compactMap { event in
            guard case .link(let link, let state) = event else { return nil }
            switch state {
            case .connecting: return "\(link) connecting"
            case .ready: return "\(link) ready"
            case .down: return "\(link) down"
            case .refused(let why): return "\(link) refused: \(why)"
            case .closed: return "\(link) closed"
            }
        }
    }

    var lost: [String] {
        told.compactMap { if case .lost(let id, why: _) = $0 { id } else { nil } }
    }
    var refused: [String] {
        told.compactMap { if case .refused(let id, let reason, let code, _) = $0 { "\(id) \(reason.name) \(code)" } else { nil } }
    }
    var received: [String] {
        told.compactMap { if case .received(let id, let venue) = $0 { "\(id) \(venue ?? "-")" } else { nil } }
    }
    var cancelRefused: [String] {
        told.compactMap { if case .cancelRefused(let reference, let code, _) = $0 { "\(reference.clientID ?? "-") \(code)" } else { nil } }
    }
    var cancelLost: [String] {
        told.compactMap { if case .cancelLost(let reference, why: _) = $0 { reference.clientID ?? "-" } else { nil } }
    }
    var alarms: [String] { told.compactMap { if case .alarm(let why) = $0 { why } else { nil } } }
    var invalid: [String] { told.compactMap { if case .bookInvalid(_, let why) = $0 { why } else { nil } } }
    var records: [[MarketRecord]] { told.compactMap { if case .market(let records) = $0 { records } else { nil } } }
    var answers: [VenueAnswer] { told.compactMap { if case .answer(_, let answer) = $0 { answer } else { nil } } }
}
