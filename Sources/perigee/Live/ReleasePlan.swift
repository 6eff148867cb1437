import Configuration
import Domain
import Glibc
import Live
import Risk
import Scripting
import Tape

/// What a live run releases: its code, its limits and their version, held against what the ledger knows of the run before (C28, C31, C32).
struct ReleasePlan {
    /// With those of new code where it is held to them.
    let limits: RiskLimits
    let version: UInt32
    /// The limits' text, where the ledger does not have it yet.
    let newText: String?
    let entry: LedgerRelease
    let notes: [String]
    let strategies: [LuaStrategy]

    /// - Returns: Nil on paper, which has no ledger: its limits are version 1, and new code has nothing to lose.
    /// - Throws: `Failure` where looser limits are not confirmed.
    init?(_ run: LiveRun, _ instruments: [Instrument]) throws {
        guard let state = try run.ledger?.state else { return nil }
        let loaded = try run.plans.enumerated().map { index, plan in try run.loadStrategy(plan, index, instruments) }
        let hashes = try run.plans.map { try SHA256.fileDigest(path: $0.file) }
        let canaries = zip(run.plans, hashes).filter { !run.settings.releasedCode.contains($0.1) && run.settings.limits.canary != nil }.map { $0.0.name }
        limits = run.settings.limits.withCanary(canaries)
        let text = LimitText(limits, live: LiveDefaults())
        let isNew = state.limits != text.text
        version = isNew ? state.limitsVersion + 1 : state.limitsVersion
        newText = isNew ? text.text : nil
        let looser = state.limits.map { text.loosened(from: LimitText(text: $0)) } ?? []
        if !looser.isEmpty { try ReleasePlan.confirm(looser, run) }
        notes = looser.isEmpty ? [] : ["limits \(version) are looser, confirmed: " + looser.map(\.description).joined(separator: "; ")]
        let code = zip(run.plans, hashes).map { plan, sum in LedgerRelease.Code(strategy: plan.name, sha256: sum, isCanary: canaries.contains(plan.name)) }
        entry = LedgerRelease(
            run: run.outFolder, code: code, configuration: (try? SHA256.fileDigest(path: run.options.config)) ?? "", binary: BinaryHash.running() ?? "",
            limitVersion: version)
        strategies = loaded
        for own in code where own.isCanary {
            CommandLineMain.say(
                "perigee: \(own.strategy) is new code and is held to [risk.canary]; to release it: [release] full = [\"\(own.sha256)\"]")
        }
    }

    private static func confirm(_ looser: [LimitText.Change], _ run: LiveRun) throws {
        CommandLineMain.say("perigee: these limits are looser than those of the last run on \(run.folder.path):")
        for change in looser { CommandLineMain.say("perigee:   \(change)") }
        if run.options.yes { return CommandLineMain.say("perigee: confirmed by --yes") }
        CommandLineMain.say("Type 'looser' to go on:")
        guard readLine() == "looser" else { throw Failure(.usage, "looser limits were not confirmed; nothing was started") }
    }
}
