import Domain
import Glibc
import Scripting
import Synchronization
import Trading

/// One hostile chunk in `on_quote` of a strategy that has an order open, and a neighbour beside it on the same thread.
struct Attack {
    let source: String
    /// The whole file is hostile, not what `on_quote` does.
    let atLoad: Bool
    let deadline: Span
    let memoryLimit: Int

    /// What a second thread, which stands for the kill switch, has done meanwhile: it takes memory and writes a file.
    private final class Onlooker: Sendable {
        let rounds = Atomic<Int>(0)
        let stop = Atomic<Bool>(false)

        func run() {
            let file = unsafe fopen("/dev/null", "w")
            while !stop.load(ordering: .relaxed) {
                let bytes = [UInt8](repeating: 1, count: 4096)
                unsafe fwrite(bytes, 1, bytes.count, file)
                rounds.add(1, ordering: .relaxed)
                usleep(200)  // house-ok: a helper of the tests, on a thread of its own
            }
            if let file = unsafe file { unsafe fclose(file) }
        }
    }

    static let neighbour = """
        local S, n = {}, 0
        function S.on_start() market.instrument():subscribe("quotes") end
        function S.on_quote(inst) n = n + 1 local o = inst:buy(0.01, 50 + n) log.info("neighbour %d %s", n, o.state) end
        return S
        """

    private var hostile: String {
        if atLoad { return source }
        return """
            local S = {}
            function S.on_start() local i = market.instrument() i:subscribe("quotes") assert(i:buy(0.01, 90)) end
            function S.on_quote(inst)
            \(source)
            log.info("survived")
            end
            return S
            """
    }

    private static func spent() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
    }

    /// One line of `key=value`; `said` is last.
    func run() throws -> String {
        var options = LuaOptions()
        options.deadline = deadline
        options.memoryLimit = memoryLimit
        let other = try Stand(Attack.neighbour, LuaOptions())
        other.step(.start)
        other.quote(.buy, 10_000, 100)
        let onlooker = Onlooker()
        let thread = Thread(onlooker.run)
        let before = onlooker.rounds.load(ordering: .relaxed), began = Attack.spent()
        var outcome: String
        do {
            outcome = try judge(options, began)
        } catch let error as ScriptError {
            outcome = "life=refused kind=\(error.kind) ms=\(Int(Attack.spent() - began)) cancels=0 memory=0 said=\(error.message)"
        }
        let rounds = onlooker.rounds.load(ordering: .relaxed) - before
        other.quote(.buy, 10_001, 100)
        other.quote(.sell, 10_100, 100)
        let answers = other.takeNotes().count == 3 && other.takeSubmitted().count == 3
        onlooker.stop.store(true, ordering: .relaxed)
        thread.join()
        return "neighbour=\(answers ? "well" : "harmed") onlooker=\(rounds) " + outcome.replacing("\n", with: " ")
    }

    private func judge(_ options: LuaOptions, _ began: Double) throws -> String {
        let stand = try Stand(hostile, options)
        stand.step(.start)
        stand.accept()
        stand.quote(.buy, 10_000, 100)
        stand.quote(.sell, 10_100, 100)
        let spent = Int(Attack.spent() - began)
        let cancels = stand.takeEffects().filter { if case .cancel = $0 { true } else { false } }.count
        let life: String
        switch stand.engine.life {
        case .failed: life = "failed"
        default: life = "running"
        }
        let kind = stand.strategy.lastError.map { "\($0.kind)" } ?? "none"
        let said = stand.strategy.lastError?.message ?? stand.takeNotes().joined(separator: "/")
        return "life=\(life) kind=\(kind) ms=\(spent) cancels=\(cancels) memory=\(stand.strategy.memoryUsed) said=\(said)"
    }
}

/// A thread that is joined.
struct Thread {
    private let handle: pthread_t
    private final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    init(_ body: @escaping @Sendable () -> Void) {
        var made = pthread_t()
        let box = unsafe Unmanaged.passRetained(Box(body)).toOpaque()
        unsafe pthread_create(&made, nil, { argument in
            guard let argument = unsafe argument else { return nil }
            unsafe Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
            return nil
        }, box)
        handle = made
    }

    func join() { pthread_join(handle, nil) }
}
