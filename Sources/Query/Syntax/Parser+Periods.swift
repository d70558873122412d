import Storage

extension Parser {
    private static let units: [String: LogicalType] = [
        "day": .date, "week": .week, "month": .month, "quarter": .quarter, "year": .year,
    ]

    static let bare: [String: Period] = [
        "today": .today, "yesterday": .yesterday, "tomorrow": .tomorrow, "now": .now, "mtd": .monthToDate, "qtd": .quarterToDate,
        "ytd": .yearToDate,
    ]

    /// A stretch of time that hangs on today; nil where the words are plain names.
    mutating func period() throws(QueryError) -> Expression? {
        let start = token
        let next = peek()
        func result(_ period: Period) -> Expression {
            Expression(kind: .period(period), span: span(from: start.span.lowerBound))
        }
        if let period = Parser.bare[start.text] {
            guard !next.isSymbol(.openRound), !next.isSymbol(.dot) else { return nil }
            advance()
            return result(period)
        }
        switch start.text {
        case "last", "next":
            if let duration = try periodDuration(start) {
                return result(start.text == "last" ? .last(duration) : .next(duration))
            }
            guard next.kind == .word, let unit = Parser.units[next.text] else { return nil }
            guard start.text == "next" else {
                throw failure(
                    "`last` counts: last 90d, last 3mo", at: start.span.lowerBound..<next.span.upperBound,
                    hint: "the whole \(next.text) before this one is `previous \(next.text)`")
            }
            advance()
            advance()
            return result(.following(unit))
        case "this", "previous":
            guard next.kind == .word, let unit = Parser.units[next.text] else { return nil }
            advance()
            advance()
            return result(start.text == "this" ? .this(unit) : .previous(unit))
        default: return nil
        }
    }

    private mutating func periodDuration(_ start: Token) throws(QueryError) -> Period.Duration? {
        switch peek().kind {
        case .literal(.duration(let microseconds)):
            advance()
            advance()
            return .exact(microseconds: microseconds)
        case .literal(.months(let months)):
            advance()
            advance()
            return .months(months)
        case .literal(.integer(let number)):
            let letters = ["day": "d", "week": "w", "month": "mo", "quarter": "q", "year": "y", "hour": "h", "minute": "min"]
            let word = peek(2).text
            let unit = letters[word] ?? letters[String(word.dropLast())]
            throw failure(
                "`\(start.text)` takes a duration", at: start.span.lowerBound..<peek().span.upperBound,
                hint: "write `\(start.text) \(number)\(unit ?? "d")`; durations are 48h 15min 90d 2w 3mo 1q 1y")
        case .symbol(.at):
            advance()
            advance()
            return .parameter(try name("a parameter's name"))
        case .word where parameterNames.contains(peek().text):
            advance()
            return .argument(try name("a parameter's name"))
        case .literal, .word, .quotedName, .text, .symbol, .invalid, .end: return nil
        }
    }
}
