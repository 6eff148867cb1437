public import NIOCore
public import TLS

/// Requests to one origin over warm connections on one event loop.
///
/// It never follows a redirect, never repeats a request, keeps no cookie. Every error says whether the server may have seen the request;
/// a connection that the server closes under a request is `.ambiguous`.
public final class RESTClient: Sendable {
    public let origin: Origin
    public let eventLoop: any EventLoop
    private let pool: NIOLoopBoundBox<RESTPool>

    /// - Parameter tls: Wanted for https.
    public init(_ origin: Origin, tls: TLSContext?, eventLoop: any EventLoop, settings: RESTSettings = RESTSettings()) {
        self.origin = origin
        self.eventLoop = eventLoop
        pool = .makeBoxSendingValue(
            RESTPool(origin: origin, tls: tls, eventLoop: eventLoop, settings: settings), eventLoop: eventLoop)
    }

    /// The answer, or a `RESTError`. On the event loop nothing hops: the request is on its way when this returns.
    public func send(_ request: RESTRequest) -> EventLoopFuture<RESTResponse> {
        if eventLoop.inEventLoop { return pool.value.send(request) }
        return eventLoop.flatSubmit { self.pool.value.send(request) }
    }

    /// Opens the connections to be kept warm and answers when one is ready, or with why none is.
    public func warm() -> EventLoopFuture<Void> { eventLoop.flatSubmit { self.pool.value.warm() } }

    /// Fails what waits, drops what runs, closes every connection.
    public func close() -> EventLoopFuture<Void> { eventLoop.submit { self.pool.value.close() } }
}
