import Glibc

exit(CommandLineMain.run())
