import NIOCore

/// Writes that wait for the handshake or for a flush, in order.
struct PendingWrites {
    private struct Entry {
        var bytes: ByteBuffer
        var promise: EventLoopPromise<Void>?
    }

    private var entries = CircularBuffer<Entry>()
    private var flushed = 0

    var isEmpty: Bool { entries.isEmpty }

    mutating func append(_ bytes: ByteBuffer, _ promise: EventLoopPromise<Void>?) {
        entries.append(Entry(bytes: bytes, promise: promise))
    }

    mutating func mark() { flushed = entries.count }

    /// The next flushed write; small neighbours become one, so that a request's head and body are one record.
    mutating func takeFlushed(joiningUpTo limit: Int) -> (ByteBuffer, EventLoopPromise<Void>?)? {
        guard flushed > 0 else { return nil }
        var first = entries.removeFirst()
        flushed -= 1
        while flushed > 0, let next = entries.first, first.bytes.readableBytes + next.bytes.readableBytes <= limit {
            var joined = entries.removeFirst()
            flushed -= 1
            first.bytes.writeBuffer(&joined.bytes)
            if let earlier = first.promise {
                if let later = joined.promise { later.futureResult.cascade(to: earlier) } else { joined.promise = earlier }
            }
            first.promise = joined.promise
        }
        return (first.bytes, first.promise)
    }

    mutating func failAll(with error: any Error) {
        let failing = entries
        entries.removeAll()
        flushed = 0
        for entry in failing { entry.promise?.fail(error) }
    }
}
