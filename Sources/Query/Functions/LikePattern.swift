#if canImport(Glibc)
    import Glibc
#endif
import Storage

/// A pattern of `like`: `%` stands for any run of characters, `_` for any one, `\` takes the next one as it is.
///
/// A pattern is cut at its `%` into pieces of fixed length in characters. The first piece is tied to the start, the last to the
/// end, and each one between is taken at its leftmost place: that finds a match whenever there is one, without going back.
final class LikePattern: Sendable {
    private enum Form {
        case exact(OwnedText)
        /// `a%b` without `_`; either may be empty.
        case ends(OwnedText, OwnedText)
        case contains(OwnedText)
        case general(first: Piece, middle: [Piece], last: Piece)
        /// No `%`, but `_`.
        case fixed(Piece)
    }

    /// Literals with `_` between them.
    private final class Piece: Sendable {
        /// An empty run of bytes between two entries is a `_`.
        let literals: [OwnedText]
        let characters: Int

        init(_ literals: [[UInt8]]) {
            self.literals = literals.map { OwnedText($0) }
            characters = self.literals.reduce(literals.count - 1) { $0 + $1.view.characterCount }
        }

        var isEmpty: Bool { characters == 0 }
        var isLiteral: Bool { literals.count == 1 }

        /// The offset behind this piece when it begins at `offset`, or nil.
        @inline(__always)
        func match(_ text: TextView, at offset: Int) -> Int? {
            var at = offset
            for (index, literal) in literals.enumerated() {
                if index > 0 {
                    guard at < text.count else { return nil }
                    at = text.offset(after: 1, from: at)
                }
                guard text.slice(at, text.count).starts(with: literal.view) else { return nil }
                at += literal.view.count
            }
            return at
        }

        /// The offset behind the leftmost match that begins at or after `offset`.
        func find(_ text: TextView, from offset: Int) -> Int? {
            let head = literals[0].view
            if isLiteral { return text.find(head, from: offset).map { $0 + head.count } }
            var at = offset
            while true {
                if head.count > 0 {
                    guard let hit = text.find(head, from: at) else { return nil }
                    at = hit
                }
                if let end = match(text, at: at) { return end }
                guard at < text.count else { return nil }
                at = text.offset(after: 1, from: at)
            }
        }
    }

    private let form: Form

    init(_ pattern: TextView) {
        var pieces: [[[UInt8]]] = [[[]]]
        var at = 0
        while at < pattern.count {
            var byte = pattern.base![at]
            at += 1
            switch byte {
            case UInt8(ascii: "%"):
                pieces.append([[]])
                continue
            case UInt8(ascii: "_"):
                pieces[pieces.count - 1].append([])
                continue
            case UInt8(ascii: "\\") where at < pattern.count:
                byte = pattern.base![at]
                at += 1
            default: break
            }
            let piece = pieces.count - 1
            pieces[piece][pieces[piece].count - 1].append(byte)
        }
        let parsed = pieces.map { Piece($0) }
        let first = parsed[0]
        guard parsed.count > 1 else {
            form = first.isLiteral ? .exact(first.literals[0]) : .fixed(first)
            return
        }
        let last = parsed[parsed.count - 1]
        let middle = parsed[1..<(parsed.count - 1)].filter { !$0.isEmpty }
        if middle.isEmpty, first.isLiteral, last.isLiteral {
            form = .ends(first.literals[0], last.literals[0])
        } else if middle.count == 1, middle[0].isLiteral, first.isEmpty, last.isEmpty {
            form = .contains(middle[0].literals[0])
        } else {
            form = .general(first: first, middle: Array(middle), last: last)
        }
    }

    convenience init(_ pattern: String) {
        let owned = OwnedText(Array(pattern.utf8))
        self.init(owned.view)
        withExtendedLifetime(owned) {}
    }

    func matches(_ text: TextView) -> Bool {
        switch form {
        case .exact(let literal): return text == literal.view
        case .ends(let prefix, let suffix):
            return text.count >= prefix.view.count + suffix.view.count && text.starts(with: prefix.view) && text.ends(with: suffix.view)
        case .contains(let literal): return text.find(literal.view) != nil
        case .fixed(let piece): return piece.match(text, at: 0) == text.count
        case .general(let first, let middle, let last):
            guard var at = first.match(text, at: 0) else { return false }
            for piece in middle {
                guard let end = piece.find(text, from: at) else { return false }
                at = end
            }
            let tail = text.offset(ofLast: last.characters)
            guard tail >= at, text.slice(tail, text.count).characterCount == last.characters else { return false }
            return last.match(text, at: tail) == text.count
        }
    }

    /// `text like pattern`: false where either is missing, so that `not like` is true there.
    static func like(_ text: Bound, _ pattern: Bound, negated: Bool, span: SourceSpan) throws -> Bound {
        let words = negated ? "not like" : "like"
        for side in [text, pattern] where side.type != .text && !side.isNullConstant {
            throw QueryError(
                .type, "\(words) compares texts, and this is \(side.type.name)", at: side.span, hint: "text(x) writes any value as text")
        }
        guard let subject = Coercion.coerce(text, to: .text), let wanted = Coercion.coerce(pattern, to: .text) else {
            throw QueryError(.type, "\(words) compares texts", at: span)
        }
        let condition =
            if case .text(let constant)? = wanted.constantValue {
                Bound(.function(instance(constant: LikePattern(constant)), [subject]), .bool, span)
            } else {
                Bound(.function(variableInstance, [subject, wanted]), .bool, span)
            }
        return negated ? Bound(.not(condition), .bool, span) : condition
    }

    private static func instance(constant pattern: LikePattern) -> FunctionInstance {
        FunctionInstance("like", strict: false) { arguments, out, count, context in
            let a = arguments[0].texts
            try KernelLoop.condition(arguments, out, count, context) { i in pattern.matches(a[i]) }
        }
    }

    /// Patterns from a column: the last one is kept, for equal ones often follow each other.
    private static let variableInstance = FunctionInstance("like", strict: false) { arguments, out, count, context in
        let a = arguments[0].texts
        let patterns = arguments[1].texts
        var known: (source: TextView, pattern: LikePattern)?
        try KernelLoop.condition(arguments, out, count, context) { i in
            if let known, known.source == patterns[i] { return known.pattern.matches(a[i]) }
            let pattern = LikePattern(patterns[i])
            known = (patterns[i], pattern)
            return pattern.matches(a[i])
        }
    }
}
