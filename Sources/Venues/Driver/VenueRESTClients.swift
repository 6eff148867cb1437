internal import Domain
internal import NIOCore
internal import NIOHTTP1
internal import TLS
internal import Transport

/// The connections to one host: some for questions, and one apart for what is urgent, so that a cancel never stands behind a page of history.
struct VenueRESTClients {
    let base: String
    private let ordinary: RESTClient
    private let urgent: RESTClient

    init?(_ base: String, tls: TLSContext, eventLoop: any EventLoop) {
        do {
            let origin = try Origin(base)
            self.base = base
            ordinary = RESTClient(origin, tls: tls, eventLoop: eventLoop)
            urgent = RESTClient(origin, tls: tls, eventLoop: eventLoop)
        } catch {
            return nil
        }
    }

    /// `https://host:port` of an address.
    static func base(of url: String) -> String? {
        guard let scheme = url.firstRange(of: "://") else { return nil }
        let end = url[scheme.upperBound...].firstIndex { $0 == "/" || $0 == "?" } ?? url.endIndex
        return String(url[..<end])
    }

    func warm() {
        _ = ordinary.warm()
        _ = urgent.warm()
    }

    func close() {
        _ = ordinary.close()
        _ = urgent.close()
    }

    func send(_ request: VenueRequest) -> EventLoopFuture<RESTResponse> {
        var headers = HTTPHeaders()
        for (name, value) in request.headers { headers.add(name: name, value: value) }
        let path = String(request.url.dropFirst(base.count))
        return (request.isUrgent ? urgent : ordinary).send(
            RESTRequest(
                HTTPMethod(rawValue: request.method.rawValue), path.hasPrefix("/") ? path : "/" + path, headers: headers,
                body: request.body.isEmpty ? nil : ByteBuffer(bytes: request.body),
                deadline: .now() + .nanoseconds(request.deadline.nanoseconds)))
    }

    static func response(_ result: Result<RESTResponse, any Error>) -> VenueResponse {
        switch result {
        case .success(let answer):
            return .answer(
                status: answer.status, headers: answer.headers.map { (name: $0.name, value: $0.value) },
                body: Array(answer.body.readableBytesView))
        case .failure(let error):
            guard let error = error as? RESTError else { return .ambiguous("\(error)") }
            switch error.delivery {
            case .notSent: return .notSent(error.description)
            case .ambiguous: return .ambiguous(error.description)
            }
        }
    }
}
