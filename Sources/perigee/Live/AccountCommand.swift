import ArgumentParser
import Configuration
import Domain
import Live
import NIOCore
import NIOPosix
import TLS
import Venues

/// `perigee account`: an operator's look at an account, and transfers between its venues. No script can reach it.
struct AccountCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "account",
        abstract: "Look at an account of an aggregator, or move money between its venues.",
        discussion: """
            For venues of kind apifiny, whose one account lies at several venues. There are no withdrawals and no deposit addresses:
            a key that trades must not be able to withdraw, and perigee never asks for it.
            """,
        subcommands: [AccountInfo.self, AccountActivity.self, AccountFees.self, AccountTransfer.self])
}

/// What the account verbs share.
struct AccountOptions: ParsableArguments {
    @Option(help: "The configuration.")
    var config = "perigee.toml"

    @Option(help: ArgumentHelp("The [[venue]] of kind apifiny; needed where there are several.", valueName: "name"))
    var venue: String?

    func account() throws -> (account: ApifinyAccount, tls: TLSContext) {
        let settings: Settings
        do {
            settings = try Settings.load(config)
        } catch {
            throw Failure(.usage, error.message)
        }
        let own = settings.venues.filter { $0.kind == .apifiny && (venue == nil || $0.name == venue) }
        guard own.count == 1, let found = own.first else {
            let names = settings.venues.filter { $0.kind == .apifiny }.map(\.name).joined(separator: ", ")
            throw Failure(.usage, "\(config): expected one [[venue]] of kind apifiny\(venue.map { " named \($0)" } ?? ""); there are: \(names.isEmpty ? "none" : names)")
        }
        do {
            return (try ApifinyAccount(settings: try VenueFactory.settings(found)), try VenueFactory.tls(found))
        } catch let error as VenueSettingsError {
            throw Failure(.usage, "\(config): venue \(found.name): \(error)")
        } catch {
            throw Failure(.usage, "\(config): \(error)")
        }
    }

    /// Sends one request and waits for its answer.
    func ask(_ request: VenueRequest, _ tls: TLSContext) throws -> ApifinyAccount.Answer {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        return ApifinyAccount.read(try loop.flatSubmit { VenueQuestion.ask(request, tls: tls, on: loop) }.wait())
    }

    func show(_ request: VenueRequest, _ tls: TLSContext) throws {
        switch try ask(request, tls) {
        case .rows(let rows): for row in rows { print(row.joined(separator: "  ")) }
        case .refused(let why): throw Failure(.runFailed, "the venue refused: \(why)")
        case .unknown(let why): throw Failure(.unreachable, "no usable answer: \(why)")
        }
    }
}

struct AccountInfo: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "info", abstract: "The account's state.")
    @OptionGroup var options: AccountOptions

    func run() throws {
        let (account, tls) = try options.account()
        try options.show(account.info(at: LiveClock().now.wall), tls)
    }
}

struct AccountFees: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "fees", abstract: "The account's rates for one symbol, as the venue spells it.")
    @OptionGroup var options: AccountOptions
    @Argument(help: "Such as BTCUSDT.") var symbol: String

    func run() throws {
        let (account, tls) = try options.account()
        guard !symbol.isEmpty, symbol.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 || $0 >= 65 && $0 <= 90 }) else {
            throw Failure(.usage, "symbol: found '\(symbol)', expected capitals and digits, such as BTCUSDT")
        }
        try options.show(account.fees(symbol: symbol, at: LiveClock().now.wall), tls)
    }
}

struct AccountActivity: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "activity", abstract: "What moved in the account: transfers, and what others moved.")
    @OptionGroup var options: AccountOptions
    @Option(help: "How far back.") var since = "30d"
    @Option(help: "From 1, a hundred lines each.") var page = 1

    func run() throws {
        let (account, tls) = try options.account()
        guard let span = Span(since), span > .zero else { throw Failure(.usage, "--since: found '\(since)', expected a duration above zero, such as 30d") }
        guard page > 0 else { throw Failure(.usage, "--page: found \(page), expected 1 or more") }
        let now = LiveClock().now.wall
        try options.show(account.activity(from: now + Span(nanoseconds: -span.nanoseconds), to: now, page: page, at: now), tls)
    }
}

struct AccountTransfer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transfer",
        abstract: "Move money from the configured venue to another venue of the same account.",
        discussion: """
            Asks for the amount and the target to be typed once more; there is no option that answers for you. Exit status: 0 the venue has
            the transfer; 1 refused, nothing moved; 4 no answer: look with 'perigee account activity' before you do it again.
            """)
    @OptionGroup var options: AccountOptions
    @Argument(help: "Such as USDT.") var currency: String
    @Argument(help: "How much.") var amount: String
    @Option(help: ArgumentHelp("The venue that it goes to, such as COINBASEPRO.", valueName: "VENUE")) var to: String

    func run() throws {
        let (account, tls) = try options.account()
        guard let value = try? ExactDecimal(amount), value.mantissa > 0 else { throw Failure(.usage, "amount: found '\(amount)', expected a decimal above zero") }
        for (name, text) in [("currency", currency), ("--to", to)] {
            guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 || $0 >= 65 && $0 <= 90 }) else {
                throw Failure(.usage, "\(name): found '\(text)', expected capitals and digits")
            }
        }
        guard to != account.venue else { throw Failure(.usage, "--to: \(to) is where it is") }
        let phrase = "\(value) \(currency) to \(to)"
        CommandLineMain.say("account \(account.accountID): \(value) \(currency) leave \(account.venue) for \(to); it cannot be called back.")
        CommandLineMain.say("Type '\(phrase)' to go on:")
        guard readLine() == phrase else { throw Failure(.usage, "not confirmed; nothing was sent") }
        switch try options.ask(account.transfer(value, of: currency, to: to, at: LiveClock().now.wall), tls) {
        case .rows: print("the venue has it: \(phrase)")
        case .refused(let why): throw Failure(.runFailed, "refused, nothing moved: \(why)")
        case .unknown(let why): throw Failure(.unreachable, "NO ANSWER (\(why)): it may have moved; look with 'perigee account activity' before doing it again")
        }
    }
}
