public import Domain

/// The kill switch's memory on disk: as long as the file is there, nothing starts. Only `perigee arm` removes it.
public struct KillLatch: Hashable, Sendable {
    public var reason: String
    /// Who pulled it: `operator`, `daily_loss`, `watchdog`, …
    public var source: String
    public var time: Timestamp

    public init(reason: String, source: String, time: Timestamp) { (self.reason, self.source, self.time) = (reason, source, time) }

    public func write(to folder: StateFolder) throws(StateError) {
        let line = reason.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : String($0) }.joined()
        try folder.replace("kill.latch", with: Array("time \(time.nanoseconds)\nsource \(source)\nreason \(line)\n".utf8))
    }

    /// Nil where the switch is armed. A latch that cannot be read is one: it fails closed.
    public static func read(from folder: StateFolder) -> KillLatch? {
        let bytes: [UInt8]?
        do {
            bytes = try folder.read("kill.latch")
        } catch {
            return KillLatch(reason: "the latch cannot be read: \(error)", source: "unknown", time: Timestamp(nanoseconds: 0))
        }
        guard let bytes else { return nil }
        var latch = KillLatch(reason: "latched", source: "unknown", time: Timestamp(nanoseconds: 0))
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            guard let space = line.firstIndex(of: " ") else { continue }
            let value = String(line[line.index(after: space)...])
            switch line[..<space] {
            case "time": latch.time = Timestamp(nanoseconds: Int64(value) ?? 0)
            case "source": latch.source = value
            case "reason": latch.reason = value
            default: break
            }
        }
        return latch
    }
}
