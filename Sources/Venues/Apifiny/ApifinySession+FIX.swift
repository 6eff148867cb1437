internal import Domain
internal import FIX
internal import JSON

/// The order link over FIX: the session engine's actions done, its news understood.
extension ApifinySession {
    /// The kill switch takes REST: one account has one FIX session, and that is the desk's.
    var usesFIX: Bool { settings.orders == .fix && core.scope == .trading }

    private var moment: FIXMoment { FIXMoment(wall: now.wall, monotonic: now.monotonic) }

    mutating func openFIX() {
        guard let signer = settings.signer else { return }
        if fix.phase != .disconnected { fixClosed("left") }
        var credentials = FIXBody()
        credentials.add(length: FIXTag.rawDataLength, data: FIXTag.rawData, Array(signer.logonToken(at: now.wall).utf8))
        feed(.connected(credentials: credentials))
    }

    mutating func fixReceived(_ bytes: Bytes) { feed(.received(bytes.array)) }

    mutating func fixTimer() { if fix.phase != .disconnected { feed(.timer) } }

    mutating func fixLogout() { if fix.phase == .active { feed(.logout(text: "client shutdown")) } }

    /// The connection is gone, or left: the machine says so itself.
    mutating func fixClosed(_ why: String) {
        var actions: [FIXAction] = []
        fix.handle(.disconnected(why: why), at: moment, into: &actions)
        for action in actions { if case .keep(let numbers) = action { keep(numbers) } }
        (fixRequests, fixCancels) = ([:], [:])
    }

    private mutating func feed(_ event: FIXEvent) {
        var actions: [FIXAction] = []
        fix.handle(event, at: moment, into: &actions)
        perform(actions)
    }

    private mutating func perform(_ actions: [FIXAction]) {
        for action in actions {
            switch action {
            case .keep(let numbers): keep(numbers)
            case .write(let bytes): core.out.append(.send(core.orders.socket, bytes))
            case .wake(let span): core.out.append(.timer(ApifinySession.fixTimer, after: span))
            case .disconnect: break
            case .tell(let news): heard(news)
            }
        }
    }

    private mutating func keep(_ numbers: FIXSequence) {
        fixGeneration += 1
        let record = FIXSequenceRecord(generation: fixGeneration, numbers: numbers)
        core.out.append(.keep(core.orders.socket, name: settings.keptName, offset: record.offset, record.bytes))
    }

    private mutating func heard(_ news: FIXNews) {
        switch news {
        case .loggedOn: break
        case .ready:
            // After a gap the account is known; after a logon it is asked.
            if core.orders.phase == .arming { becameReady(.orders) } else { checkAccount() }
        case .notReady(let why):
            guard core.orders.phase == .ready else { return }
            core.orders.phase = .arming
            tell(.link(.orders, .down(why: why)))
        case .application(let message): application(message)
        case .rejected(let rejection): rejected(rejection)
        case .notResent(let sequences):
            for sequence in sequences { if let id = fixRequests[sequence] { askStatus(of: id) } }
        case .ended(let ending): ended(ending)
        case .alarm(let text): tell(.alarm("FIX: \(text)"))
        }
    }

    private mutating func ended(_ ending: FIXEnding) {
        (fixRequests, fixCancels) = ([:], [:])
        if fix.isExhausted { return refuse(.orders, "FIX: \(fix.settings.mostLogonFailures) logons failed, the last one: \(ending.text)") }
        drop(.orders, "FIX: \(ending.text)")
    }

    // MARK: - Requests

    mutating func writeFIX(_ outgoing: Outgoing<ApifinyCall>, _ id: UInt64) {
        switch outgoing.call {
        case .place(let order): send(FIXType.newOrderSingle, body(order), id, order)
        case .cancel(let venueID, let symbol):
            fixCancels[venueID] = id
            send(FIXType.orderCancelRequest, cancelBody(venueID, symbol), id, nil)
        case .status(let venueID):
            core.pending[id] = nil
            send(FIXType.orderStatusRequest, FIXOrders.status(account: settings.accountID, clientID: venueID, exchange: settings.venue), id, nil)
        case .cancelAll, .get, .subscribe: break
        }
    }

    private func body(_ order: ApifinyNewOrder) -> FIXBody {
        FIXOrders.New(
            account: settings.accountID, clientID: order.venueID, symbol: order.symbol, side: order.side, kind: order.price == nil ? .market : .limit,
            quantity: order.quantity, price: order.price, timeInForce: order.timeInForce, exchange: settings.venue, text: "new Order", time: now.wall
        ).body
    }

    private func cancelBody(_ venueID: String, _ symbol: String) -> FIXBody {
        var cancel = FIXOrders.Cancel(account: settings.accountID, clientID: venueID, exchange: settings.venue, text: "Cancel Order")
        if hasStandardCancels, let order = fixOrders[venueID] {
            cancel.original = venueID
            cancel.standard = FIXOrders.Cancel.Standard(symbol: symbol, side: order.side, quantity: order.quantity, time: now.wall)
        }
        return cancel.body
    }

    private mutating func send(_ type: String, _ body: FIXBody, _ id: UInt64, _ order: ApifinyNewOrder?) {
        var actions: [FIXAction] = []
        let sequence = fix.send(type, body, at: moment, into: &actions)
        perform(actions)
        guard let sequence else { return }
        fixRequests[sequence] = id
        if fixRequests.count > 8_192 { fixRequests = fixRequests.filter { $0.key > sequence - 4_096 } }
        if let order { track(ApifinyFIXOrder(order)) }
    }

    private mutating func askStatus(of id: UInt64) {
        guard let outgoing = core.pending[id]?.outgoing else { return }
        switch outgoing.call {
        case .place(let order): askStatus(order.venueID)
        case .cancel(let venueID, _): askStatus(venueID)
        case .cancelAll, .status, .get, .subscribe: break
        }
    }

    mutating func askStatus(_ venueID: String) {
        guard fix.isReady else { return }
        submit(Outgoing(purpose: .other(.max), call: .status(venueID: venueID), route: .socket(.orders)))
    }

    // MARK: - Refusals

    private mutating func rejected(_ rejection: FIXRejection) {
        guard let id = fixRequests[rejection.sequence], let outgoing = core.pending[id]?.outgoing else {
            return tell(.alarm("FIX: message \(rejection.sequence) was refused: \(rejection.text)"))
        }
        if case .cancel(let venueID, _) = outgoing.call {
            fixCancels[venueID] = nil
            // The venue wants what FIX 4.2 wants: from now on it gets that.
            if !hasStandardCancels, rejection.reason == 1, [41, 54, 55, 60].contains(rejection.tag ?? 0), fixOrders[venueID] != nil {
                hasStandardCancels = true
                core.pending[id] = nil
                return submit(outgoing)
            }
        }
        // Nobody was there to judge it (380=4): of a cancel nothing is known, and it is sent again another way.
        if case .cancel = outgoing.purpose, rejection.tag == nil, rejection.reason == 4 { return answered(id, .none(rejection.text)) }
        let code = rejection.reason.map { "373=\($0)" } ?? "reject"
        answered(id, Reply(verdict: .rejected(.venue), code: code, message: rejection.text, why: "\(code) \(rejection.text)"))
    }

    private mutating func application(_ message: FIXMessage) {
        switch message.type {
        case FIXType.executionReport:
            do throws(FIXFault) {
                report(try FIXExecution(message))
            } catch {
                tell(.alarm("FIX: an ExecutionReport cannot be read: \(error.text): \(message.excerpt)"))
            }
        case FIXType.orderCancelReject: cancelRejected(FIXCancelRejection(message))
        case FIXType.businessMessageReject: if let rejection = FIXRejection(business: message) { rejected(rejection) }
        case _: break
        }
    }

    /// The order keeps its last status, and is asked about: it may be filled.
    private mutating func cancelRejected(_ rejection: FIXCancelRejection) {
        guard let venueID = rejection.originalClientID ?? rejection.clientID ?? rejection.orderID else { return }
        if let id = fixCancels.removeValue(forKey: venueID) {
            answered(id, Reply(verdict: .noSuchOrder, code: "102=\(rejection.reason ?? 0)", message: rejection.text, why: rejection.text))
        }
        askStatus(venueID)
    }
}
