public import NIOCore

/// What a `TLSHandler` tells the handlers behind it.
public enum TLSEvent: Hashable, Sendable {
    /// The peer is who it should be; what is written from now on is on its way at once.
    case handshakeCompleted(version: String, cipher: String)
}

/// Encrypts what a channel's handlers write and decrypts what its socket reads, with every decision left to OpenSSL.
///
/// Writes wait for the handshake. A failure is one `TLSError` through `errorCaught`, every waiting write fails with it, and the
/// channel is closed. `close` sends a closing alert first; an end without the peer's is `TLSError.Reason.truncated`.
public final class TLSHandler: ChannelDuplexHandler {
    public typealias InboundIn = ByteBuffer
    public typealias InboundOut = ByteBuffer
    public typealias OutboundIn = ByteBuffer
    public typealias OutboundOut = ByteBuffer

    enum Phase { case waiting, handshaking, open, closed }

    let session: TLSSession
    private let handshakeTimeout: TimeAmount
    private(set) var phase = Phase.waiting
    private(set) var writes = PendingWrites()
    private var timer: Scheduled<Void>?
    private var failure: TLSError?
    /// The peer said that no more will come.
    private var inputEnded = false
    private var sentCloseNotify = false
    /// Somebody behind us asked to read and has had nothing since.
    private var readWanted = false
    private var isAbrupt = false
    private var plain = ByteBuffer()
    private var cipher = ByteBuffer()

    init(_ session: TLSSession, handshakeTimeout: TimeAmount) {
        self.session = session
        self.handshakeTimeout = handshakeTimeout
    }

    /// From now on the channel closes without a closing alert: what a fault plan needs.
    public func abandon() { isAbrupt = true }

    // MARK: Beginning

    public func handlerAdded(context: ChannelHandlerContext) {
        plain = context.channel.allocator.buffer(capacity: 0)
        cipher = context.channel.allocator.buffer(capacity: 0)
        if context.channel.isActive { begin(context) }
    }

    public func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        writes.failAll(with: failure ?? ChannelError.ioOnClosedChannel)
    }

    public func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard phase == .waiting else { return }
        phase = .handshaking
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: handshakeTimeout) {
            let (handler, context) = bound.value
            handler.fail(.handshakeTimeout, context)
        }
        continueHandshake(context)
    }

    private func continueHandshake(_ context: ChannelHandlerContext) {
        switch session.handshake() {
        case .needsBytes:
            send(context, promise: nil)
        case .done:
            timer?.cancel()
            timer = nil
            phase = .open
            send(context, promise: nil)
            context.fireUserInboundEventTriggered(
                TLSEvent.handshakeCompleted(version: session.version, cipher: session.cipher))
            encryptFlushed(context)
        case .failed(let reason):
            fail(reason, context)
        }
    }

    // MARK: Reading

    public func read(context: ChannelHandlerContext) {
        readWanted = true
        context.read()
    }

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase == .handshaking || phase == .open else { return }
        session.receive(unwrapInboundIn(data))
        if phase == .handshaking { continueHandshake(context) }
        if phase == .open { decryptAll(context) }
    }

    private func decryptAll(_ context: ChannelHandlerContext) {
        while phase == .open, !inputEnded {
            plain.clear()
            var outcome = TLSSession.Plain.bytes
            while plain.readableBytes < 4 * TLSSession.recordBytes {
                outcome = session.decrypt(into: &plain)
                guard case .bytes = outcome else { break }
            }
            if plain.readableBytes > 0 {
                readWanted = false
                context.fireChannelRead(wrapInboundOut(plain))
            }
            switch outcome {
            case .bytes: continue
            case .needsBytes:
                // A key update or another answer of the protocol's own.
                send(context, promise: nil)
                return
            case .closed: peerClosed(context)
            case .failed(let reason): fail(reason, context)
            }
        }
    }

    public func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        // What came was no whole record: a reader who asks for each read would wait for ever.
        if phase == .handshaking || (phase == .open && readWanted) { context.read() }
    }

    private func peerClosed(_ context: ChannelHandlerContext) {
        guard !inputEnded else { return }
        inputEnded = true
        let halfClosure = try? context.channel.syncOptions?.getOption(.allowRemoteHalfClosure)
        if halfClosure == true {
            context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        } else {
            close(context: context, mode: .all, promise: nil)
        }
    }

    public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed {
            if phase == .handshaking { return fail(.closedDuringHandshake, context) }
            if inputEnded { return }
            if phase == .open { return fail(.truncated, context) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    public func channelInactive(context: ChannelHandlerContext) {
        switch phase {
        case .waiting, .handshaking: fail(.closedDuringHandshake, context)
        case .open: if !inputEnded, !sentCloseNotify { fail(.truncated, context) }
        case .closed: break
        }
        phase = .closed
        timer?.cancel()
        writes.failAll(with: failure ?? ChannelError.ioOnClosedChannel)
        context.fireChannelInactive()
    }

    // MARK: Writing

    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard phase != .closed, !sentCloseNotify else {
            promise?.fail(failure ?? ChannelError.ioOnClosedChannel)
            return
        }
        writes.append(unwrapOutboundIn(data), promise)
    }

    public func flush(context: ChannelHandlerContext) {
        writes.mark()
        if phase == .open { encryptFlushed(context) }
    }

    private func encryptFlushed(_ context: ChannelHandlerContext) {
        while let (bytes, promise) = writes.takeFlushed(joiningUpTo: TLSSession.recordBytes) {
            var offset = bytes.readerIndex
            repeat {
                let count = min(4 * TLSSession.recordBytes, bytes.writerIndex - offset)
                let failed = unsafe bytes.withUnsafeReadableBytes {
                    unsafe session.encrypt(UnsafeRawBufferPointer(rebasing: $0[(offset - bytes.readerIndex)...].prefix(count)))
                }
                if let failed {
                    fail(failed, context)
                    promise?.fail(failure ?? ChannelError.ioOnClosedChannel)
                    return
                }
                offset += count
                send(context, promise: offset == bytes.writerIndex ? promise : nil, flush: false)
            } while offset < bytes.writerIndex
        }
        context.flush()
    }

    /// Hands what OpenSSL has for the network to the channel.
    private func send(_ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?, flush: Bool = true) {
        cipher.clear()
        guard session.drain(into: &cipher) else {
            promise?.succeed(())
            return
        }
        context.write(wrapOutboundOut(cipher), promise: promise)
        if flush { context.flush() }
    }

    // MARK: Ending

    public func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        switch mode {
        case .input:
            context.close(mode: .input, promise: promise)
        case .output:
            sendCloseNotify(context)
            context.close(mode: .output, promise: promise)
        case .all:
            sendCloseNotify(context)
            phase = .closed
            timer?.cancel()
            writes.failAll(with: failure ?? ChannelError.ioOnClosedChannel)
            context.close(mode: .all, promise: promise)
        }
    }

    private func sendCloseNotify(_ context: ChannelHandlerContext) {
        guard phase == .open, !sentCloseNotify, !isAbrupt else { return }
        encryptFlushed(context)
        sentCloseNotify = true
        session.sendCloseNotify()
        send(context, promise: nil)
    }

    private func fail(_ reason: TLSError.Reason, _ context: ChannelHandlerContext) {
        guard phase != .closed else { return }
        let error = TLSError(host: session.host, reason: reason)
        failure = error
        phase = .closed
        timer?.cancel()
        // The alert that tells the peer why.
        send(context, promise: nil)
        writes.failAll(with: error)
        context.fireErrorCaught(error)
        context.close(mode: .all, promise: nil)
    }
}
