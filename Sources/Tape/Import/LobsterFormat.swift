import Domain

/// One row of a LOBSTER message file.
///
/// - Source: the ReadMe of the LOBSTER sample files.
struct LobsterMessage {
    enum Kind: Int64 {
        case submission = 1, cancellation, deletion, execution, hiddenExecution, cross, halt

        /// For counts of what a file holds.
        var text: String {
            switch self {
            case .submission: "1 submission"
            case .cancellation: "2 cancellation"
            case .deletion: "3 deletion"
            case .execution: "4 execution"
            case .hiddenExecution: "5 hidden execution"
            case .cross: "6 cross"
            case .halt: "7 halt"
            }
        }
    }

    let time: Bytes
    let nanosecondsOfDay: Int64
    let kind: Kind
    let order: Int64
    let size: ShortDecimal
    /// As written: dollars × 10,000; −1, 0 or 1 with a halt.
    let price: ShortDecimal
    /// Side of the resting order.
    let side: Side

    static let columns = "time,type,order id,size,price,direction"

    init(_ fields: FieldSplitter) throws(BadRow) {
        try fields.require(6, LobsterMessage.columns)
        time = fields.fields[0]
        guard let nanoseconds = TimeText.seconds(time) else {
            throw BadRow(expected: "seconds after midnight with at most nine places", found: time)
        }
        nanosecondsOfDay = nanoseconds
        guard let kind = Kind(rawValue: try fields.integer(1, "type")) else {
            throw BadRow(expected: "a type of 1 to 7", found: fields.fields[1])
        }
        self.kind = kind
        order = try fields.integer(2, "order id")
        size = try fields.decimal(3, "size")
        price = try fields.decimal(4, "price")
        switch try fields.integer(5, "direction") {
        case 1: side = .buy
        case -1: side = .sell
        default: throw BadRow(expected: "direction 1 or -1", found: fields.fields[5])
        }
    }
}

/// The best level of each side after a message: the first four columns of an order book file.
struct LobsterTop: Hashable {
    var askPrice: ShortDecimal
    var askSize: ShortDecimal
    var bidPrice: ShortDecimal
    var bidSize: ShortDecimal

    static let empty = LobsterTop(askPrice: .zero, askSize: .zero, bidPrice: .zero, bidSize: .zero)
    /// LOBSTER fills absent levels with these prices.
    private static let dummy: Int64 = 9_999_999_999

    init(askPrice: ShortDecimal, askSize: ShortDecimal, bidPrice: ShortDecimal, bidSize: ShortDecimal) {
        (self.askPrice, self.askSize, self.bidPrice, self.bidSize) = (askPrice, askSize, bidPrice, bidSize)
    }

    init(_ fields: FieldSplitter) throws(BadRow) {
        guard fields.fields.count >= 4, fields.fields.count % 4 == 0 else {
            throw BadRow("expected a multiple of 4 columns (ask price,ask size,bid price,bid size), found \(fields.fields.count)")
        }
        askPrice = try fields.decimal(0, "ask price")
        askSize = try fields.decimal(1, "ask size")
        bidPrice = try fields.decimal(2, "bid price")
        bidSize = try fields.decimal(3, "bid size")
        if abs(askPrice.mantissa) >= LobsterTop.dummy { (askPrice, askSize) = (.zero, .zero) }
        if abs(bidPrice.mantissa) >= LobsterTop.dummy { (bidPrice, bidSize) = (.zero, .zero) }
    }
}

/// LOBSTER's message file, with its order book file as the second input: trades, and the best level of each side.
struct LobsterFormat {
    private let session: ImportSession
    private let product: Int
    private let scalePlaces: Int32
    private var clock: DayClock
    private var messageFields = FieldSplitter()
    private var bookFields = FieldSplitter()
    private var top = LobsterTop.empty

    init(_ session: ImportSession, _ parts: [InputPart]) throws(ImportError) {
        guard parts.count <= 2 else {
            throw ImportError(.usage, "lobster: expected one message file and at most one order book file, found \(parts.count) files")
        }
        self.session = session
        product = session.product(names: LobsterFormat.names(parts[0].fileName))
        clock = try DayClock(parts[0], options: session.options, zone: "America/New_York")
        scalePlaces = try session.options.priceScalePlaces(default: 4)
    }

    /// The ticker stands before the first underscore.
    private static func names(_ file: String) -> InstrumentNames {
        InstrumentNames(native: (file.split(separator: "_").first.map(String.init) ?? file) + "_USD")
    }

    mutating func run(_ parts: [InputPart]) throws(ImportError) {
        let messages = try parts[0].lines()
        let books = parts.count == 2 ? try parts[1].lines() : nil
        while let line = try messages.next() {
            let place = Place(name: messages.name, line: messages.number)
            let row = try books?.next()
            if let books, row == nil {
                throw ImportError(.data, "\(books.name): has \(books.number) rows, \(messages.name) has more; expected one for each message")
            }
            if let books { session.reading(1, line: books.number) }
            session.reading(0, line: messages.number)
            let mark = session.pendingCount
            do throws(BadRow) {
                try take(line, row)
            } catch {
                session.rollBack(to: mark)
                try session.bad(error, at: place)
            }
            try session.commit()
        }
        if let books, try books.next() != nil {
            throw ImportError(.data, "\(books.name): has more rows than \(messages.name) (\(messages.number)); expected one for each message")
        }
    }

    private mutating func take(_ line: Bytes, _ book: Bytes?) throws(BadRow) {
        messageFields.split(line)
        let message = try LobsterMessage(messageFields)
        session.message(message.kind.text)
        guard let exchange = clock.utc(ofDay: message.nanosecondsOfDay) else {
            throw BadRow(expected: "seconds after midnight", found: message.time)
        }
        let local = try session.shifted(exchange)
        try trade(message, local, exchange)
        guard let book else { return }
        bookFields.split(book)
        let now = try LobsterTop(bookFields)
        try change(.buy, top.bidPrice, top.bidSize, now.bidPrice, now.bidSize, local, exchange)
        try change(.sell, top.askPrice, top.askSize, now.askPrice, now.askSize, local, exchange)
        top = now
    }

    private func trade(_ message: LobsterMessage, _ local: Int64, _ exchange: Int64) throws(BadRow) {
        switch message.kind {
        case .submission, .cancellation, .deletion: return
        case .execution, .hiddenExecution, .cross:
            let flags = message.kind == .execution ? 0 : MarketRecord.Flag.offBook
            let aggressor = message.kind == .cross ? nil : message.side.opposite
            var event = SourceEvent(.trade, product: product, local: local, exchange: exchange, side: aggressor, flags: flags)
            event.v0 = message.price.shifted(down: scalePlaces)
            event.v1 = message.size
            try session.add(event)
        case .halt:
            var event = SourceEvent(.status, product: product, local: local, exchange: exchange)
            event.id = message.price.mantissa
            try session.add(event)
        }
    }

    /// Levels that turn the old best of one side into the new one.
    private func change(
        _ side: Side, _ oldPrice: ShortDecimal, _ oldSize: ShortDecimal, _ price: ShortDecimal, _ size: ShortDecimal,
        _ local: Int64, _ exchange: Int64
    ) throws(BadRow) {
        if oldPrice == price && oldSize == size { return }
        var event = SourceEvent(.level, product: product, local: local, exchange: exchange, side: side)
        if oldPrice != price && oldPrice.mantissa != 0 {
            event.v0 = oldPrice.shifted(down: scalePlaces)
            try session.add(event)
        }
        if price.mantissa == 0 { return }
        event.v0 = price.shifted(down: scalePlaces)
        event.v1 = size
        try session.add(event)
    }
}
