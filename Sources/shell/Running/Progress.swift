import Glibc
import Query
import Storage

/// The line that shows how far long work has come. Called from any thread, often: looks at the clock and mostly returns.
final class Progress: @unchecked Sendable {
    var mode: Invocation.ProgressMode
    private let isTerminal: Bool
    private var lock = pthread_mutex_t()
    private var startedAt = 0.0
    /// Work may have several parts, each with a whole of its own: its rate and its time left are told from its own beginning.
    private var partStartedAt = 0.0
    private var part: (done: Int, total: Int, unit: String)?
    private var drawnAt = 0.0
    private var isPaused = false

    /// Nothing is drawn for work shorter than this.
    private static let patienceSeconds = 0.5
    private static let secondsBetweenDrawings = 0.1
    private static let secondsBetweenLines = 1.0

    init(_ mode: Invocation.ProgressMode) {
        isTerminal = Terminal.isTerminal(2)
        self.mode = mode
        pthread_mutex_init(&lock, nil)
    }

    private var isShown: Bool {
        switch mode {
        case .auto: isTerminal
        case .always: true
        case .never: false
        }
    }

    func start() {
        pthread_mutex_lock(&lock)
        startedAt = Clock.seconds()
        part = nil
        drawnAt = 0
        isPaused = false
        pthread_mutex_unlock(&lock)
    }

    /// While rows run over the same terminal nothing else may be drawn on it.
    func pause(_ paused: Bool) {
        pthread_mutex_lock(&lock)
        isPaused = paused
        pthread_mutex_unlock(&lock)
    }

    func report(done: Int, total: Int, unit: String) {
        guard isShown else { return }
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        let now = Clock.seconds()
        if let known = part, known.total == total, known.unit == unit, known.done <= done {
            part?.done = done
        } else {
            part = (done, total, unit)
            partStartedAt = now
        }
        guard !isPaused, now - startedAt >= Progress.patienceSeconds, now - partStartedAt >= Progress.secondsBetweenDrawings,
            now - drawnAt >= (isTerminal ? Progress.secondsBetweenDrawings : Progress.secondsBetweenLines)
        else { return }
        drawnAt = now
        draw(Progress.text(done: done, total: total, unit: unit, elapsedSeconds: now - partStartedAt, width: Terminal.width(2)))
    }

    /// A ready sentence, for work that describes itself.
    func report(_ text: String) {
        guard isShown else { return }
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        let now = Clock.seconds()
        guard now - drawnAt >= (isTerminal ? Progress.secondsBetweenDrawings : Progress.secondsBetweenLines) else { return }
        drawnAt = now
        draw(text)
    }

    private func draw(_ text: String) {
        if isTerminal {
            StandardError.shared.progress(String(TerminalText.safe(text).prefix(max(20, Terminal.width(2) - 1))))
        } else {
            StandardError.shared.line(text)
        }
    }

    static func text(done: Int, total: Int, unit: String, elapsedSeconds: Double, width: Int = 100) -> String {
        let rate = Int(Double(done) / max(elapsedSeconds, 0.001))
        guard total > 0 else { return "\(amount(done, unit))  \(amount(rate, unit))/s" }
        let share = min(1, Double(done) / Double(total))
        // The figures matter more than the bar.
        let cells = max(0, min(24, width - 70))
        let full = Int(share * Double(cells))
        let bar = String(repeating: "█", count: full) + String(repeating: "░", count: cells - full)
        let left = share > 0 ? Int((elapsedSeconds / share * (1 - share)).rounded(.up)) : 0
        let head = bar + (cells > 0 ? " " : "") + "\(Int(share * 100))%"
        // Other units (a query's pieces of work) mean nothing to a reader but their share.
        guard unit == "rows" || unit == "bytes" else { return "\(head)  \(left)s left" }
        return "\(head)  \(amount(done, unit)) of \(amount(total, unit))  \(amount(rate, unit))/s  \(left)s left"
    }

    private static func amount(_ number: Int, _ unit: String) -> String {
        guard unit == "bytes" else { return "\(CellText.grouped(number)) \(unit)" }
        return number < 10 << 20 ? "\(CellText.grouped(number >> 10)) KB" : "\(CellText.grouped(number >> 20)) MB"
    }
}
