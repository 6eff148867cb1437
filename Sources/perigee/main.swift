import Glibc

let status = CommandLineMain.run()
// Not `exit`: a digest may still be under way on another thread, and must not meet libraries that have been torn down.
fflush(nil)
_exit(status)
