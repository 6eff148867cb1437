internal import CLua
internal import Domain
internal import Trading

// Timers, account, log, plot, stop, indicators; and the table by which the C side finds it all.

extension ScriptHost {
    static func log(_ context: UnsafeMutableRawPointer?, _ level: Int32, _ text: clua_text) {
        let host = unsafe at(context)
        let severity: Note.Level =
            switch Int(level) {
            case CLUA_DEBUG: .debug
            case CLUA_WARN: .warn
            case CLUA_ERROR: .error
            default: .info
            }
        let line = unsafe printable(string(text))
        if let desk = unsafe host.pointee.desk {
            unsafe desk.pointee.notes.append(.log(at: desk.pointee.now, level: severity, text: line))
        } else {
            unsafe host.pointee.earlyNotes.append((severity, line))
        }
    }

    static func module(_ context: UnsafeMutableRawPointer?, _ name: clua_text, _ source: clua_text) {
        let name = unsafe string(name)
        // One that fails is read again at every `require`; it is noted once.
        guard unsafe !at(context).pointee.modules.contains(where: { $0.name == name }) else { return }
        let bytes = unsafe [UInt8](UnsafeRawBufferPointer(start: source.bytes, count: source.count))
        unsafe at(context).pointee.modules.append(LuaModule(name: name, source: bytes))
    }

    static func setTimer(
        _ context: UnsafeMutableRawPointer?, _ due: Int64, _ every: Int64, _ number: UnsafeMutablePointer<UInt64>,
        _ refusal: OpaquePointer
    ) -> Int32 {
        guard let desk = unsafe at(context).pointee.desk else { return 0 }
        let timer = unsafe every > 0
            ? desk.pointee.every(Span(nanoseconds: every)) : desk.pointee.at(Timestamp(nanoseconds: due))
        unsafe number.pointee = timer.raw
        return 1
    }

    static func cancelTimer(_ context: UnsafeMutableRawPointer?, _ number: UInt64) {
        guard let desk = unsafe at(context).pointee.desk else { return }
        unsafe desk.pointee.cancelTimer(TimerID(number))
    }

    static func balance(
        _ context: UnsafeMutableRawPointer?, _ currency: clua_text, _ venue: clua_text, _ total: UnsafeMutablePointer<Double>,
        _ available: UnsafeMutablePointer<Double>
    ) -> Int32 {
        let host = unsafe at(context)
        guard let desk = unsafe host.pointee.desk else { return 0 }
        if unsafe venue.count > 0 {
            let name = unsafe string(venue)
            guard unsafe host.pointee.instruments.contains(where: { $0.venue == name }) else { return 0 }
        }
        let balance = unsafe desk.pointee.balance(string(currency))
        unsafe total.pointee = nearestDouble(balance.total)
        unsafe available.pointee = nearestDouble(balance.available)
        return 1
    }

    static func equity(_ context: UnsafeMutableRawPointer?) -> Double {
        guard let desk = unsafe at(context).pointee.desk else { return 0 }
        return unsafe nearestDouble(desk.pointee.equity())
    }

    static func drawdown(_ context: UnsafeMutableRawPointer?) -> Double {
        guard let desk = unsafe at(context).pointee.desk else { return 0 }
        return unsafe desk.pointee.drawdown()
    }

    static func plot(_ context: UnsafeMutableRawPointer?, _ series: clua_text, _ value: Double) {
        guard let desk = unsafe at(context).pointee.desk, value.isFinite else { return }
        let name = unsafe printable(string(series))
        unsafe desk.pointee.notes.append(.plot(at: desk.pointee.now, series: name, value: value))
    }

    static func stop(_ context: UnsafeMutableRawPointer?, _ reason: clua_text) {
        guard let desk = unsafe at(context).pointee.desk else { return }
        unsafe desk.pointee.stop(printable(string(reason)))
    }
}

// MARK: - Indicators

extension ScriptHost {
    static func makeIndicator(
        _ context: UnsafeMutableRawPointer?, _ name: UnsafePointer<CChar>, _ arguments: UnsafePointer<Double>, _ count: Int,
        _ refusal: OpaquePointer
    ) -> Int64 {
        let host = unsafe at(context)
        let values = unsafe Array(UnsafeBufferPointer(start: arguments, count: count))
        do throws(IndicatorError) {
            let definition = try unsafe IndicatorDefinition(name: String(cString: name), arguments: values)
            guard unsafe host.pointee.indicators.byteCount + definition.byteCount <= host.pointee.memoryLimit else {
                unsafe refuse(refusal, "memory", "the indicators would need more than \(host.pointee.memoryLimit >> 10) KiB")
                return -1
            }
            return unsafe Int64(host.pointee.indicators.add(definition))
        } catch {
            unsafe refuse(refusal, "bad_indicator", error.description)
            return -1
        }
    }

    static func dropIndicator(_ context: UnsafeMutableRawPointer?, _ handle: UInt32) {
        unsafe at(context).pointee.indicators.remove(Int(handle))
    }

    @inline(__always)
    private static func update(
        _ host: UnsafeMutablePointer<ScriptHost>, _ handle: UInt32, _ input: IndicatorInput, _ out: UnsafeMutablePointer<Double>,
        _ refusal: OpaquePointer
    ) -> Int32 {
        let output = unsafe host.pointee.indicators.update(Int(handle), input)
        if output.count == 0, unsafe !host.pointee.indicators.accepts(Int(handle), input) {
            unsafe complain(host, handle, input, refusal)
            return -1
        }
        return unsafe give(output, out)
    }

    @inline(__always) private static func give(_ output: IndicatorOutput, _ out: UnsafeMutablePointer<Double>) -> Int32 {
        unsafe (out[0], out[1], out[2]) = (output.v0, output.v1, output.v2)
        return Int32(output.count)
    }

    private static func complain(
        _ host: UnsafeMutablePointer<ScriptHost>, _ handle: UInt32, _ input: IndicatorInput, _ refusal: OpaquePointer
    ) {
        let kind = unsafe host.pointee.indicators.definition(Int(handle)).kind
        let wanted =
            switch kind.operands {
            case .value: "a finite number or a bar"
            case .bar: "a bar or a finite number"
            case .barOnly: "a bar"
            case .priceAndQuantity: "a price and a quantity, or a bar"
            case .pair: "two finite numbers"
            }
        let got = input.hasBar ? "a bar" : input.shape == .pair ? "\(input.close) and \(input.second)" : "\(input.close)"
        unsafe refuse(refusal, "bad_input", "ta.\(kind.rawValue): update takes \(wanted), got \(got)")
    }

    static func updateIndicator(
        _ context: UnsafeMutableRawPointer?, _ handle: UInt32, _ values: UnsafePointer<Double>, _ count: Int,
        _ out: UnsafeMutablePointer<Double>, _ refusal: OpaquePointer
    ) -> Int32 {
        let input = unsafe count == 1 ? IndicatorInput.number(values[0]) : IndicatorInput.pair(values[0], values[1])
        return unsafe update(at(context), handle, input, out, refusal)
    }

    static func updateIndicatorWithBar(
        _ context: UnsafeMutableRawPointer?, _ handle: UInt32, _ bar: UnsafePointer<clua_bar>, _ out: UnsafeMutablePointer<Double>,
        _ refusal: OpaquePointer
    ) -> Int32 {
        let input = unsafe IndicatorInput.bar(
            high: bar.pointee.high, low: bar.pointee.low, close: bar.pointee.close, volume: bar.pointee.volume)
        return unsafe update(at(context), handle, input, out, refusal)
    }

    static func indicatorValue(
        _ context: UnsafeMutableRawPointer?, _ handle: UInt32, _ out: UnsafeMutablePointer<Double>
    ) -> Int32 {
        unsafe give(at(context).pointee.indicators.value(Int(handle)), out)
    }

    static func resetIndicator(_ context: UnsafeMutableRawPointer?, _ handle: UInt32) {
        unsafe at(context).pointee.indicators.reset(Int(handle))
    }
}

// MARK: - The table

extension ScriptHost {
    static func table(_ context: UnsafeMutableRawPointer) -> clua_host {
        unsafe clua_host(
            context: context,
            log: { unsafe ScriptHost.log($0, $1, $2) }, module: { unsafe ScriptHost.module($0, $1, $2) },
            find_instrument: { unsafe ScriptHost.findInstrument($0, $1, $2, $3) },
            top: { unsafe ScriptHost.top($0, $1, $2) }, last: { unsafe ScriptHost.last($0, $1, $2) }, event_time: { unsafe ScriptHost.eventTime($0, $1) },
            holding: { unsafe ScriptHost.holding($0, $1, $2) }, profit: { unsafe ScriptHost.profit($0, $1, $2) },
            levels: { unsafe ScriptHost.levels($0, $1, $2, $3, $4, $5) }, imbalance: { unsafe ScriptHost.imbalance($0, $1, $2, $3) },
            round: { unsafe ScriptHost.round($0, $1, $2, $3, $4, $5) },
            subscribe: { unsafe ScriptHost.subscribe($0, $1, $2, $3, $4, $5, $6, $7) },
            submit: { unsafe ScriptHost.submit($0, $1, $2, $3) }, cancel: { unsafe ScriptHost.cancel($0, $1, $2) },
            amend: { unsafe ScriptHost.amend($0, $1, $2, $3, $4, $5, $6) }, cancel_all: { unsafe ScriptHost.cancelAll($0, $1) },
            open_orders: { unsafe ScriptHost.openOrders($0, $1, $2, $3, $4) }, describe_order: { unsafe ScriptHost.describeOrder($0, $1, $2) },
            name_order: { unsafe ScriptHost.nameOrder($0, $1, $2, $3) },
            request_quote: { unsafe ScriptHost.requestQuote($0, $1, $2, $3, $4, $5) },
            accept_quote: { unsafe ScriptHost.acceptQuote($0, $1, $2, $3, $4) },
            set_timer: { unsafe ScriptHost.setTimer($0, $1, $2, $3, $4) }, cancel_timer: { unsafe ScriptHost.cancelTimer($0, $1) },
            balance: { unsafe ScriptHost.balance($0, $1, $2, $3, $4) }, equity: { unsafe ScriptHost.equity($0) }, drawdown: { unsafe ScriptHost.drawdown($0) },
            plot: { unsafe ScriptHost.plot($0, $1, $2) }, stop: { unsafe ScriptHost.stop($0, $1) },
            make_indicator: { unsafe ScriptHost.makeIndicator($0, $1, $2, $3, $4) }, drop_indicator: { unsafe ScriptHost.dropIndicator($0, $1) },
            update_indicator: { unsafe ScriptHost.updateIndicator($0, $1, $2, $3, $4, $5) },
            update_indicator_bar: { unsafe ScriptHost.updateIndicatorWithBar($0, $1, $2, $3, $4) },
            indicator_value: { unsafe ScriptHost.indicatorValue($0, $1, $2) }, reset_indicator: { unsafe ScriptHost.resetIndicator($0, $1) })
    }
}
