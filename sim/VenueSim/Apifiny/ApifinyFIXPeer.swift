import Domain
import NIOCore
import TLS
import Transport

/// The venue's side of one FIX connection: a small acceptor of its own, which shares no code with the session engine that it measures.
///
/// Numbers begin at one with every logon; what a client missed is never sent again, but filled.
final class ApifinyFIXPeer: ByteStreamDelegate {
    let sim: ApifinySim
    private let stream: ByteStream
    private var input = ""
    private var outgoing = 1
    private var expected = 1
    private var isLoggedOn = false
    private var executions = 0
    private var acknowledged: Set<String> = []
    private var beat: Scheduled<Void>?
    private var beatSeconds: Int64 = 30
    private var lastIn = NIODeadline.now()

    init(sim: ApifinySim, stream: ByteStream) { (self.sim, self.stream) = (sim, stream) }

    func byteStreamOpened(_ stream: ByteStream) {}

    func byteStreamClosed(_ stream: ByteStream, why: String, isRefusal: Bool) {
        beat?.cancel()
        sim.fixSessions.removeAll { $0 === self }
        sim.wire.onActivity?()
    }

    // MARK: - In

    func byteStream(_ stream: ByteStream, received bytes: ByteBuffer) {
        input += String(decoding: bytes.readableBytesView, as: UTF8.self)
        while let message = next() { handle(message) }
    }

    /// One message, by BodyLength; what does not add up ends the connection.
    private func next() -> [(Int, String)]? {
        let fields = input.split(separator: "\u{1}", maxSplits: 2, omittingEmptySubsequences: false)
        guard fields.count == 3 else { return nil }
        guard fields[0] == "8=FIX.4.2", fields[1].hasPrefix("9="), let length = Int(fields[1].dropFirst(2)) else { return garbled() }
        let head = fields[0].utf8.count + fields[1].utf8.count + 2
        let whole = Array(input.utf8)
        guard whole.count >= head + length + 7 else { return nil }
        let sum = whole[..<(head + length)].reduce(0) { ($0 + Int($1)) % 256 }
        let trailer = String(decoding: whole[(head + length)..<(head + length + 7)], as: UTF8.self)
        let digits = String(sum)
        guard trailer == "10=\(String(repeating: "0", count: 3 - digits.count))\(digits)\u{1}" else { return garbled() }
        let body = String(decoding: whole[head..<(head + length)], as: UTF8.self)
        input = String(decoding: whole[(head + length + 7)...], as: UTF8.self)
        return body.split(separator: "\u{1}").compactMap { field in
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return Int(parts[0]).map { ($0, parts.count > 1 ? String(parts[1]) : "") }
        }
    }

    private func garbled() -> [(Int, String)]? {
        sim.wire.note("fix-garbled")
        input = ""
        stream.reset()
        return nil
    }

    private func handle(_ fields: [(Int, String)]) {
        lastIn = .now()
        func value(_ tag: Int) -> String? { fields.first { $0.0 == tag }?.1 }
        guard value(49) == sim.settings.account, value(56) == "APIFINY", let number = value(34).flatMap({ Int($0) }), let type = value(35) else {
            return logout("CompID problem")
        }
        sim.wire.note("fix-\(type)")
        if type == "A" { return logon(value, number) }
        guard isLoggedOn else { return stream.reset() }
        if type == "4" {
            if let next = value(36).flatMap({ Int($0) }) { expected = max(expected, next) }
            return
        }
        guard number == expected else {
            if number < expected { return logout("MsgSeqNum too low, expecting \(expected) but received \(number)") }
            return send("2", "7=\(expected)|16=0|")
        }
        expected += 1
        switch type {
        case "0", "3": break
        case "1": send("0", "112=\(value(112) ?? "")|")
        case "2": send("4", "36=\(outgoing)|123=Y|", number: value(7).flatMap { Int($0) } ?? 1, isRepeated: true)
        case "5": logout("")
        case "D": place(value, number)
        case "F": cancel(value, number)
        case "H": status(value)
        case _: send("j", "45=\(number)|58=Unsupported message type|372=\(type)|380=3|")
        }
    }

    private func logon(_ value: (Int) -> String?, _ number: Int) {
        guard !isLoggedOn, number == 1, value(141) == "Y", value(98) == "0", let beat = value(108).flatMap({ Int64($0) }) else { return logout("Logon is wrong") }
        let rule = sim.wire.faults.next("auth")
        let fault = ApifinyCheck.verify(
            value(96), content: Array(sim.settings.account.utf8), account: sim.settings.account, key: sim.settings.key, secret: sim.settings.secret,
            now: sim.now, method: "Fix")
        guard fault == nil, value(95) == value(96).map({ String($0.utf8.count) }), rule == nil else { return logout("Signature Error") }
        (isLoggedOn, expected, beatSeconds) = (true, 2, beat)
        send("A", "98=0|108=\(beat)|141=Y|")
        scheduleBeat()
    }

    private func scheduleBeat() {
        let box = NIOLoopBound(self, eventLoop: sim.wire.eventLoop)
        let own = min(TimeAmount.seconds(beatSeconds), sim.settings.heartbeat)
        beat = sim.wire.eventLoop.scheduleTask(in: own) { box.value.sendBeat() }
    }

    private func sendBeat() {
        if let rule = sim.wire.faults.next("heartbeat") {
            if rule.fault == .silence { isSilent = true }
        } else {
            send("1", "112=TEST-\(outgoing)|")
        }
        // Two heartbeats without a word: the client is gone.
        if .now() - lastIn > .seconds(beatSeconds * 2) { return stream.reset() }
        scheduleBeat()
    }

    // MARK: - Out

    private var isSilent = false

    func send(_ type: String, _ body: String, number: Int? = nil, isRepeated: Bool = false, isGarbled: Bool = false) {
        let time = sim.fixTime
        var text = "35=\(type)|34=\(number ?? outgoing)|" + (isRepeated ? "43=Y|" : "") + "49=APIFINY|52=\(time)|56=\(sim.settings.account)|"
        if isRepeated { text += "122=\(time)|" }
        text += body
        if number == nil { outgoing += 1 }
        write(text, isGarbled: isGarbled)
    }

    private func write(_ inner: String, isGarbled: Bool) {
        guard !isSilent else { return }
        let body = Array(inner.replacing("|", with: "\u{1}").utf8)
        var bytes = Array("8=FIX.4.2\u{1}9=\(body.count)\u{1}".utf8) + body
        let digits = String((bytes.reduce(0) { ($0 + Int($1)) % 256 } + (isGarbled ? 1 : 0)) % 256)
        bytes += Array("10=\(String(repeating: "0", count: 3 - digits.count))\(digits)\u{1}".utf8)
        unsafe bytes.withUnsafeBytes { _ = unsafe stream.send($0) }
    }

    private func logout(_ text: String) {
        send("5", text.isEmpty ? "" : "58=\(text)|")
        isLoggedOn = false
        beat?.cancel()
        let box = NIOLoopBound(stream, eventLoop: sim.wire.eventLoop)
        sim.wire.eventLoop.scheduleTask(in: .milliseconds(20)) { box.value.reset() }
    }

    // MARK: - Orders

    private func place(_ value: (Int) -> String?, _ number: Int) {
        let draft = ApifinyDraft(
            id: value(11) ?? "", symbol: value(55) ?? "", side: value(54) == "1" ? .buy : .sell, isMarket: value(40) == "1",
            timeInForce: value(59).flatMap { Int64($0) }, price: value(44), quantity: value(38))
        if value(207) != sim.settings.name { return send("3", "45=\(number)|58=Required tag missing|371=207|372=D|373=1|") }
        sim.fault("newOrder", self, refuse: { self.reject(draft, "a fault of the plan") }) { [self] in
            switch sim.take(draft, connection: 0) {
            case .success: break
            case .failure(let fault): reject(draft, fault.message)
            }
        }
    }

    private func reject(_ draft: ApifinyDraft, _ text: String) {
        executions += 1
        send("8", "6=0|11=\(draft.id)|14=0|17=E-\(executions)|20=0|37=NONE|38=\(draft.quantity ?? "0")|39=8|44=\(draft.price ?? "0")|54=\(draft.side == .buy ? 1 : 2)|55=\(draft.symbol)|58=\(text)|60=\(sim.fixTime)|103=0|150=8|151=0|")
    }

    private func cancel(_ value: (Int) -> String?, _ number: Int) {
        guard let id = value(11) else { return }
        sim.fault("cancelOrder", self, fill: { self.sim.venue.fillNow(id, at: self.sim.now) }, refuse: { self.send("j", "45=\(number)|58=Application not available|372=F|380=4|") }) { [self] in
            guard let order = sim.venue.order(id) else { return refuseCancel(id, "order does not exist") }
            guard order.isLive else { return refuseCancel(id, "cannot cancel order under current order status") }
            sim.wire.later(sim.settings.acceptDelay) { _ = self.sim.venue.cancel(id, at: self.sim.now) }
        }
    }

    private func refuseCancel(_ id: String, _ text: String) {
        let state = sim.venue.order(id).map { ApifinyFIXPeer.word($0) } ?? "8"
        send("9", "11=\(id)|37=\(id)|39=\(state)|41=\(id)|58=\(text)|102=0|434=1|")
    }

    private func status(_ value: (Int) -> String?) {
        guard let id = value(11), let order = sim.venue.order(id) else {
            return send("8", "6=0|11=\(value(11) ?? "")|14=0|17=0|20=3|37=NONE|39=8|58=order does not exist|150=8|151=0|")
        }
        send("8", report(order, extra: "", execution: "0", transaction: 3, status: ApifinyFIXPeer.word(order), withClientID: true))
    }

    static func word(_ order: SimOrder) -> String {
        switch order.state {
        case .pending: "A"
        case .active: order.filled == .zero ? "0" : "1"
        case .filled: "2"
        case .cancelled: "4"
        case .rejected: "8"
        case .expired: "C"
        }
    }

    private func report(_ order: SimOrder, extra: String, execution: String, transaction: Int, status: String, withClientID: Bool) -> String {
        let instrument = sim.venue.instruments[order.instrument]
        let left = order.isLive ? order.request.quantity - order.filled : .zero
        return "1=\(sim.settings.account)|6=\(order.averagePrice(tick: instrument.tick).decimal)|" + (withClientID ? "11=\(order.venueID)|" : "")
            + "14=\(instrument.decimal(order.filled))|17=\(execution)|20=\(transaction)|\(extra)37=\(order.venueID)|38=\(instrument.decimal(order.request.quantity))|39=\(status)|"
            + "44=\(instrument.decimal(order.request.price))|54=\(order.request.side == .buy ? 1 : 2)|55=\(instrument.nativeSymbol)|60=\(sim.fixTime)|150=\(status)|"
            + "151=\(instrument.decimal(left))|"
    }

    /// The venue's events, as reports under the plan's faults of pushes.
    func tell(_ order: SimOrder) {
        guard isLoggedOn else { return }
        let status = ApifinyFIXPeer.word(order)
        guard order.state != .filled, status != "1" else { return }
        executions += 1
        let isAcknowledgement = acknowledged.insert(order.venueID).inserted || !sim.settings.isStrictFIX
        push("order", report(order, extra: "", execution: "E-\(executions)", transaction: 0, status: status, withClientID: isAcknowledgement || status == "8"))
    }

    func tell(_ fill: SimFill) {
        guard isLoggedOn else { return }
        executions += 1
        let instrument = sim.venue.instruments[fill.order.instrument]
        let order = fill.order
        let isWhole = order.filled >= order.request.quantity
        // A full fill leaves out its size now and then, and the price of the fill stands where the order's did.
        let size = isWhole && executions % 2 == 0 ? "" : "32=\(instrument.decimal(fill.fill.quantity))|"
        var text = report(order, extra: size, execution: "E-\(executions)", transaction: 0, status: isWhole ? "2" : "1", withClientID: !sim.settings.isStrictFIX)
        text = text.replacing("|44=\(instrument.decimal(order.request.price))|", with: "|44=\(instrument.decimal(fill.fill.price))|")
        push("trade", text)
    }

    private func push(_ event: String, _ body: String) {
        switch sim.wire.faults.next(event)?.fault {
        case .skip, .ignore, .dropAnswer:
            // The number is used up: the client sees a gap, and gets it filled.
            outgoing += 1
        case .duplicate:
            send("8", body)
            send("8", body)
        case .silence: isSilent = true
        case .partial: send("8", body, isGarbled: true)
        case .resetAfter, .resetBefore, .close: stream.reset()
        case .late, .reorder, .corrupt, .errorAfter, .errorBefore, .throttle, .redirect, .fillFirst, .receiptOnly, nil: send("8", body)
        }
    }

    func reset() { stream.reset() }
}

extension ApifinySim {
    var fixTime: String {
        let time = SimClock.httpDate(now + settings.clockSkew).split(separator: " ")
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let month = (months.firstIndex(of: String(time[2])) ?? 0) + 1
        let (day, fraction) = (time[1], String(milliseconds % 1_000))
        return "\(time[3])\(month < 10 ? "0" : "")\(month)\(day.count < 2 ? "0" : "")\(day)-\(time[4]).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)"
    }

    /// A request over FIX under the plan.
    func fault(_ point: String, _ peer: ApifinyFIXPeer, fill: () -> Void = {}, refuse: @escaping () -> Void, _ body: @escaping () -> Void) {
        guard let rule = wire.faults.next(point) else { return body() }
        switch rule.fault {
        case .ignore, .silence: break
        case .resetAfter:
            body()
            peer.reset()
        case .resetBefore, .close: peer.reset()
        case .late: wire.later(.nanoseconds(rule.delay.nanoseconds), body)
        case .errorBefore, .throttle: refuse()
        case .fillFirst:
            fill()
            body()
        case .dropAnswer, .errorAfter, .partial, .redirect, .duplicate, .skip, .reorder, .receiptOnly, .corrupt: body()
        }
    }
}
