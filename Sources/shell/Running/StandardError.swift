import Glibc
import Query

/// Everything that is not an answer: errors, messages, footers, timing, progress. Lines go out whole and at once.
final class StandardError: @unchecked Sendable {
    static let shared = StandardError()

    private let isTerminal = Terminal.isTerminal(2)
    private var lock = pthread_mutex_t()
    /// Drawn by ``Progress`` on the terminal's last line, to be wiped before anything else is written.
    private var progressShown = false

    private init() { pthread_mutex_init(&lock, nil) }

    /// Writes a line of text that may hold data or names: on a terminal it passes the door.
    func line(_ text: String) {
        write((isTerminal ? TerminalText.safe(text) : text) + "\n")
    }

    func clearProgress() {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        wipe()
    }

    /// Replaces the progress line; only a terminal has one.
    func progress(_ text: String) {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        raw("\r\u{1b}[K" + text)
        progressShown = true
    }

    private func write(_ text: String) {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        wipe()
        raw(text)
    }

    private func wipe() {
        if progressShown { raw("\r\u{1b}[K") }
        progressShown = false
    }

    /// Standard error that cannot be written has nobody left to be told, so a failure is dropped.
    private func raw(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            var rest = bytes
            while rest.count > 0 {
                let written = Glibc.write(2, rest.baseAddress, rest.count)
                if written > 0 {
                    rest = UnsafeBufferPointer(rebasing: rest[written...])
                } else if written < 0, errno != EINTR {
                    return
                }
            }
        }
    }
}
