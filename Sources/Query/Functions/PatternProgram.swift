/// A set of bytes.
struct ByteSet: Hashable {
    private(set) var words = SIMD4<UInt64>()

    init() {}
    init(_ range: ClosedRange<UInt8>) { for byte in range { insert(byte) } }

    func contains(_ byte: UInt8) -> Bool { words[Int(byte >> 6)] >> UInt64(byte & 63) & 1 != 0 }
    mutating func insert(_ byte: UInt8) { words[Int(byte >> 6)] |= 1 << UInt64(byte & 63) }
    mutating func formUnion(_ other: ByteSet) { words |= other.words }
}

/// A regular expression of the C library's extended form, in the library's own words (``PatternTranslator`` made it), as a machine of nodes
/// that stand in many places at once. What this reading of a pattern does not know for certain makes it nil: the library is asked instead.
struct PatternProgram {
    enum Node {
        /// One byte of the set, then the other node.
        case byte(ByteSet, next: Int)
        case either(Int, Int)
        case begin(next: Int)
        case end(next: Int)
        case match
    }

    private(set) var nodes: [Node] = [.match]
    private(set) var start = 0
    /// The library's tables know which of the characters beyond ASCII belong to a class, or are another's capital: texts that hold such
    /// characters are its business.
    private var needsASCII = false
    /// The library takes the end of a line for an anchor's place in some patterns that have one in their middle.
    private var needsOneLine = false

    private static let nodesMax = 4_000
    private static let matched = 0

    init?(_ pattern: [UInt8], ignoresCase: Bool) {
        var reader = PatternReader(pattern, ignoresCase: ignoresCase)
        guard let piece = reader.alternatives(), reader.isAtEnd else { return nil }
        needsASCII = reader.needsASCII
        needsOneLine = reader.hasInnerAnchor
        guard let first = add(piece, before: Self.matched) else { return nil }
        start = first
    }

    /// A text with this byte is the library's business.
    func asksLibrary(at byte: UInt8) -> Bool { byte == 0 || byte == 0x0A && needsOneLine || byte >= 0x80 && needsASCII }

    private mutating func append(_ node: Node) -> Int? {
        guard nodes.count < Self.nodesMax else { return nil }
        nodes.append(node)
        return nodes.count - 1
    }

    /// The node where `piece` begins, with `next` behind it; nil where there are too many.
    private mutating func add(_ piece: PatternPiece, before next: Int) -> Int? {
        switch piece {
        case .set(let set, let takesWide):
            guard let narrow = append(.byte(set, next: next)) else { return nil }
            return takesWide ? addWide(narrow, before: next) : narrow
        case .sequence(let pieces):
            var at = next
            for piece in pieces.reversed() {
                guard let first = add(piece, before: at) else { return nil }
                at = first
            }
            return at
        case .either(let pieces):
            var at: Int?
            for piece in pieces.reversed() {
                guard let first = add(piece, before: next) else { return nil }
                guard let others = at else {
                    at = first
                    continue
                }
                at = append(.either(first, others))
                if at == nil { return nil }
            }
            return at
        case .repeated(let piece, let least, let most): return addRepeated(piece, least, most, before: next)
        case .begin: return append(.begin(next: next))
        case .end: return append(.end(next: next))
        }
    }

    private mutating func addRepeated(_ piece: PatternPiece, _ least: Int, _ most: Int?, before next: Int) -> Int? {
        var at = next
        if let most {
            for _ in 0..<max(most - least, 0) {
                guard let first = add(piece, before: at), let either = append(.either(first, next)) else { return nil }
                at = either
            }
        } else {
            // The node that turns back is needed by what it turns back to.
            guard let turn = append(.match), let first = add(piece, before: turn) else { return nil }
            nodes[turn] = .either(first, next)
            at = turn
        }
        for _ in 0..<least {
            guard let first = add(piece, before: at) else { return nil }
            at = first
        }
        return at
    }

    /// `narrow`, or any character of two to four bytes. Texts are valid UTF-8, so the first byte says how many follow.
    private mutating func addWide(_ narrow: Int, before next: Int) -> Int? {
        let rest = ByteSet(0x80...0xBF)
        var at = narrow
        var tail = next
        for leads in [0xC2...0xDF, 0xE0...0xEF, 0xF0...0xF4] as [ClosedRange<UInt8>] {
            guard let last = append(.byte(rest, next: tail)), let first = append(.byte(ByteSet(leads), next: last)),
                let either = append(.either(first, at))
            else { return nil }
            tail = last
            at = either
        }
        return at
    }
}

/// A part of a pattern.
indirect enum PatternPiece {
    /// One byte of the set; `takesWide`: or one character that is no ASCII.
    case set(ByteSet, takesWide: Bool)
    case sequence([PatternPiece])
    case either([PatternPiece])
    case repeated(PatternPiece, least: Int, most: Int?)
    case begin
    case end
}

/// Reads a pattern; nil from any of its functions: this is for the library.
private struct PatternReader {
    private let pattern: [UInt8]
    private let ignoresCase: Bool
    private var at = 0
    private var depth = 0
    private(set) var needsASCII: Bool
    /// `^` or `$` stands elsewhere than at the ends of the pattern's own branches.
    private(set) var hasInnerAnchor = false

    private static let depthMax = 100

    init(_ pattern: [UInt8], ignoresCase: Bool) {
        self.pattern = pattern
        self.ignoresCase = ignoresCase
        needsASCII = ignoresCase
    }

    var isAtEnd: Bool { at == pattern.count }
    private var next: UInt8? { at < pattern.count ? pattern[at] : nil }
    private func isNext(_ character: Unicode.Scalar) -> Bool { next == UInt8(ascii: character) }

    mutating func alternatives() -> PatternPiece? {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthMax else { return nil }
        var branches: [PatternPiece] = []
        while true {
            guard let branch = branch() else { return nil }
            branches.append(branch)
            guard isNext("|") else { break }
            at += 1
        }
        return branches.count == 1 ? branches[0] : .either(branches)
    }

    private mutating func branch() -> PatternPiece? {
        var pieces: [PatternPiece] = []
        while let byte = next, byte != UInt8(ascii: "|"), byte != UInt8(ascii: ")") {
            guard var piece = atom() else { return nil }
            while let byte = next, "*+?{".utf8.contains(byte) {
                switch piece {
                // What a repeated anchor means differs from one form of expressions to another.
                case .begin, .end: return nil
                case .set, .sequence, .either, .repeated: break
                }
                guard let (least, most) = quantifier() else { return nil }
                piece = .repeated(piece, least: least, most: most)
            }
            switch piece {
            case .begin: hasInnerAnchor = hasInnerAnchor || depth > 1 || !pieces.isEmpty
            case .end: hasInnerAnchor = hasInnerAnchor || depth > 1 || !(isAtEnd || isNext("|"))
            case .set, .sequence, .either, .repeated: break
            }
            pieces.append(piece)
        }
        return pieces.isEmpty ? nil : .sequence(pieces)
    }

    private mutating func quantifier() -> (Int, Int?)? {
        defer { at += 1 }
        switch next {
        case UInt8(ascii: "*"): return (0, nil)
        case UInt8(ascii: "+"): return (1, nil)
        case UInt8(ascii: "?"): return (0, 1)
        default: break
        }
        at += 1
        guard let least = number() else { return nil }
        var most: Int? = least
        if isNext(",") {
            at += 1
            most = isNext("}") ? nil : number()
            if most == nil, !isNext("}") { return nil }
        }
        return isNext("}") && least <= most ?? least ? (least, most) : nil
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let byte = next, byte &- UInt8(ascii: "0") < 10 {
            value = (value ?? 0) * 10 + Int(byte - UInt8(ascii: "0"))
            if value ?? 0 > 1000 { return nil }
            at += 1
        }
        return value
    }

    private mutating func atom() -> PatternPiece? {
        guard let byte = next else { return nil }
        at += 1
        switch byte {
        case UInt8(ascii: "^"): return .begin
        case UInt8(ascii: "$"): return .end
        case UInt8(ascii: "."): return .set(ByteSet(0x01...0x7F), takesWide: true)
        case UInt8(ascii: "["): return bracket()
        case UInt8(ascii: "("):
            guard let inner = alternatives(), isNext(")") else { return nil }
            at += 1
            // A group is a piece of its own, also where it is one anchor.
            return .sequence([inner])
        case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"), UInt8(ascii: "{"), UInt8(ascii: "}"): return nil
        case UInt8(ascii: "\\"): return escape()
        case 0x01...0x7F: return literal(byte)
        default: return ignoresCase ? nil : wideLiteral(byte)
        }
    }

    private mutating func escape() -> PatternPiece? {
        guard let letter = next else { return nil }
        at += 1
        switch letter {
        case UInt8(ascii: "w"), UInt8(ascii: "W"):
            needsASCII = true
            let isNegated = letter == UInt8(ascii: "W")
            return set(where: { (Self.isIn("alnum", $0) || $0 == UInt8(ascii: "_")) != isNegated }, takesWide: false)
        // Edges of words and of the text.
        case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "`"), UInt8(ascii: "'"): return nil
        case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: return literal(letter)
        default: return nil
        }
    }

    private func literal(_ byte: UInt8) -> PatternPiece { set(where: { $0 == folded(byte) }, takesWide: false) }

    /// A whole character, so that a count behind it means all of its bytes.
    private mutating func wideLiteral(_ first: UInt8) -> PatternPiece? {
        var bytes = [first]
        while let byte = next, byte & 0xC0 == 0x80 {
            bytes.append(byte)
            at += 1
        }
        guard bytes.count == (first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2), first >= 0xC2, first < 0xF5 else { return nil }
        return .sequence(bytes.map { .set(ByteSet($0...$0), takesWide: false) })
    }

    private mutating func bracket() -> PatternPiece? {
        var isNegated = false
        if isNext("^") {
            isNegated = true
            at += 1
        }
        var members = ByteSet()
        var isFirst = true
        while true {
            guard let byte = next, byte < 0x80, byte > 0 else { return nil }
            at += 1
            if byte == UInt8(ascii: "]"), !isFirst { break }
            defer { isFirst = false }
            if byte == UInt8(ascii: "["), let kind = next, ":.=".utf8.contains(kind) {
                guard kind == UInt8(ascii: ":"), let name = className() else { return nil }
                for byte in 1...UInt8(0x7F) where Self.isIn(name, byte) { members.insert(byte) }
                needsASCII = true
                continue
            }
            guard isNext("-"), at + 1 < pattern.count, pattern[at + 1] != UInt8(ascii: "]") else {
                if byte == UInt8(ascii: "-"), !isFirst, !isNext("]") { return nil }
                members.insert(folded(byte))
                continue
            }
            let last = pattern[at + 1]
            guard byte != UInt8(ascii: "-"), last < 0x80, last != UInt8(ascii: "["), last != UInt8(ascii: "-"), folded(byte) <= folded(last)
            else { return nil }
            at += 2
            members.formUnion(ByteSet(folded(byte)...folded(last)))
        }
        return set(where: { members.contains($0) != isNegated }, takesWide: isNegated)
    }

    /// `:name:]`, the opening bracket read already.
    private mutating func className() -> String? {
        at += 1
        var name: [UInt8] = []
        while let byte = next, byte >= UInt8(ascii: "a"), byte <= UInt8(ascii: "z") {
            name.append(byte)
            at += 1
        }
        guard isNext(":"), at + 1 < pattern.count, pattern[at + 1] == UInt8(ascii: "]") else { return nil }
        at += 2
        let known = ["alpha", "digit", "alnum", "upper", "lower", "space", "blank", "punct", "xdigit"]
        guard let found = known.first(where: { $0.utf8.elementsEqual(name) }) else { return nil }
        return ignoresCase && (found == "upper" || found == "lower") ? "alpha" : found
    }

    private static func isIn(_ name: String, _ byte: UInt8) -> Bool {
        let isDigit = byte &- UInt8(ascii: "0") < 10
        let isUpper = byte &- UInt8(ascii: "A") < 26
        let isLower = byte &- UInt8(ascii: "a") < 26
        switch name {
        case "alpha": return isUpper || isLower
        case "digit": return isDigit
        case "alnum": return isUpper || isLower || isDigit
        case "upper": return isUpper
        case "lower": return isLower
        case "space": return byte == 0x20 || (0x09...0x0D).contains(byte)
        case "blank": return byte == 0x20 || byte == 0x09
        case "punct": return (0x21...0x7E).contains(byte) && !isUpper && !isLower && !isDigit
        case "xdigit": return isDigit || (byte | 0x20) &- UInt8(ascii: "a") < 6
        default: preconditionFailure("a class that was not asked for")
        }
    }

    /// The bytes of ASCII but NUL whose capital, where case is ignored, is such.
    private func set(where isMember: (UInt8) -> Bool, takesWide: Bool) -> PatternPiece {
        var set = ByteSet()
        for byte in 1...UInt8(0x7F) where isMember(folded(byte)) { set.insert(byte) }
        return .set(set, takesWide: takesWide)
    }

    private func folded(_ byte: UInt8) -> UInt8 { ignoresCase && byte &- UInt8(ascii: "a") < 26 ? byte ^ 0x20 : byte }
}
