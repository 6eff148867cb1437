import Glibc

// Whoever closed them did not mean that a run's files take their place.
for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) == -1 { _ = unsafe open("/dev/null", O_RDWR) }
// A file that may not grow any more is an error of the write, not an end without a word.
signal(SIGXFSZ, SIG_IGN)
var status = CommandLineMain.run()
// Not `exit`: a digest may still be under way on another thread, and must not meet libraries that have been torn down.
let isFlushed = fflush(nil) == 0
if !isFlushed, status == 0 {
    CommandLineMain.say("perigee: stdout: cannot write the result: \(unsafe String(cString: strerror(errno)))")
    status = Failure.Code.runFailed.rawValue
}
_exit(status)
