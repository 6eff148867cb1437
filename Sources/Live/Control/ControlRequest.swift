internal import Domain
internal import JSON

/// What may be asked over the control socket: one JSON object a line, one JSON object back.
public enum ControlRequest: Hashable, Sendable {
    /// The whole snapshot as JSON.
    case status
    /// The snapshot as a table.
    case table
    case metrics
    /// As a SIGTERM would: cancel, verify, save, end.
    case stop
    /// A person has seen the alert of this number, all of them where nil (C29).
    case acknowledge(Int?)
    /// Latch. Needs no confirmation.
    case kill(reason: String)

    /// - Returns: Nil with what was wrong, for anything else.
    static func parse(_ line: [UInt8]) -> (request: ControlRequest?, error: String) {
        Bytes.with(line) { bytes in
            do throws(JSONError) {
                let fields = try read(bytes)
                switch fields.command {
                case "status": return (fields.format == "text" ? .table : .status, "")
                case "metrics": return (.metrics, "")
                case "stop": return (.stop, "")
                case "ack":
                    guard let text = fields.alert else { return (.acknowledge(nil), "") }
                    guard let number = Int(text), number > 0 else { return (nil, "alert: found '\(text.prefix(64))', expected its number") }
                    return (.acknowledge(number), "")
                case "kill": return (.kill(reason: fields.reason ?? "control socket"), "")
                case let other: return (nil, "command: found '\(other?.prefix(64) ?? "none")', expected status, metrics, stop, ack or kill")
                }
            } catch {
                return (nil, "at byte \(error.offset): expected \(error.expected)")
            }
        }
    }

    private static func read(_ bytes: Bytes) throws(JSONError) -> (command: String?, reason: String?, format: String?, alert: String?) {
        var reader = JSONReader(bytes)
        var fields = JSONFields(["command", "reason", "format", "alert"])
        var found: (command: String?, reason: String?, format: String?, alert: String?) = (nil, nil, nil, nil)
        try reader.beginObject()
        while let index = try fields.next(in: &reader) {
            switch index {
            case 0: found.command = try reader.text()
            case 1: found.reason = try reader.text()
            case 2: found.format = try reader.text()
            case _: found.alert = try reader.text()
            }
        }
        try reader.finish()
        return found
    }
}

/// Answers for the control socket, from a board and a few closures: nothing here knows the desk.
public struct ControlDesk: Sendable {
    let board: StatusBoard
    let folder: StateFolder
    let stop: @Sendable () -> Void
    let kill: @Sendable (String) -> Void
    let acknowledge: @Sendable (Int?) -> Void

    /// - Parameters:
    ///   - stop: Asks for an ordered stop; must not wait for it.
    ///   - kill: Pulls the switch with this reason; must not wait for it.
    ///   - acknowledge: Alerts that a person has seen; must not wait for it.
    public init(
        board: StatusBoard, folder: StateFolder, stop: @escaping @Sendable () -> Void, kill: @escaping @Sendable (String) -> Void,
        acknowledge: @escaping @Sendable (Int?) -> Void = { _ in }
    ) {
        (self.board, self.folder, self.stop, self.kill, self.acknowledge) = (board, folder, stop, kill, acknowledge)
    }

    /// One line without its end.
    public func answer(_ request: ControlRequest) -> String {
        var json = JSONWriter(reserving: 4_096)
        json.beginObject()
        switch request {
        case .kill(let reason):
            kill(reason)
            json.field("ok", true)
        case .stop:
            stop()
            json.field("ok", true)
        case .acknowledge(let number):
            acknowledge(number)
            json.field("ok", true)
        case .status, .table, .metrics:
            guard let snapshot = board.latest else {
                json.field("ok", false)
                json.field("error", "the run is starting: it has told nothing yet")
                break
            }
            json.field("ok", true)
            switch request {
            case .table: json.field("text", StatusText.render(snapshot) + latched)
            case .metrics: json.field("text", MetricsText.render(snapshot))
            case .status, .stop, .kill, .acknowledge:
                json.key("status")
                StatusJSON.write(snapshot, to: &json)
                LatchJSON.write(KillLatch.read(from: folder), to: &json)
            }
        }
        json.endObject()
        return json.text
    }

    private var latched: String { KillLatch.read(from: folder).map { "\nkill switch \($0.text)\n" } ?? "" }
}

/// The latch as a field of a status object.
public enum LatchJSON {
    static func write(_ latch: KillLatch?, to json: inout JSONWriter) {
        json.key("latched")
        guard let latch else { return json.null() }
        json.beginObject()
        json.field("source", latch.source)
        json.field("reason", latch.reason)
        json.field("time", latch.time.nanoseconds)
        json.endObject()
    }

    /// The status of a state folder on which nothing runs.
    public static func nothingRuns(_ latch: KillLatch?) -> String {
        var json = JSONWriter()
        json.beginObject()
        json.field("running", false)
        write(latch, to: &json)
        json.endObject()
        return json.text
    }
}
