import Domain
import Scripting
import Trading

/// What a strategy does over a made-up market, as one number and its last words: the same in every process.
enum Effects {
    static func digest(of source: String, seed: UInt64) throws -> String {
        var options = LuaOptions()
        options.seed = seed
        let stand = try Stand(source, options)
        var digest: UInt64 = 0xcbf2_9ce4_8422_2325
        var lines = 0
        func fold(_ text: String) {
            for byte in text.utf8 { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01b3 }
            lines += 1
        }
        stand.step(.start)
        var price: Int64 = 10_000
        for round in 0..<200 {
            price += Int64((round * 7919) % 11) - 5
            stand.quote(.buy, price, Int64(100 + round % 7))
            stand.quote(.sell, price + 10, Int64(100 + round % 5))
            for effect in stand.takeEffects() { fold("\(effect)") }
            for note in stand.takeNotes() { fold(note) }
            stand.wait(1_000_000)
        }
        stand.step(.stop(reason: "end"))
        for effect in stand.takeEffects() { fold("\(effect)") }
        for note in stand.takeNotes() { fold(note) }
        return "\(lines) lines, \(String(digest, radix: 16)), \(stand.engine.life)"
    }
}
