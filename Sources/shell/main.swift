import Glibc

Handover.run()
exit(Program.run(CommandLine.arguments))
