#if canImport(Glibc)
    import Glibc
#endif
import Storage

/// A pattern of `like`: `%` stands for any run of characters, `_` for any one, `\` takes the next one as it is.
///
/// A pattern is cut at its `%` into pieces of fixed length in characters. The first piece is tied to the start, the last to the
/// end, and each one between is taken at its leftmost place: that finds a match whenever there is one, without going back.
///
/// All literals are views into memory that the pattern owns, so that matching touches no reference counts.
final class LikePattern: @unchecked Sendable {
    private enum Form {
        case exact(TextView)
        /// `a%b` without `_`; either may be empty.
        case ends(TextView, TextView)
        case contains(TextView)
        /// No `%`, but `_`.
        case fixed(Piece)
        case general(first: Piece, middle: UnsafeBufferPointer<Piece>, last: Piece)
    }

    /// Literals with one `_` between each and the next.
    private struct Piece {
        let literals: UnsafeBufferPointer<TextView>
        let characters: Int

        var isEmpty: Bool { characters == 0 }
        var isLiteral: Bool { literals.count == 1 }

        /// The offset behind this piece when it begins at `offset`, or nil.
        @inline(__always)
        func match(_ text: TextView, at offset: Int) -> Int? {
            var at = offset
            for index in 0..<literals.count {
                if index > 0 {
                    guard at < text.count else { return nil }
                    at = text.offset(after: 1, from: at)
                }
                guard text.slice(at, text.count).starts(with: literals[index]) else { return nil }
                at += literals[index].count
            }
            return at
        }

        /// The offset behind the leftmost match that begins at or after `offset`.
        @inline(__always)
        func find(_ text: TextView, from offset: Int) -> Int? {
            let head = literals[0]
            if isLiteral {
                guard let hit = text.find(head, from: offset) else { return nil }
                return hit + head.count
            }
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
    private let keepers: [OwnedText]
    private let literalLists: [UnsafeMutableBufferPointer<TextView>]
    private let middlePieces: UnsafeMutableBufferPointer<Piece>

    init(_ pattern: TextView) {
        let pieces = LikePattern.cut(pattern)
        var keepers: [OwnedText] = []
        var lists: [UnsafeMutableBufferPointer<TextView>] = []
        let parsed = pieces.map { literals in
            let owned = literals.map { OwnedText($0) }
            let list = UnsafeMutableBufferPointer<TextView>.allocate(capacity: owned.count)
            _ = list.initialize(from: owned.map(\.view))
            keepers += owned
            lists.append(list)
            return Piece(
                literals: UnsafeBufferPointer(list), characters: owned.reduce(owned.count - 1) { $0 + $1.view.characterCount })
        }
        self.keepers = keepers
        literalLists = lists
        let (first, last) = (parsed[0], parsed[parsed.count - 1])
        let middle = parsed.dropFirst().dropLast().filter { !$0.isEmpty }
        middlePieces = .allocate(capacity: middle.count)
        _ = middlePieces.initialize(from: middle)
        if parsed.count == 1 {
            form = first.isLiteral ? .exact(first.literals[0]) : .fixed(first)
        } else if middle.isEmpty, first.isLiteral, last.isLiteral {
            form = .ends(first.literals[0], last.literals[0])
        } else if middle.count == 1, middle[0].isLiteral, first.isEmpty, last.isEmpty {
            form = .contains(middle[0].literals[0])
        } else {
            form = .general(first: first, middle: UnsafeBufferPointer(middlePieces), last: last)
        }
    }

    deinit {
        for list in literalLists { list.deallocate() }
        middlePieces.deallocate()
    }

    /// The pieces between `%`, each the literals between its `_`.
    private static func cut(_ pattern: TextView) -> [[[UInt8]]] {
        var pieces: [[[UInt8]]] = [[[]]]
        var isEscaped = false
        for byte in pattern.buffer {
            let piece = pieces.count - 1
            if isEscaped {
                pieces[piece][pieces[piece].count - 1].append(byte)
                isEscaped = false
                continue
            }
            switch byte {
            case UInt8(ascii: "%"): pieces.append([[]])
            case UInt8(ascii: "_"): pieces[piece].append([])
            case UInt8(ascii: "\\"): isEscaped = true
            default: pieces[piece][pieces[piece].count - 1].append(byte)
            }
        }
        // A backslash at the very end has nothing to take as it is: it stands for itself.
        if isEscaped { pieces[pieces.count - 1][pieces[pieces.count - 1].count - 1].append(UInt8(ascii: "\\")) }
        return pieces
    }

    convenience init(_ pattern: String) {
        let owned = OwnedText(Array(pattern.utf8))
        self.init(owned.view)
        withExtendedLifetime(owned) {}
    }

    @inline(__always)
    func matches(_ text: TextView) -> Bool {
        switch form {
        case .exact(let literal): return text == literal
        case .ends(let prefix, let suffix):
            return text.count >= prefix.count + suffix.count && text.starts(with: prefix) && text.ends(with: suffix)
        case .contains(let literal): return text.find(literal) != nil
        case .fixed(let piece): return piece.match(text, at: 0) == text.count
        case .general(let first, let middle, let last):
            guard var at = first.match(text, at: 0) else { return false }
            for index in 0..<middle.count {
                guard let end = middle[index].find(text, from: at) else { return false }
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
