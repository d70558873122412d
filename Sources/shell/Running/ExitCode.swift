import Query
import Storage

/// The program's contract with whoever scripts it.
enum ExitCode: Int32 {
    case done = 0
    case query = 1
    case usage = 2
    case assertion = 3
    case machine = 4
    case interrupted = 130

    /// What each means, for help and the manual.
    static let meanings: [(code: ExitCode, meaning: String)] = [
        (.done, "done"), (.query, "a query or its data was wrong, an input file is missing"),
        (.usage, "the command line was wrong, a bad --param too"),
        (.assertion, "an assert failed"), (.machine, "the store or the machine failed (corrupt, full, locked)"),
        (.interrupted, "interrupted"),
    ]

    /// By who must act.
    init(for error: Error) {
        switch error {
        case let error as QueryError:
            switch error.kind {
            case .syntax, .name, .type, .data, .file, .unsupported: self = .query
            case .parameter: self = .usage
            case .assertion: self = .assertion
            case .storage, .memory: self = .machine
            case .cancelled: self = .interrupted
            }
        case let error as StorageError:
            switch error.kind {
            case .request, .data, .file: self = .query
            case .corrupt, .environment: self = .machine
            case .cancelled: self = .interrupted
            }
        case is UsageError: self = .usage
        // The reader of our output went away: nothing is wrong.
        case is ReaderGone: self = .done
        default: self = .machine
        }
    }
}

/// Ends a script at once with a code; what there was to say has been said.
struct Stop: Error {
    var code: ExitCode
}
