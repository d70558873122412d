import Glibc
import Query
import Storage

/// The program from its arguments to its exit code.
enum Program {
    static func run(_ arguments: [String]) -> Int32 {
        openStandardStreams()
        let invocation: Invocation
        do {
            invocation = try Invocation(arguments: Array(arguments.dropFirst()))
        } catch {
            ErrorReport.write(error, in: nil)
            return ExitCode.usage.rawValue
        }
        let code: ExitCode
        do {
            if invocation.asksVersion {
                try printToStandardOutput("\(HelpText.version) (\(Handover.build))\n")
                code = .done
            } else if invocation.asksHelp {
                try printToStandardOutput(try HelpText.text(for: invocation))
                code = .done
            } else {
                let isPrompt = invocation.command == .shell && invocation.inputs.isEmpty && Terminal.isTerminal(0)
                try Interrupts.shared.install(interactive: isPrompt)
                switch invocation.command {
                case .shell: code = try ShellCommand(invocation, isPrompt: isPrompt).run()
                case .demo: code = try DemoCommand.run(invocation)
                case .verify: code = try VerifyCommand.run(invocation)
                }
            }
        } catch let stop as Stop {
            code = stop.code
        } catch is ReaderGone {
            code = .done
        } catch {
            ErrorReport.write(error, in: nil)
            code = ExitCode(for: error)
        }
        // Ended by a signal: say so in the way shells expect.
        let signal = Interrupts.shared.pending
        if signal != 0, code == .interrupted || signal != SIGINT { return 128 + signal }
        return code.rawValue
    }

    /// A stream that was closed before we started (`>&-`) would let the next file opened take its number, and answers be written into a store.
    /// It is opened in the wrong direction, so that using it is an error.
    private static func openStandardStreams() {
        for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
            _ = open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY)
        }
    }

    private static func printToStandardOutput(_ text: String) throws {
        let out = OutputBuffer(FileDescriptorSink(1, name: "standard output"))
        try out.append(text)
        do { try out.flush() } catch is ReaderGone {}
    }
}
