public import NIOCore
public import TLS

/// One request by itself, for an operator's command: no session, no retry.
public enum VenueQuestion {
    /// To be called on the event loop; the connection is closed with the answer.
    public static func ask(_ request: VenueRequest, tls: TLSContext, on eventLoop: any EventLoop) -> EventLoopFuture<VenueResponse> {
        guard let base = VenueRESTClients.base(of: request.url), let clients = VenueRESTClients(base, tls: tls, eventLoop: eventLoop) else {
            return eventLoop.makeSucceededFuture(.notSent("\(request.url) is no address"))
        }
        let bound = NIOLoopBound(clients, eventLoop: eventLoop)
        let promise = eventLoop.makePromise(of: VenueResponse.self)
        clients.send(request).whenComplete { result in
            promise.succeed(VenueRESTClients.response(result))
            bound.value.close()
        }
        return promise.futureResult
    }
}
