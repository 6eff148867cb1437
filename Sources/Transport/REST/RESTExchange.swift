import NIOCore
import NIOHTTP1

/// One request on its way to an answer; it ends exactly once.
final class RESTExchange {
    let request: RESTRequest
    let promise: EventLoopPromise<RESTResponse>
    /// From when the first byte was handed to the connection.
    private(set) var mayHaveArrived = false
    /// What carries it, while it is on its way.
    var connection: RESTConnection?
    private var timer: Scheduled<Void>?
    private var isOver = false

    init(_ request: RESTRequest, _ promise: EventLoopPromise<RESTResponse>) {
        self.request = request
        self.promise = promise
    }

    func arm(on eventLoop: any EventLoop, _ expired: @escaping (RESTExchange) -> Void) {
        let bound = NIOLoopBound((self, expired), eventLoop: eventLoop)
        timer = eventLoop.scheduleTask(deadline: request.deadline) {
            let (exchange, expired) = bound.value
            if !exchange.isOver { expired(exchange) }
        }
    }

    func handedOver() { mayHaveArrived = true }

    func succeed(_ response: RESTResponse) {
        guard !isOver else { return }
        end()
        promise.succeed(response)
    }

    func fail(_ reason: RESTError.Reason) {
        guard !isOver else { return }
        end()
        promise.fail(RESTError(delivery: mayHaveArrived ? .ambiguous : .notSent, reason: reason))
    }

    private func end() {
        isOver = true
        connection = nil
        timer?.cancel()
        timer = nil
    }
}
