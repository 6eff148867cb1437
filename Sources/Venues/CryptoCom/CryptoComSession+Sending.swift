internal import Domain
internal import JSON

/// Requests as bytes, messages and answers as what they mean.
extension CryptoComSession {
    func free(_ outgoing: Outgoing<Call>) -> Int64 { limits.free(kind(outgoing), isUrgent: outgoing.isUrgent) }

    private func kind(_ outgoing: Outgoing<Call>) -> CryptoComLimits.Kind {
        switch outgoing.route {
        case .socket(.orders): .user
        case .socket(.market): .market
        case .rest: CryptoComLimits.kind(ofRest: outgoing.call.method)
        }
    }

    mutating func write(_ outgoing: Outgoing<Call>, id: UInt64) {
        lastNonce = max(lastNonce + 1, now.wall.nanoseconds / 1_000_000)
        let request = CryptoComRequest(method: outgoing.call.method, id: id, nonce: lastNonce, params: outgoing.call.params)
        limits.count(kind(outgoing), at: now.monotonic)
        guard case .socket(let link) = outgoing.route else { return writeREST(request, outgoing) }
        if case .authenticate = outgoing.purpose, let signer = settings.signer {
            core.out.append(.send(core[link].socket, request.signed(by: signer)))
        } else {
            core.out.append(.send(core[link].socket, request.unsigned()))
        }
    }

    private mutating func writeREST(_ request: CryptoComRequest, _ outgoing: Outgoing<Call>) {
        let url = settings.rest + "/" + request.method
        guard request.method.hasPrefix("private/"), let signer = settings.signer else {
            var query = ""
            for field in request.params {
                var text = ""
                field.value.appendSigned(to: &text)
                query += (query.isEmpty ? "?" : "&") + field.key + "=" + text
            }
            return core.out.append(.request(VenueToken(request.id), VenueRequest(method: .get, url: url + query, deadline: replyTimeout)))
        }
        core.out.append(
            .request(
                VenueToken(request.id),
                VenueRequest(
                    method: .post, url: url, headers: [("Content-Type", "application/json")], body: request.signed(by: signer),
                    deadline: replyTimeout, isUrgent: outgoing.isUrgent)))
    }

    // MARK: - Messages

    mutating func message(_ bytes: Bytes, on socket: SocketID) {
        guard let link = core.link(socket) else { return }
        let envelope: CryptoComEnvelope
        do throws(JSONError) {
            envelope = try CryptoComEnvelope(bytes)
        } catch {
            let name = link == .market ? "market" : "user"
            return tell(.alarm("the \(name) socket sent what cannot be read: at byte \(error.offset) expected \(error.expected): \(bytes.excerpt)"))
        }
        if envelope.method == .heartbeat { return heartbeat(envelope, link) }
        if envelope.isPush {
            // A push may bear the subscription's own id, and then stands for its acknowledgement.
            if let id = envelope.id, id > 0, case .subscribe? = core.pending[UInt64(id)]?.outgoing.purpose {
                answered(UInt64(id), CryptoComSession.reply(envelope, status: 0))
            }
            return push(envelope, on: link)
        }
        let id = envelope.id.flatMap { $0 > 0 ? UInt64($0) : nil } ?? envelope.originalID
        guard let id else { return tell(.alarm("the venue could not read a request: \(CryptoComSession.text(envelope))")) }
        answered(id, CryptoComSession.reply(envelope, status: 0))
    }

    /// Before anything else: the venue waits five seconds.
    private mutating func heartbeat(_ envelope: CryptoComEnvelope, _ link: VenueLink) {
        guard let id = envelope.id else { return tell(.alarm("a heartbeat without an id")) }
        core.out.append(.send(core[link].socket, CryptoComRequest.heartbeat(id: id)))
        listen(link, for: settings.heartbeatSilence)
        // Its number is the venue's clock, where it is near enough to be one.
        let (nanoseconds, overflow) = id.multipliedReportingOverflow(by: 1_000_000)
        if !overflow, (nanoseconds / 1_000_000_000 - now.wall.nanoseconds / 1_000_000_000).magnitude <= 60 {
            sighting(Timestamp(nanoseconds: nanoseconds), within: CryptoComSession.longestFlight, asked: now)
        }
    }

    /// How long a heartbeat may have been under way.
    private static let longestFlight = Span(nanoseconds: 200_000_000)

    // MARK: - Answers

    static func text(_ envelope: CryptoComEnvelope) -> String {
        "\(envelope.code.map(String.init) ?? "no code")" + (envelope.message.isEmpty ? "" : " \(envelope.message)")
    }

    static func reply(_ envelope: CryptoComEnvelope, status: Int) -> Reply {
        let code = envelope.code ?? (envelope.result == nil ? -1 : 0)
        var reply = Reply(
            verdict: RequestVerdict(cryptocom: code, status: status), code: envelope.code.map(String.init) ?? "", message: envelope.message,
            result: envelope.result, why: text(envelope))
        reply.venueID = CryptoComOrderID(envelope.result).venueID
        return reply
    }

    func judge(_ outgoing: Outgoing<Call>, status: Int, headers: [(name: String, value: String)], body: Bytes) -> Reply {
        do throws(JSONError) {
            return CryptoComSession.reply(try CryptoComEnvelope(body), status: status)
        } catch {
            return Reply(unreadable: body, status: status)
        }
    }

    /// The `scope` of a `set-cancel-on-disconnect` answer, where it tells one.
    static func scope(in result: Bytes?) -> String? {
        guard let result else { return nil }
        var reader = JSONReader(result)
        var fields = JSONFields(["scope"])
        do throws(JSONError) {
            try reader.beginObject()
            return try fields.next(in: &reader) == nil ? nil : try reader.optionalText()
        } catch {
            return nil
        }
    }
}
