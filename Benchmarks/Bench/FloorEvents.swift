import CFloors
import Domain
import Glibc
import Tape

/// A file mapped for reading.
@safe final class MappedFile {
    let start: UnsafeRawPointer
    let bytes: Int

    init(_ path: String) throws {
        let descriptor = unsafe open(path, O_RDONLY)
        var facts = stat()
        guard descriptor >= 0, unsafe fstat(descriptor, &facts) == 0, facts.st_size > 0,
            let start = unsafe mmap(nil, Int(facts.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0), unsafe start != MAP_FAILED
        else { throw BenchError("\(path): cannot be mapped") }
        close(descriptor)
        unsafe self.start = UnsafeRawPointer(start)
        bytes = Int(facts.st_size)
    }

    deinit { unsafe munmap(UnsafeMutableRawPointer(mutating: start), bytes) }
}

/// The level changes and trades of a tape as the floors read them: 32 bytes each, in a file that is mapped.
@safe final class FloorEvents {
    let file: MappedFile
    let count: Int
    let lowest: Int32
    let slots: Int

    init(_ tape: MergedTape, path: String) throws {
        guard let output = unsafe fopen(path, "w") else { throw BenchError("\(path): cannot be written") }
        var (lowest, highest, count) = (Int64.max, Int64.min, 0)
        var chunk: [floor_event] = []
        var lane = try tape.deskLane()
        while !lane.isAtEnd {
            let record = unsafe lane.record.pointee
            let kind: UInt16 = record.kindByte == MarketRecord.Kind.level.rawValue ? 1 : record.kindByte == MarketRecord.Kind.trade.rawValue ? 2 : 0
            if kind == 1 { (lowest, highest) = (min(lowest, record.a), max(highest, record.a)) }
            chunk.append(
                floor_event(
                    exchange_time: record.exchangeTime, local_time: record.localTime, tick: Int32(clamping: record.a), kind: kind,
                    side: record.side == .buy ? 1 : -1, size: record.b))
            count += 1
            try lane.advance()
            if chunk.count == 4096 || lane.isAtEnd {
                unsafe chunk.withUnsafeBytes { _ = unsafe fwrite($0.baseAddress, 1, $0.count, output) }
                chunk.removeAll(keepingCapacity: true)
            }
        }
        unsafe fclose(output)
        guard count > 0, lowest <= highest, highest - lowest < 1 << 24 else {
            throw BenchError("the tape has no level changes, or they span more than \(1 << 24) ticks: no floor for it")
        }
        (self.count, self.lowest, slots) = (count, Int32(lowest), Int(highest - lowest) + 1)
        file = try MappedFile(path)
    }

    var events: UnsafePointer<floor_event> { unsafe file.start.assumingMemoryBound(to: floor_event.self) }
}

struct BenchError: Error {
    let message: String
    init(_ message: String) { self.message = message }
}
