import Glibc

struct Quantiles {
    let count: Int
    let p50: Double
    let p99: Double
    let p999: Double

    /// - Parameter times: ns; the quantiles are µs.
    init(_ times: [Int64]) {
        let sorted = times.sorted()
        func at(_ share: Double) -> Double { sorted.isEmpty ? .nan : Double(sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]) / 1_000 }
        (count, p50, p99, p999) = (sorted.count, at(0.5), at(0.99), at(0.999))
    }

    var text: String { "p50 \(short(p50)) µs, p99 \(short(p99)) µs, p99.9 \(short(p999)) µs (\(count))" }
    var json: String { "{\"count\": \(count), \"p50_us\": \(short(p50)), \"p99_us\": \(short(p99)), \"p999_us\": \(short(p999))}" }
}

struct Row {
    let levels: Int
    let frameBytes: Int
    let answerBytes: Int
    let perigee: Quantiles
    let echo: Quantiles

    var isMet: Bool { perigee.p50 <= 1.5 * echo.p50 && perigee.p99 <= 1.5 * echo.p99 }
    var text: String {
        """
        frame of \(frameBytes) bytes (\(levels) levels a side) to an order of \(answerBytes) bytes
          echo     \(echo.text)
          perigee  \(perigee.text)
          ratio    p50 \(short(perigee.p50 / echo.p50)), p99 \(short(perigee.p99 / echo.p99)); goal 1.5: \(isMet ? "met" : "not met")
        """
    }
    var json: String { "{\"levels\": \(levels), \"frame_bytes\": \(frameBytes), \"order_bytes\": \(answerBytes), \"echo\": \(echo.json), \"perigee\": \(perigee.json)}" }
}

func short(_ value: Double) -> String { value.isFinite ? "\((value * 100).rounded() / 100)" : "null" }

/// A process of ours.
final class Child {
    private let process: pid_t

    init(_ arguments: [String], in folder: String) throws {
        var words: [UnsafeMutablePointer<CChar>?] = unsafe (["env", "-C", folder, "PERIGEE_BENCH_KEY=token", "PERIGEE_BENCH_SECRET=secretKey"] + Child.absolute(arguments)).map { unsafe strdup($0) } + [nil]
        defer { for unsafe word in unsafe words { unsafe free(word) } }
        var made: pid_t = 0
        guard unsafe posix_spawn(&made, "/usr/bin/env", nil, nil, &words, environ) == 0 else { throw BenchProblem("\(arguments[0]) cannot be started") }
        process = made
    }

    /// The program's path, as it is meant from here.
    private static func absolute(_ arguments: [String]) -> [String] {
        guard let resolved = unsafe realpath(arguments[0], nil) else { return arguments }
        defer { unsafe free(resolved) }
        return [unsafe String(cString: resolved)] + arguments.dropFirst()
    }

    /// SIGTERM, and its end.
    func end() {
        kill(process, SIGTERM)
        var status: Int32 = 0
        for _ in 0..<1_500 {
            if unsafe waitpid(process, &status, WNOHANG) != 0 { return }
            _ = unsafe poll(nil, 0, 10)
        }
        kill(process, SIGKILL)
        _ = unsafe waitpid(process, &status, 0)
    }
}
