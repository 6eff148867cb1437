import CFloors
import Tape

/// The floors as cases, to be run in turn with ours.
enum FloorCases {
    static let scan32 = "sequential read, 32-byte records"
    static let scan64 = "sequential read, the tape's 64-byte records"
    static let book = "one flat book"
    static let books = "two flat books, venue and desk"
    static let pcall = "empty lua_pcall, four numbers"
    static let pcallCount = "lua_pcall, count = count + 1"
    static let bar = "lua_pcall a bar, two moving sums in C"

    static func level2(_ floor: FloorEvents, tape: MappedFile, lua: LuaFloor) -> [Case] {
        let count = Double(floor.count)
        func timed(_ name: String, _ work: @escaping () -> Int64) -> Case {
            Case(name: name, count: count) { Elapsed.of { Sink.keep(work()) } }
        }
        return [
            timed(scan32) { unsafe floor_scan32(floor.events, floor.count) },
            timed(scan64) { unsafe floor_scan64(tape.start, tape.bytes) },
            timed(book) { unsafe floor_book(floor.events, floor.count, floor.lowest, floor.slots) },
            timed(books) { unsafe floor_books(floor.events, floor.count, floor.lowest, floor.slots) },
            timed(pcall) { unsafe floor_lua_empty(lua.state, floor.events, floor.count) },
            timed(pcallCount) { unsafe floor_lua_count(lua.state, floor.events, floor.count) },
        ]
    }

    static func bars(_ closes: [Double], lua: LuaFloor) -> [Case] {
        [
            Case(name: bar, count: Double(closes.count)) {
                Elapsed.of { Sink.keep(unsafe floor_lua_bars(lua.state, closes, closes.count)) }
            }
        ]
    }
}

/// The bare Lua state of the floors.
@safe final class LuaFloor {
    let state: OpaquePointer
    init() { unsafe state = floor_lua_open() }
    deinit { unsafe floor_lua_close(state) }
}

/// Keeps answers alive, so that no work is optimised away.
enum Sink {
    @inline(never) static func keep(_ value: Int64) { if value == 0x5EED_0BAD_F00D { print(value) } }
}
