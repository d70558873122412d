#if canImport(Glibc)
    import Glibc
#endif
import Storage

/// A POSIX extended regular expression of the C library, compiled when a query is bound and once more for each worker that
/// searches at the same time, for the library locks an expression while it is in use.
///
/// What analysts know from elsewhere is either translated (`\d \w \s`, escapes within `[…]`, `(?i)` at the start) or refused
/// with a sentence: lazy quantifiers and look-around, which POSIX reads as something else, and back references, whose search
/// takes exponential time.
final class RegularExpression: @unchecked Sendable {
    /// How many bracketed groups the pattern has.
    let groupCount: Int
    private let translated: [UInt8]
    private let flags: Int32
    /// The pattern itself where it has no special character: found without the library.
    private let literal: OwnedText?
    private let span: SourceSpan
    private let lock = Mutex()
    /// The pattern in our own reading, which answers most questions without the library.
    private let program: PatternProgram?
    /// Compiled forms that nobody searches with right now.
    private var idle: [Compiled]

    /// What one worker at a time searches with.
    private final class Compiled {
        let regex: UnsafeMutablePointer<regex_t>
        let automaton: PatternAutomaton?

        init(_ regex: UnsafeMutablePointer<regex_t>, _ program: PatternProgram?) {
            self.regex = regex
            automaton = program.map { PatternAutomaton($0) }
        }
        deinit {
            regfree(regex)
            regex.deallocate()
        }
    }

    init(_ pattern: String, span: SourceSpan) throws {
        var translator = PatternTranslator(pattern: Array(pattern.utf8))
        do {
            try translator.run()
        } catch let refusal {
            throw QueryError(.type, "in the regular expression \"\(pattern)\": \(refusal.message)", at: span, hint: refusal.hint)
        }
        translated = translator.output + [0]
        flags = REG_EXTENDED | (translator.ignoresCase ? REG_ICASE : 0)
        switch RegularExpression.compile(translated, flags) {
        case .success(let regex):
            program = PatternProgram(translator.output, ignoresCase: translator.ignoresCase)
            idle = [Compiled(regex, program)]
            groupCount = Int(regex.pointee.re_nsub)
        case .failure(let problem):
            throw QueryError(.type, "\"\(pattern)\" is no regular expression: \(problem.message)", at: span)
        }
        let isLiteral = !translator.ignoresCase && !pattern.utf8.contains { "\\^$.[]|()*+?{}".utf8.contains($0) }
        literal = isLiteral ? OwnedText(Array(pattern.utf8)) : nil
        self.span = span
    }

    private struct Problem: Error { let message: String }

    private static func compile(_ pattern: [UInt8], _ flags: Int32) -> Result<UnsafeMutablePointer<regex_t>, Problem> {
        let regex = UnsafeMutablePointer<regex_t>.allocate(capacity: 1)
        regex.initialize(to: regex_t())
        let status = withUTF8Locale {
            pattern.withUnsafeBytes { regcomp(regex, $0.bindMemory(to: CChar.self).baseAddress!, flags) }
        }
        if status == 0 { return .success(regex) }
        let message = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 200) { buffer in
            _ = regerror(status, regex, buffer.baseAddress, buffer.count)
            return String(cString: buffer.baseAddress!).lowercased()
        }
        regex.deallocate()
        return .failure(Problem(message: message))
    }

    // The locale of a thread says what a character is. It is set around each batch alone, so that the program's own stays as it is.
    private nonisolated(unsafe) static let utf8Locale: locale_t? = newlocale(LC_CTYPE_MASK, "C.UTF-8", nil)

    private static func withUTF8Locale<Result>(_ body: () throws -> Result) rethrows -> Result {
        guard let utf8Locale else { return try body() }
        let previous = uselocale(utf8Locale)
        defer { _ = uselocale(previous) }
        return try body()
    }

    /// Searches a batch of texts with a compiled form of this worker's own.
    func search(_ body: (Searcher) throws -> Void) throws {
        var borrowed = lock.locked { idle.popLast() }
        if borrowed == nil, case .success(let regex) = RegularExpression.compile(translated, flags) {
            borrowed = Compiled(regex, program)
        }
        guard let form = borrowed else { throw QueryError(.data, "there is no memory for the regular expression", at: span) }
        defer { lock.locked { idle.append(form) } }
        try RegularExpression.withUTF8Locale {
            let automaton = form.automaton.map(Unmanaged.passUnretained)
            try body(Searcher(regex: form.regex, automaton: automaton, literal: literal?.view, span: span))
        }
    }

    struct Searcher {
        fileprivate let regex: UnsafeMutablePointer<regex_t>
        /// Kept by whoever searches; unmanaged, or every row would be counted as one more user and one less.
        fileprivate let automaton: Unmanaged<PatternAutomaton>?
        fileprivate let literal: TextView?
        fileprivate let span: SourceSpan

        @inline(__always)
        func matches(_ text: TextView) throws -> Bool {
            if let literal { return text.find(literal) != nil }
            if let automaton {
                switch automaton._withUnsafeGuaranteedRef({ $0.answer(text) }) {
                case .no: return false
                case .yes: return true
                case .askLibrary: break
                }
            }
            return try matchesByLibrary(text)
        }

        /// Whether ``matches(_:)`` has no need of the library.
        func isAnsweredHere(_ text: TextView) -> Bool {
            literal != nil || automaton.map { $0.takeUnretainedValue().answer(text) != .askLibrary } ?? false
        }

        /// What the library says, which is what a pattern means.
        func matchesByLibrary(_ text: TextView) throws -> Bool {
            var range = regmatch_t()
            // Asked for no place, the library stops at the first sign of a match.
            return try run(text, &range, places: 0)
        }

        /// The byte range of a group in the first match; nil where nothing matches or the group took no part in it.
        func firstMatch(_ text: TextView, group: Int) throws -> Range<Int>? {
            // Where it is, the library knows alone; whether it is at all is told sooner.
            if let automaton, automaton._withUnsafeGuaranteedRef({ $0.answer(text) }) == .no { return nil }
            return try withUnsafeTemporaryAllocation(of: regmatch_t.self, capacity: group + 1) { matches in
                matches.initialize(repeating: regmatch_t())
                guard try run(text, matches.baseAddress!, places: group + 1) else { return nil }
                let found = matches[group]
                return found.rm_so >= 0 ? Int(found.rm_so)..<Int(found.rm_eo) : nil
            }
        }

        /// `matches` holds the range to search on the way in.
        private func run(_ text: TextView, _ matches: UnsafeMutablePointer<regmatch_t>, places: Int) throws -> Bool {
            guard text.count < Int(Int32.max) else { throw QueryError(.data, "a text of over 2 GB cannot be searched", at: span) }
            matches[0].rm_so = 0
            matches[0].rm_eo = regoff_t(text.count)
            let status =
                if let base = text.base {
                    base.withMemoryRebound(to: CChar.self, capacity: text.count) { regexec(regex, $0, places, matches, REG_STARTEND) }
                } else {
                    regexec(regex, "", places, matches, REG_STARTEND)
                }
            if status == 0 { return true }
            // Anything but "no match" means that the library ran out of memory.
            guard status == _REG_NOMATCH.rawValue else {
                throw QueryError(.data, "the regular expression is too large to search with", at: span)
            }
            return false
        }
    }
}

/// Turns the dialect that people type into the C library's.
struct PatternTranslator {
    struct Refusal: Error {
        let message: String
        var hint: String?
    }

    let pattern: [UInt8]
    private(set) var output: [UInt8] = []
    private(set) var ignoresCase = false
    private var at = 0
    /// Characters that the current group stands for once its counts are written out, the same of the groups around it, and of the
    /// last piece read: `(a{9}){9}` is 81 characters to the library, which multiplies without a limit of its own.
    private var size = 0
    private var outerSizes: [Int] = []
    private var lastSize = 0

    private static let sizeMax = 10_000
    private static let depthMax = 100

    init(pattern: [UInt8]) { self.pattern = pattern }

    mutating func run() throws(Refusal) {
        if pattern.contains(0) { throw Refusal(message: "a NUL character cannot be searched for") }
        if pattern.starts(with: "(?i)".utf8) {
            ignoresCase = true
            at = 4
        }
        var afterQuantifier = false
        while at < pattern.count {
            let byte = pattern[at]
            var isQuantifier = false
            switch byte {
            case UInt8(ascii: "\\"):
                try escape()
                count(1)
            case UInt8(ascii: "["):
                try bracket()
                count(1)
            case UInt8(ascii: "{"):
                try repetition()
                continue
            case UInt8(ascii: ")"):
                copy()
                let inner = size
                size = outerSizes.popLast() ?? 0
                count(inner)
            case UInt8(ascii: "("):
                if at + 1 < pattern.count, pattern[at + 1] == UInt8(ascii: "?") {
                    throw Refusal(
                        message: "(?…) groups are not known", hint: "plain brackets group; (?i) may stand at the very start to ignore case")
                }
                copy()
                outerSizes.append(size)
                size = 0
                if outerSizes.count > PatternTranslator.depthMax { throw Refusal(message: "brackets are nested too deeply") }
            case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"), UInt8(ascii: "}"):
                if afterQuantifier, byte == UInt8(ascii: "?") || byte == UInt8(ascii: "+") {
                    throw Refusal(
                        message: "lazy and possessive quantifiers are not known",
                        hint: "say what may stand in between, as in \"<[^>]*>\" for \"<.*?>\"")
                }
                isQuantifier = true
                copy()
            default:
                copy()
                count(1)
            }
            if size > PatternTranslator.sizeMax {
                throw Refusal(message: "it stands for too many characters once its counts are written out")
            }
            afterQuantifier = isQuantifier
        }
    }

    private mutating func count(_ piece: Int) {
        lastSize = piece
        size += piece
    }

    /// `{2}`, `{2,}`, `{2,5}`: copied up to its closing bracket, which the main loop treats as the quantifier's end.
    private mutating func repetition() throws(Refusal) {
        var bounds = [0]
        copy()
        while at < pattern.count, pattern[at] != UInt8(ascii: "}") {
            let digit = pattern[at] &- UInt8(ascii: "0")
            if pattern[at] == UInt8(ascii: ",") {
                bounds.append(0)
            } else if digit < 10 {
                bounds[bounds.count - 1] = min(bounds[bounds.count - 1] * 10 + Int(digit), 1_000_000)
            } else {
                throw Refusal(message: "{ } holds a count, as in {2} or {2,5}", hint: "write \\{ for the character itself")
            }
            copy()
        }
        let times = max(bounds.max() ?? 1, 1)
        size += lastSize * (times - 1)
        lastSize *= times
        if size > PatternTranslator.sizeMax { throw Refusal(message: "it stands for too many characters once its counts are written out") }
    }

    private mutating func copy() {
        output.append(pattern[at])
        at += 1
    }

    private mutating func escape() throws(Refusal) {
        guard at + 1 < pattern.count else { throw Refusal(message: "nothing follows the last \\") }
        let letter = pattern[at + 1]
        at += 2
        switch letter {
        case UInt8(ascii: "d"): output.append(contentsOf: "[0-9]".utf8)
        case UInt8(ascii: "D"): output.append(contentsOf: "[^0-9]".utf8)
        case UInt8(ascii: "s"): output.append(contentsOf: "[[:space:]]".utf8)
        case UInt8(ascii: "S"): output.append(contentsOf: "[^[:space:]]".utf8)
        case UInt8(ascii: "t"): output.append(9)
        case UInt8(ascii: "n"): output.append(10)
        case UInt8(ascii: "r"): output.append(13)
        case UInt8(ascii: "w"), UInt8(ascii: "W"), UInt8(ascii: "b"), UInt8(ascii: "B"): output.append(contentsOf: [0x5C, letter])
        case UInt8(ascii: "1")...UInt8(ascii: "9"):
            throw Refusal(message: "back references such as \\1 are not known", hint: "extract the parts and compare them with =")
        case UInt8(ascii: "0"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
            throw Refusal(message: "\\\(Character(Unicode.Scalar(letter))) is not known", hint: "\\d \\w \\s \\b and their capitals are")
        default: output.append(contentsOf: [0x5C, letter])
        }
    }

    /// `[…]`: POSIX knows no escapes in it, so they are written out; a `]` or `-` that was escaped moves where it stands for itself.
    private mutating func bracket() throws(Refusal) {
        let start = at
        at += 1
        let isNegated = at < pattern.count && pattern[at] == UInt8(ascii: "^")
        if isNegated { at += 1 }
        var escaped: [UInt8] = []
        var body: [UInt8] = []
        var isFirst = true
        while true {
            guard at < pattern.count else {
                throw Refusal(message: "the [ at character \(start + 1) is not closed", hint: "write \\[ for the character itself")
            }
            let byte = pattern[at]
            if byte == UInt8(ascii: "]"), !isFirst { break }
            isFirst = false
            if byte == UInt8(ascii: "["), at + 1 < pattern.count, pattern[at + 1] == UInt8(ascii: ":") {
                while at < pattern.count, pattern[at] != UInt8(ascii: "]") {
                    body.append(pattern[at])
                    at += 1
                }
                guard at < pattern.count else { continue }
            } else if byte == 0x5C, at + 1 < pattern.count {
                at += 1
                switch pattern[at] {
                case UInt8(ascii: "d"): body.append(contentsOf: "0-9".utf8)
                case UInt8(ascii: "w"): body.append(contentsOf: "[:alnum:]_".utf8)
                case UInt8(ascii: "s"): body.append(contentsOf: "[:space:]".utf8)
                case UInt8(ascii: "t"): body.append(9)
                case UInt8(ascii: "n"): body.append(10)
                case UInt8(ascii: "r"): body.append(13)
                case UInt8(ascii: "D"), UInt8(ascii: "W"), UInt8(ascii: "S"), UInt8(ascii: "b"):
                    throw Refusal(message: "\\\(Character(Unicode.Scalar(pattern[at]))) is not known within [ ]")
                default: escaped.append(pattern[at])
                }
                at += 1
                continue
            }
            body.append(pattern[at])
            at += 1
        }
        at += 1
        appendBracket(body: body, escaped: escaped, isNegated: isNegated)
    }

    /// `]` must come first, `-` first or last, and `^` must not come first.
    private mutating func appendBracket(body: [UInt8], escaped: [UInt8], isNegated: Bool) {
        let closing = UInt8(ascii: "]")
        let dash = UInt8(ascii: "-")
        let caret = UInt8(ascii: "^")
        var body = body
        var hasClosing = escaped.contains(closing)
        var hasDash = escaped.contains(dash)
        var hasCaret = escaped.contains(caret)
        if body.first == closing {
            body.removeFirst()
            hasClosing = true
        }
        if body.first == caret {
            body.removeFirst()
            hasCaret = true
        }
        if body.last == dash {
            body.removeLast()
            hasDash = true
        }
        let others = escaped.filter { $0 != closing && $0 != dash && $0 != caret }
        let isPlainCaret = hasCaret && !hasClosing && others.isEmpty && body.isEmpty && !isNegated
        if isPlainCaret {
            // A bracket cannot begin with the character itself, an escape can.
            output.append(contentsOf: (hasDash ? "[-^]" : "\\^").utf8)
            return
        }
        output.append(UInt8(ascii: "["))
        if isNegated { output.append(caret) }
        if hasClosing { output.append(closing) }
        output.append(contentsOf: others)
        output.append(contentsOf: body)
        if hasCaret { output.append(caret) }
        if hasDash { output.append(dash) }
        output.append(closing)
    }
}
