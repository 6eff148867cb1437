import Glibc
import Live
import Synchronization

/// C24: a callback that is inside a library function after twice its deadline, where nothing can stop it. The desk's thread is lost with it:
/// the switch is pulled from the watchdog's own thread, and the process ends once every venue is proven empty, or after a minute.
enum Stuck {
    private static let killSwitch = Mutex<KillSwitch?>(nil)

    static func guarded(by killSwitch: KillSwitch) { self.killSwitch.withLock { $0 = killSwitch } }

    static var act: @convention(c) () -> Void { { Stuck.pull() } }

    private static func pull() {
        guard let killSwitch = Stuck.killSwitch.withLock({ $0 }) else { return }
        CommandLineMain.say("perigee: a strategy hangs inside a library function; the kill switch is pulled")
        killSwitch.pull(reason: "a strategy hangs inside a library function", source: "watchdog")
        var waited = 0
        while !killSwitch.isComplete, waited < 1_200 {
            poll(nil, 0, 50)
            waited += 1
        }
        for outcome in killSwitch.report.outcomes { CommandLineMain.say("perigee: \(outcome.text)") }
        _exit(3)
    }
}
