import Glibc
import NIOCore
import NIOPosix

/// Measures the way of a frame to the order that answers it, over TLS on loopback, beside a bare echo through the same TLS handler in the
/// same run: `make bench-live`. `docs/performance.md` says what is compared.
let arguments = Array(CommandLine.arguments.dropFirst())
if arguments.first == "echo", arguments.count == 5, let port = Int(arguments[1]), let frame = Int(arguments[2]), let answer = Int(arguments[3]) {
    try EchoClient.run(port: port, frameBytes: frame, answerBytes: answer, authority: arguments[4])
} else {
    guard let options = LiveBenchOptions(arguments) else {
        print("usage: PerigeeLiveBench [--perigee PATH] [--frames N] [--every MILLISECONDS] [--json FILE]")
        exit(2)
    }
    exit(try LiveBench(options).run() ? 0 : 1)
}

struct LiveBenchOptions {
    var perigee = ".build/release/perigee"
    var frames = 2_000
    var every: Int64 = 20
    var json: String?

    init?(_ arguments: [String]) {
        var rest = arguments[...]
        while let flag = rest.popFirst() {
            guard let value = rest.popFirst() else { return nil }
            switch flag {
            case "--perigee": perigee = value
            case "--json": json = value
            case "--frames":
                guard let number = Int(value), number >= 100 else { return nil }
                frames = number
            case "--every":
                guard let number = Int64(value), number > 0 else { return nil }
                every = number
            default: return nil
            }
        }
    }
}
