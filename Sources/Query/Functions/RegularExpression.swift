#if canImport(Glibc)
    import Glibc
#endif
import Storage

/// A POSIX extended regular expression of the C library, compiled once and shared by all workers (the library locks inside).
///
/// What analysts know from elsewhere is either translated (`\d \w \s`, escapes within `[…]`, `(?i)` at the start) or refused
/// with a sentence: lazy quantifiers and look-around, which POSIX reads as something else, and back references, whose search
/// takes exponential time.
final class RegularExpression: @unchecked Sendable {
    /// How many bracketed groups the pattern has.
    let groupCount: Int
    private let compiled: UnsafeMutablePointer<regex_t>
    /// The pattern itself where it has no special character: found without the library.
    private let literal: OwnedText?
    private let span: SourceSpan

    init(_ pattern: String, span: SourceSpan) throws {
        var translator = PatternTranslator(pattern: Array(pattern.utf8))
        do {
            try translator.run()
        } catch let refusal {
            throw QueryError(.type, "in the regular expression \"\(pattern)\": \(refusal.message)", at: span, hint: refusal.hint)
        }
        self.span = span
        let regex = UnsafeMutablePointer<regex_t>.allocate(capacity: 1)
        regex.initialize(to: regex_t())
        let flags = REG_EXTENDED | (translator.ignoresCase ? REG_ICASE : 0)
        let status = RegularExpression.withUTF8Locale {
            (translator.output + [0]).withUnsafeBytes { regcomp(regex, $0.bindMemory(to: CChar.self).baseAddress!, flags) }
        }
        guard status == 0 else {
            let message = RegularExpression.message(status, regex)
            regex.deallocate()
            throw QueryError(.type, "\"\(pattern)\" is no regular expression: \(message)", at: span)
        }
        compiled = regex
        let isLiteral = !translator.ignoresCase && !pattern.utf8.contains { "\\^$.[]|()*+?{}".utf8.contains($0) }
        literal = isLiteral ? OwnedText(Array(pattern.utf8)) : nil
        groupCount = Int(regex.pointee.re_nsub)
    }

    deinit {
        regfree(compiled)
        compiled.deallocate()
    }

    private static func message(_ status: Int32, _ regex: UnsafePointer<regex_t>) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 200) { buffer in
            _ = regerror(status, regex, buffer.baseAddress, buffer.count)
            return String(cString: buffer.baseAddress!).lowercased()
        }
    }

    // The locale of a thread says what a character is. It is set around each batch alone, so that the program's own stays as it is.
    private nonisolated(unsafe) static let utf8Locale: locale_t? = newlocale(LC_CTYPE_MASK, "C.UTF-8", nil)

    private static func withUTF8Locale<Result>(_ body: () throws -> Result) rethrows -> Result {
        guard let utf8Locale else { return try body() }
        let previous = uselocale(utf8Locale)
        defer { _ = uselocale(previous) }
        return try body()
    }

    /// Everything that searches runs within this.
    func withLocale(_ body: () throws -> Void) rethrows { try RegularExpression.withUTF8Locale(body) }

    func matches(_ text: TextView) throws -> Bool {
        if let literal { return text.find(literal.view) != nil }
        var match = regmatch_t()
        return try search(text, &match, 1)
    }

    /// The byte range of a group in the first match; nil where nothing matches or the group took no part in it.
    func firstMatch(_ text: TextView, group: Int) throws -> Range<Int>? {
        try withUnsafeTemporaryAllocation(of: regmatch_t.self, capacity: group + 1) { matches in
            matches.initialize(repeating: regmatch_t())
            guard try search(text, matches.baseAddress!, group + 1) else { return nil }
            let found = matches[group]
            return found.rm_so >= 0 ? Int(found.rm_so)..<Int(found.rm_eo) : nil
        }
    }

    private func search(_ text: TextView, _ matches: UnsafeMutablePointer<regmatch_t>, _ count: Int) throws -> Bool {
        guard text.count < Int(Int32.max) else { throw QueryError(.data, "a text of over 2 GB cannot be searched", at: span) }
        matches[0].rm_so = 0
        matches[0].rm_eo = regoff_t(text.count)
        let status =
            if let base = text.base {
                base.withMemoryRebound(to: CChar.self, capacity: text.count) { regexec(compiled, $0, count, matches, REG_STARTEND) }
            } else {
                regexec(compiled, "", count, matches, REG_STARTEND)
            }
        if status == 0 { return true }
        // Anything but "no match" means that the library ran out of memory.
        guard status == _REG_NOMATCH.rawValue else {
            throw QueryError(.data, "the regular expression is too large to search with", at: span)
        }
        return false
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
            case UInt8(ascii: "\\"): try escape()
            case UInt8(ascii: "["): try bracket()
            case UInt8(ascii: "("):
                if at + 1 < pattern.count, pattern[at + 1] == UInt8(ascii: "?") {
                    throw Refusal(
                        message: "(?…) groups are not known", hint: "plain brackets group; (?i) may stand at the very start to ignore case")
                }
                copy()
            case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"), UInt8(ascii: "}"):
                if afterQuantifier, byte == UInt8(ascii: "?") || byte == UInt8(ascii: "+") {
                    throw Refusal(
                        message: "lazy and possessive quantifiers are not known",
                        hint: "say what may stand in between, as in \"<[^>]*>\" for \"<.*?>\"")
                }
                isQuantifier = true
                copy()
            default: copy()
            }
            afterQuantifier = isQuantifier
        }
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
