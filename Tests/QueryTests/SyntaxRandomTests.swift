import Storage
import Testing

@testable import Query

import struct Query.Expression

/// Makes random trees that the parser itself could have made.
struct RandomTree {
    var random: SeededGenerator
    private static let names = [
        "a", "b", "amount", "today", "last", "count", "from", "客户", "odd name", "a`b", "outer", "ＡＢ", "n＿1", "this", "month",
    ]

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func name() -> Name { Name(text: random.pick(Self.names), span: 0..<0) }
    mutating func names() -> [Name] { (0...random.below(2)).map { _ in name() } }
    private func make(_ kind: Expression.Kind) -> Expression { Expression(kind: kind, span: 0..<0) }

    mutating func literal() -> Literal {
        switch random.below(12) {
        case 0: .null
        case 1: .bool(random.below(2) == 0)
        case 2: .decimal(Int64(random.below(100_000)), scale: 1 + random.below(12))
        case 3: .float(Double(random.below(1_000_000)) * 1e-3)
        case 4: .text(random.pick(["", "a\"b", "\\n\n", "中“文”", "\u{202E}x", "{month}", "# | ;"]))
        case 5: .date(Int64(random.below(40_000)))
        case 6: .timestamp(Int64(random.below(1 << 50)))
        case 7: random.pick([.span(24320, .month), .span(8106, .quarter), .span(2957, .week)])
        case 8: .duration(Int64(random.pick([1, 1_500_000, 60_000_000, 7_200_000_000, 86_400_000_000 * 9])))
        case 9: .months(Int64(1 + random.below(30)))
        default: .integer(Int64(random.below(1 << 40)))
        }
    }

    mutating func period() -> Period {
        let duration: Period.Duration = random.pick([.exact(microseconds: 86_400_000_000 * 90), .months(3), .parameter(name())])
        return random.pick([
            .last(duration), .next(duration), .this(.month), .previous(.date), .following(.year), .monthToDate, .quarterToDate, .yearToDate,
            .today,
            .yesterday, .tomorrow, .now,
        ])
    }

    mutating func leaf() -> Expression {
        switch random.below(7) {
        case 6: make(.memberAsOf(names(), make(.literal(literal()))))
        case 0: make(.parameter(name()))
        case 1: make(.period(period()))
        case 2, 3: make(.path(names()))
        default: make(.literal(literal()))
        }
    }

    mutating func orderItem(_ depth: Int) -> OrderItem {
        let explicit = random.below(2) == 0
        return OrderItem(value: expression(depth), descending: explicit && random.below(2) == 0, explicit: explicit)
    }

    mutating func call(_ depth: Int) -> Call {
        var call = Call(name: name(), arguments: [], filter: nil, innerOrder: [], per: nil, order: nil)
        for _ in 0..<random.below(3) {
            let value = random.below(9) == 0 ? make(.path([Name(text: "distinct", span: 0..<0)])) : expression(depth)
            call.arguments.append(Call.Argument(label: random.below(3) == 0 ? name() : nil, value: value))
        }
        if random.below(3) == 0 { call.filter = expression(depth) }
        if random.below(3) == 0 { call.innerOrder = (0...random.below(2)).map { _ in orderItem(depth) } }
        return call
    }

    mutating func expression(_ depth: Int) -> Expression {
        guard depth > 0 else { return leaf() }
        let next = depth - 1
        switch random.below(14) {
        case 0: return make(.negate(expression(next)))
        case 1: return make(.not(expression(next)))
        case 2: return make(.isNull(expression(next), negated: random.below(2) == 0))
        case 3: return make(.membership(expression(next), expression(next), negated: random.below(2) == 0))
        case 4: return make(.range(expression(next), expression(next)))
        case 5: return make(.list((0..<random.below(3)).map { _ in expression(next) }))
        case 6:
            let branches = (0...random.below(2)).map { _ in Expression.Branch(condition: expression(next), value: expression(next)) }
            var otherwise: Expression? = random.below(3) == 0 ? nil : expression(next)
            // Behind `else` a conditional is one more branch of the same.
            if let inner = otherwise, case .conditional = inner.kind { otherwise = leaf() }
            return make(.conditional(branches, otherwise: otherwise))
        case 7, 8:
            var call = call(next)
            if random.below(8) == 0 {
                // A function's name has no point, so this is a metric's.
                call.link = names()
                call.name = Name(text: "客户", span: 0..<0)
            }
            if random.below(3) == 0 { call.per = (0...random.below(2)).map { _ in expression(next) } }
            if random.below(3) == 0 { call.order = (0...random.below(2)).map { _ in orderItem(next) } }
            return make(.call(call))
        case 9: return make(.query(query(next)))
        default:
            let operation: BinaryOperator = random.pick([
                .add, .subtract, .multiply, .divide, .div, .mod, .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .and,
                .or, .like,
                .notLike,
            ])
            let left = expression(next)
            var right = expression(next)
            // `= null` is refused.
            if operation == .equal || operation == .notEqual, case .literal(.null) = right.kind { right = make(.path(names())) }
            return make(.binary(operation, left, right))
        }
    }

    mutating func named(_ depth: Int) -> [NamedExpression] {
        (0...random.below(2)).map { _ in
            let value = expression(depth)
            // `a = b` without a name is refused where a name could be meant.
            if case .binary(.equal, _, _) = value.kind { return NamedExpression(name: name(), value: value) }
            return NamedExpression(name: random.below(2) == 0 ? name() : nil, value: value)
        }
    }

    mutating func source(_ depth: Int) -> Source {
        let kind: Source.Kind =
            switch random.below(5) {
            case 0: .table(name(), version: random.below(2) == 0 ? 41 : nil)
            case 1 where depth > 0: .query(query(depth - 1))
            case 2: .function(call(0))
            default: .table(name(), version: nil)
            }
        return Source(kind: kind, span: 0..<0)
    }

    mutating func stage(_ depth: Int) -> Stage {
        var word = "where"
        let kind: Stage.Kind
        switch random.below(16) {
        case 0: kind = .derive(named(depth))
        case 1: kind = .select(named(depth))
        case 2: kind = .drop(names())
        case 3: kind = .rename([Stage.Renaming(new: name(), old: name())])
        case 4, 5: kind = .summarize(random.below(5) == 0 ? [] : named(depth), by: named(depth))
        case 6: kind = .sort((0...random.below(2)).map { _ in orderItem(depth) })
        case 7: kind = .take(expression(depth), from: random.below(2) == 0 ? expression(depth) : nil)
        case 8:
            let keys = random.below(2) == 0 ? [] : (0...random.below(2)).map { _ in expression(depth) }
            kind = .top(expression(depth), per: keys, by: (0...random.below(2)).map { _ in orderItem(depth) }, others: random.below(2) == 0)
        case 9: kind = .distinct(random.below(3) == 0 ? [] : named(depth))
        case 10:
            let on = (0..<random.below(3)).map { _ in Stage.Renaming(new: name(), old: name()) }
            kind = .join(Stage.Join(source: source(depth), alias: random.below(2) == 0 ? name() : nil, on: on))
        case 11:
            let over = NamedExpression(name: random.below(2) == 0 ? name() : nil, value: expression(depth))
            kind = .pivot(
                named(depth), by: random.below(2) == 0 ? [] : named(depth), over: over,
                values: random.below(2) == 0 ? nil : expression(depth))
        case 12:
            kind = .fill(
                name(), per: random.below(2) == 0 ? [] : names(), in: random.below(2) == 0 ? nil : expression(depth),
                with: random.below(2) == 0 ? nil : expression(depth))
        case 13: kind = .assert(expression(depth), message: random.below(2) == 0 ? nil : "m")
        case 14:
            word = "bar"
            kind = .chart(random.below(3) == 0 ? [] : named(depth), by: random.below(2) == 0 ? [] : named(depth))
        default: kind = .where(expression(depth))
        }
        return Stage(kind: kind, span: 0..<0, keyword: Name(text: word, span: 0..<0))
    }

    mutating func query(_ depth: Int) -> Query {
        Query(source: source(depth), stages: (0..<random.below(3)).map { _ in stage(depth) }, span: 0..<0)
    }
}

extension RandomTree {
    mutating func definition(_ depth: Int) -> Definition {
        // Behind a default every parameter has one.
        let parameters = (0..<random.below(3)).map { number in
            Definition.Parameter(name: Name(text: "p\(number)", span: 0..<0), defaultValue: number > 0 ? expression(depth) : nil)
        }
        let body: Definition.Body =
            switch random.below(6) {
            case 0: .segment(on: name(), expression(depth))
            case 1: .metric(parameters, on: name(), expression(depth))
            case 2: .verb(parameters, (0...random.below(3)).map { _ in stage(depth) })
            case 3: .query(query(depth))
            case 4: .let(expression(depth))
            default: .param(.month, defaultValue: random.below(2) == 0 ? leaf() : nil, allowed: random.below(2) == 0 ? leaf() : nil)
            }
        return Definition(name: name(), body: body)
    }
}

@Suite struct SyntaxRandomTests {
    @Test func anyTreeIsPrintedAndReadBack() throws {
        let seed: UInt64 = 20260930
        for round in 0..<1500 {
            var random = RandomTree(seed: seed &+ UInt64(round))
            let tree = Statement(kind: .query(random.query(1 + round % 4)), span: 0..<0)
            let text = tree.formatted()
            let source = SourceText(name: "seed \(seed) round \(round)", text: text)
            do {
                let again = try #require(try Statement.parse(source))
                guard outline(again) != outline(tree) else { continue }
                Issue.record("\(source.name): \(text) is read as \(again.formatted())")
            } catch let error as QueryError {
                Issue.record("\(Diagnostic.render(error, in: source))\n\(text)")
            }
            break
        }
    }

    @Test func anyDefinitionIsPrintedAndReadBack() throws {
        let seed: UInt64 = 20261001
        for round in 0..<800 {
            var random = RandomTree(seed: seed &+ UInt64(round))
            let definition = random.definition(1 + round % 4)
            let tree = Statement(kind: .vocabulary(.define(definition, saved: round % 2 == 0)), span: 0..<0)
            let text = tree.formatted()
            let source = SourceText(name: "seed \(seed) round \(round)", text: text)
            do {
                let again = try #require(try Statement.parse(source))
                guard outline(again) != outline(tree) else { continue }
                Issue.record("\(source.name): \(text) is read as \(again.formatted())")
            } catch let error as QueryError {
                Issue.record("\(Diagnostic.render(error, in: source))\n\(text)")
            }
            break
        }
    }

    /// Whatever the bytes, there is an answer or an error with a place inside the text, and the error can be shown.
    static func survives(_ text: String) -> Bool {
        let source = SourceText(name: "garbage", text: text)
        let count = text.utf8.count
        do {
            _ = try Statement.parse(source)
        } catch {
            guard let span = error.span, span.lowerBound >= 0, span.upperBound <= count, !error.message.isEmpty else { return false }
            guard Diagnostic.render(error, in: source).contains("garbage:") else { return false }
        }
        let pieces = StatementSplitter.splitFile(text, name: "garbage")
        return pieces.allSatisfy { text.utf8.count >= $0.text.utf8.count }
    }

    @Test func randomBytesNeverTrap() {
        var random = SeededGenerator(seed: 7)
        for round in 0..<20_000 {
            let bytes = (0..<random.below(60)).map { _ in
                random.below(3) == 0 ? UInt8(random.below(256)) : UInt8(32 + random.below(95))
            }
            if !Self.survives(String(decoding: bytes, as: UTF8.self)) { Issue.record("seed 7, round \(round): \(bytes)") }
        }
    }

    @Test func randomWordsNeverTrap() {
        let words = [
            "from", "t", "|", "where", "and", "or", "not", "in", "is", "null", "(", ")", "[", "]", ",", ":", ";", ".", "..", "+", "-", "*",
            "/", "=", "!=",
            "<", ">=", "@", "x", "summarize", "by", "per", "count()", "sum(", "top", "5", "1.5", "2026-09", "2026-09-30", "12:00", "last",
            "90d", "\"a\"",
            "\"", "“", "”", "`", "if", "then", "else", "load", "key", "time", "null:", "types", "join", "on", "as", "of", "version",
            "pivot", "over", "like",
            "between", "select", "group", "order", "case", "when", "end", "\n", "#", "desc", "with", "others", "客户", "，", "（", "）", "｜",
            "１２", "%", "'",
            "div", "mod", "let", "param", "create", "table", "decimal(", "delete", "rename", "to", "column", "explain", "save", "·",
            "\u{1}", "\u{202E}",
        ]
        var random = SeededGenerator(seed: 11)
        for round in 0..<20_000 {
            var text = random.below(2) == 0 ? "from t | " : ""
            for _ in 0..<random.below(25) { text += random.pick(words) + (random.below(4) == 0 ? "" : " ") }
            if !Self.survives(text) { Issue.record("seed 11, round \(round): \(text)") }
        }
    }

    @Test func randomNumbersAndDatesNeverTrap() {
        let pieces = [
            "0", "1", "2", "9", "09", "12", "30", "31", "2026", "0000", "9999", "-", "-", ".", ":", "/", " ", "T", "Q", "W", "e", "E+", "_",
            "k", "m", "bn", "mo", "s", "%", "万", "亿", "999999999999999999", "..", "Z", "+",
        ]
        var random = SeededGenerator(seed: 13)
        for round in 0..<8_000 {
            var text = "let x = "
            for _ in 0..<(1 + random.below(12)) { text += random.pick(pieces) }
            if !Self.survives(text) { Issue.record("seed 13, round \(round): \(text)") }
        }
    }

    @Test func randomSelectsNeverTrap() {
        let words = [
            "select", "from", "t", "where", "group", "by", "having", "order", "limit", "5", "join", "inner", "as", "n", "(", ")", ",", "*",
            "count(*)", "'a'", "<>", "desc", ";", "case", "if(", "between", "and", "sum(x)", "over", "|", "\n", "--", "/*", "\"",
        ]
        var random = SeededGenerator(seed: 17)
        for round in 0..<5_000 {
            var text = random.pick(["select ", "SELECT ", "from t | ", "from t ", "from t | where x in (select ", "explain "])
            for _ in 0..<random.below(20) { text += random.pick(words) + " " }
            if !Self.survives(text) { Issue.record("seed 17, round \(round): \(text)") }
        }
    }

    /// Every beginning of good statements, and every one with a character missing.
    @Test func damagedStatementsNeverTrap() {
        for (text, _) in SyntaxExamplesTests.accepted {
            let characters = Array(text)
            for at in characters.indices {
                for damaged in [String(characters[..<at]), String(characters[..<at] + characters[(at + 1)...])]
                where !Self.survives(damaged) {
                    Issue.record("\(damaged)")
                }
            }
        }
    }

    @Test func deepNestingIsAnError() {
        func failure(_ text: String) -> String {
            do {
                _ = try Statement.parse(SourceText(name: "deep", text: text))
                return ""
            } catch { return error.message }
        }
        func times(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }
        let deep = 20_000
        #expect(failure("from t | where " + times("(", deep) + "a" + times(")", deep)).contains("nested too deep"))
        #expect(failure("from t | where " + times("[", deep)).contains("nested too deep"))
        #expect(failure("from t | where " + times("f(", deep)).contains("nested too deep"))
        #expect(failure("from t | where " + times("not ", deep) + "a").contains("nested too deep"))
        #expect(failure("from t | where " + times("- ", deep) + "a").contains("nested too deep"))
        #expect(failure("from t | where " + times("if a then ", deep)).contains("nested too deep"))
        #expect(failure("from t | where " + times("sum(x) per (", deep)).contains("nested too deep"))
        #expect(failure(times("from (", deep)).contains("nested too deep"))
        #expect(failure("from t | where x in " + times("(from t | where x in ", deep)).contains("nested too deep"))
        #expect(failure("from t " + times("| join (from t ", deep)).contains("nested too deep"))
        #expect(failure("from t | derive x: a" + times(" + a", deep)).contains("in a row"))
        #expect(failure("from t | where a" + times(" or a", deep)).contains("in a row"))
        #expect(failure("from t | where a" + times(" and a", deep)).contains("in a row"))
        #expect(failure("from t | derive x: " + times("(a", 150) + times(times(" + a", 100) + ")", 150)).contains("in a row"))
        // What is reasonable is fine.
        #expect(failure("from t | where " + times("(", 90) + "a" + times(")", 90)) == "")
        #expect(failure("from t | derive x: a" + times(" + a", 400)) == "")
        #expect(failure("from t | where a in [1" + times(", 1", deep) + "]") == "")
        #expect(failure("from t" + times(" | take 5", 10_000)) == "")
        #expect(failure("from t | derive x: if a then 1" + times(" else if a then 1", 199)) == "")
        #expect(failure("from t | derive x: if a then 1" + times(" else if a then 1", 200)).contains("200 branches"))
    }
}
