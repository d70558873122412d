@preconcurrency import CReadline
import Glibc

/// GNU readline behind a small face. Lines are read with its callback interface, so that waiting for a key also waits for an interrupt.
final class LineReader {
    enum Input {
        case line(String)
        case interrupted
        case end
    }

    /// Completions for a line with the cursor at a byte offset.
    var completions: (_ line: String, _ at: Int) -> [String] = { _, _ in [] }

    init() {
        // Readline counts characters by the locale; a C locale would cut Chinese apart.
        setlocale(LC_CTYPE, "")
        if String(cString: nl_langinfo(Int32(CODESET))) != "UTF-8" { setlocale(LC_CTYPE, "C.UTF-8") }
        rl_readline_name = UnsafePointer(strdup("crmq"))
        // Signals are ours: Ctrl-C means the query here and the line there.
        rl_catch_signals = 0
        if !Terminal.isTerminal(1) { rl_outstream = stderr }
        rl_attempted_completion_function = { text, start, end in
            LineReader.current?.complete(text, end: Int(end)) ?? nil
        }
        let breaks = " \t\n|,()[]{}=<>!+*/:;\"`@"
        rl_completer_word_break_characters = UnsafePointer(strdup(breaks))
        rl_basic_word_break_characters = UnsafePointer(strdup(breaks))
        rl_completer_quote_characters = UnsafePointer(strdup(""))
        // Ctrl-D typed while a query runs reaches us as a zero byte: the terminal has made it an end of file that nobody read.
        rl_bind_key(0) { _, _ in
            if rl_end == 0 { rl_stuff_char(0x04) }
            return 0
        }
        using_history()
    }

    func addHistory(_ entry: String) { add_history(entry) }

    func read(prompt: String) -> Input {
        LineReader.current = self
        LineReader.received = nil
        rl_callback_handler_install(prompt) { line in
            // Before anything runs the terminal must be as it was, or Ctrl-C and output would not behave.
            rl_callback_handler_remove()
            LineReader.received = line.map { .line(String(cString: $0)) } ?? .end
            free(line)
        }
        while LineReader.received == nil {
            var waits = [
                pollfd(fd: 0, events: Int16(POLLIN), revents: 0),
                pollfd(fd: Interrupts.shared.wakeDescriptor, events: Int16(POLLIN), revents: 0),
            ]
            let ready = poll(&waits, 2, -1)
            if ready < 0, errno != EINTR { return leave(.end) }
            if ready > 0, waits[1].revents != 0 {
                if Interrupts.shared.clear() { return leave(.interrupted) }
                if Interrupts.shared.pending != 0 { return leave(.end) }
                // The interrupt had been answered before its wake-up came.
                continue
            }
            if ready > 0, waits[0].revents != 0 { rl_callback_read_char() }
        }
        defer { LineReader.received = nil }
        return LineReader.received ?? .end
    }

    private func leave(_ input: Input) -> Input {
        rl_free_line_state()
        rl_callback_sigcleanup()
        rl_callback_handler_remove()
        fputs(Terminal.isTerminal(1) ? "^C\n" : "\n", rl_outstream)
        fflush(rl_outstream)
        return input
    }

    // MARK: Completion

    private func complete(_ text: UnsafePointer<CChar>?, end: Int) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
        // Nothing of ours means nothing: no file names where a column belongs.
        rl_attempted_completion_over = 1
        guard let text, let buffer = rl_line_buffer else { return nil }
        let word = String(cString: text)
        LineReader.candidates = completions(String(cString: buffer), end).filter { $0.hasPrefix(word) }
        LineReader.nextCandidate = 0
        return rl_completion_matches(text) { _, state in
            if state == 0 { LineReader.nextCandidate = 0 }
            guard LineReader.nextCandidate < LineReader.candidates.count else { return nil }
            defer { LineReader.nextCandidate += 1 }
            return strdup(LineReader.candidates[LineReader.nextCandidate])
        }
    }

    // Readline calls plain functions and is used from the one thread that prompts; what they need is kept here.
    nonisolated(unsafe) private static var current: LineReader?
    nonisolated(unsafe) private static var received: Input?
    nonisolated(unsafe) private static var candidates: [String] = []
    nonisolated(unsafe) private static var nextCandidate = 0
}
