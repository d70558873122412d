@preconcurrency import CReadline
import Glibc
import Query

/// GNU readline behind a small face. Lines are read with its callback interface, so that waiting for a key also waits for an interrupt.
final class LineReader {
    enum Input {
        /// What was typed, several lines where they were pasted or come from the history.
        case line(String)
        /// The same, to be finished in an editor.
        case edit(String)
        case interrupted
        case end
    }

    /// One way to go on.
    struct Candidate {
        /// What takes the word's place.
        var text: String
        /// How a list shows it.
        var label: String
        /// Candidates of one kind stand together in a list.
        var group: String
        /// Said of it where there is room for a line.
        var detail: String
        /// Put behind it when nothing else fits.
        var ending: String
    }

    struct Proposal {
        /// Byte offset in the line of the word that candidates take the place of.
        var start: Int
        var candidates: [Candidate]
        /// The call whose argument is being typed.
        var call: String?
        var isCut = false
    }

    /// What fits in a line with the cursor at a byte offset.
    var propose: (_ line: String, _ at: Int) -> Proposal = { _, at in Proposal(start: at, candidates: []) }

    init() {
        // Readline counts characters by the locale; a C locale would cut Chinese apart.
        setlocale(LC_CTYPE, "")
        if String(cString: nl_langinfo(Int32(CODESET))) != "UTF-8" { setlocale(LC_CTYPE, "C.UTF-8") }
        // Also what `$if crmq` in an inputrc asks for.
        rl_readline_name = UnsafePointer(strdup("crmq"))
        // Signals are ours: Ctrl-C means the query here and the line there.
        rl_catch_signals = 0
        if !Terminal.isTerminal(1) { rl_outstream = stderr }
        rl_attempted_completion_function = { _, start, end in LineReader.current?.complete(start: Int(start), end: Int(end)) ?? nil }
        rl_completion_display_matches_hook = { _, _, _ in LineReader.current?.showCandidates() }
        // Our own order stands: columns before functions.
        rl_sort_completion_matches = 0
        let breaks = " \t\n|,()[]{}=<>!+*/:;\"`@."
        rl_completer_word_break_characters = UnsafePointer(strdup(breaks))
        rl_basic_word_break_characters = UnsafePointer(strdup(breaks))
        rl_completer_quote_characters = UnsafePointer(strdup(""))
        // Ctrl-D typed while a query runs reaches us as a zero byte: the terminal has made it an end of file that nobody read.
        rl_bind_key(0) { _, _ in
            if rl_end == 0 { rl_stuff_char(0x04) }
            return 0
        }
        // Known to inputrc by this name, and bound to what bash binds it to.
        rl_add_defun("edit-statement", { _, _ in LineReader.editLine() }, -1)
        rl_bind_keyseq("\\C-x\\C-e") { _, _ in LineReader.editLine() }
        using_history()
    }

    func addHistory(_ entry: String) { add_history(entry) }

    func read(prompt: String) -> Input {
        LineReader.current = self
        LineReader.received = nil
        LineReader.wantsEditor = false
        rl_callback_handler_install(prompt) { line in
            // Before anything runs the terminal must be as it was, or Ctrl-C and output would not behave.
            rl_callback_handler_remove()
            let wantsEditor = LineReader.wantsEditor
            LineReader.received = line.map { wantsEditor ? .edit(String(cString: $0)) : .line(String(cString: $0)) } ?? .end
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

    private static func editLine() -> Int32 {
        wantsEditor = true
        return rl_newline(1, 0x0A)
    }

    // MARK: Completion

    private typealias Matches = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

    private func complete(start: Int, end: Int) -> Matches? {
        // Nothing of ours means nothing: no file names where a column belongs.
        rl_attempted_completion_over = 1
        guard let buffer = rl_line_buffer else { return nil }
        let line = Array(UnsafeBufferPointer(start: buffer, count: Int(rl_end))).map { UInt8(bitPattern: $0) }
        let found = propose(String(decoding: line, as: UTF8.self), end)
        proposal = found
        guard !found.candidates.isEmpty, found.start <= end, end <= line.count else { return nil }
        // Readline has its own idea of where the word begins: what lies between is put in front, or left out.
        let between = found.start > start ? Array(line[start..<found.start]) : []
        let left = max(0, start - found.start)
        let typed = Array(line[found.start..<end])
        let texts = found.candidates.map { between + Array($0.text.utf8).dropFirst(left) }
        let shared = LineReader.sharedStart(texts)
        let kept = between + typed.dropFirst(left)
        // What all have in common takes the word's place only where it goes on from it.
        let goesOn =
            texts.count == 1
            || String(decoding: shared, as: UTF8.self).lowercased().hasPrefix(String(decoding: kept, as: UTF8.self).lowercased())
        rl_completion_suppress_append = 1
        if texts.count == 1, let ending = found.candidates[0].ending.utf8.first {
            // A quote that stands there already is not written again.
            let isThere = end < line.count && line[end] == ending
            rl_completion_suppress_append = isThere ? 1 : 0
            rl_completion_append_character = Int32(ending)
        }
        let matches = Matches.allocate(texts: [goesOn ? shared : kept] + (texts.count == 1 ? [] : texts))
        return matches
    }

    private static func sharedStart(_ texts: [[UInt8]]) -> [UInt8] {
        guard var shared = texts.first?[...] else { return [] }
        for text in texts.dropFirst() {
            var count = 0
            while count < shared.count, count < text.count, shared[shared.startIndex + count] == text[count] { count += 1 }
            shared = shared.prefix(count)
        }
        // Not a part of a character.
        while !shared.isEmpty, String(validating: shared, as: UTF8.self) == nil { shared = shared.dropLast() }
        return Array(shared)
    }

    /// Readline's listing, in our words; the line is drawn again below it.
    private func showCandidates() {
        guard let proposal else { return }
        let stream = rl_outstream
        fputs("\n", stream)
        fputs(TerminalText.safe(CandidateList.text(proposal, width: Terminal.width(1))), stream)
        rl_forced_update_display()
    }

    private var proposal: Proposal?

    // Readline calls plain functions and is used from the one thread that prompts; what they need is kept here.
    nonisolated(unsafe) private static var current: LineReader?
    nonisolated(unsafe) private static var received: Input?
    nonisolated(unsafe) private static var wantsEditor = false
}

extension UnsafeMutablePointer where Pointee == UnsafeMutablePointer<CChar>? {
    /// As readline takes them and frees them: each a C string of its own, with nothing behind the last.
    fileprivate static func allocate(texts: [[UInt8]]) -> Self? {
        guard let memory = malloc((texts.count + 1) * MemoryLayout<Pointee>.stride) else { return nil }
        let out = memory.bindMemory(to: Pointee.self, capacity: texts.count + 1)
        for (index, text) in texts.enumerated() {
            (out + index).initialize(
                to: text.withUnsafeBytes { strndup($0.bindMemory(to: CChar.self).baseAddress ?? out.noText, text.count) })
        }
        (out + texts.count).initialize(to: nil)
        return out
    }

    /// Never read: the length beside it is nothing.
    private var noText: UnsafePointer<CChar> { UnsafeRawPointer(self).assumingMemoryBound(to: CChar.self) }
}
