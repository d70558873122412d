import Testing

@testable import Query

import struct Query.Expression

@Suite struct SyntaxExpressionTests {
    static let readings: [(String, String)] = [
        ("a + b * c", "(a + (b * c))"), ("a - b - c", "((a - b) - c)"), ("a - (b - c)", "(a - (b - c))"),
        ("a / b div c mod d", "(((a / b) div c) mod d)"),
        ("-a * b", "((-a) * b)"), ("-2.5%", "(-0.025)"), ("a - -b", "(a - (-b))"), ("not a = b", "(not (a = b))"),
        ("not a and not b", "((not a) and (not b))"), ("not not a", "(not (not a))"), ("(a and b) or c", "((a and b) or c)"),
        ("a or (b and c) or d", "((a or (b and c)) or d)"), ("(a or b) and c", "((a or b) and c)"),
        ("a + 1 > b - 2", "((a + 1) > (b - 2))"),
        ("a in 1..5", "(a in (1..5))"), ("a not in [1, 2]", "(a not in [1, 2])"), ("a in [1, 2] and b", "((a in [1, 2]) and b)"),
        ("a is null", "(a is null)"), ("a + b is not null", "((a + b) is not null)"), ("a like \"x%\"", "(a like \"x%\")"),
        ("a not like \"x%\" and b", "((a not like \"x%\") and b)"), ("not a in b", "(not (a in b))"),
        ("a + 1..b * 2", "((a + 1)..(b * 2))"),
        ("(a = b) = c", "((a = b) = c)"), ("ts in last 90d", "(ts in last 90d)"), ("ts in last 3mo and x", "((ts in last 3mo) and x)"),
        ("d in this month", "(d in this month)"), ("d in previous quarter", "(d in previous quarter)"),
        ("d < next year", "(d < next year)"),
        ("d in next 30d", "(d in next 30d)"), ("d in last @window", "(d in last @window)"), ("d in mtd", "(d in mtd)"),
        ("d = today - 1", "(d = (today - 1))"),
        ("last", "last"), ("last + 1", "(last + 1)"), ("last(balance by date)", "last(balance by date)"), ("`today`", "`today`"),
        ("today()", "today()"),
        ("today.x", "today.x"), ("this", "this"), ("next", "next"), ("count", "count"), ("top + date", "(top + date)"),
        ("time in key", "(time in key)"),
        ("d in month(date)", "(d in month(date))"), ("x in (from t | select k)", "(x in (from t | select k))"),
        ("sum(amount) per customer_id", "sum(amount){per customer_id}"), ("amount / sum(amount) per k", "(amount / sum(amount){per k})"),
        ("rank() per channel by amount desc", "rank(){per channel}{by amount desc}"),
        ("rank() per (a, b) by (x desc, y)", "rank(){per a, b}{by x desc, y}"),
        ("running_sum(v) by v desc - sum(v) per v", "(running_sum(v){by v desc} - sum(v){per v})"), ("f() by x per k", "f(){per k}{by x}"),
        ("sum(x) per month(date) by y", "sum(x){per month(date)}{by y}"), ("sum(x) per a.b + 1", "(sum(x){per a.b} + 1)"),
        ("sum(x) per (a + b)", "sum(x){per (a + b)}"),
        ("sum(amount where dir = \"in\" and x > 5)", "sum(amount where ((dir = \"in\") and (x > 5)))"),
        ("count(where a)", "count( where a)"), ("last(a where b by c desc, d)", "last(a where b by c desc, d)"),
        ("last(a by c where b)", "last(a where b by c)"), ("list(x, 5 by y)", "list(x, 5 by y)"), ("rfm(a.b, k: 5)", "rfm(a.b, k: 5)"),
        ("exists(complaints where closed is null)", "exists(complaints where (closed is null))"),
        ("if a then b else c + 1", "(if a then b else (c + 1))"), ("if a then b", "(if a then b)"),
        ("if a then 1 else if b then 2 else 3", "(if a then 1 else if b then 2 else 3)"),
        ("if a then 1 else (if b then 2 else 3)", "(if a then 1 else if b then 2 else 3)"),
        ("1 + if a then b else c", "(1 + (if a then b else c))"),
        ("if above < 80% then \"A\" else \"C\"", "(if (above < 0.80) then \"A\" else \"C\")"), ("@a - @b", "(@a - @b)"), ("[]", "[]"),
        ("[1, [2]]", "[1, [2]]"),
        ("a in b..c or d", "((a in (b..c)) or d)"), ("outer.x = y", "(outer.x = y)"), ("中文 + 列", "(中文 + 列)"),
        ("`a b`.`from`", "`a b`.`from`"),
        ("2026-09-30 12:00:00 - 2d", "(2026-09-30 12:00:00 - 2d)"), ("x * 2y", "(x * 2y)"), ("m", "m"), ("a.count", "a.count"),
        ("a=b", "(a = b)"),
        ("a<-1", "(a < (-1))"),
    ]

    @Test(arguments: readings) func isReadAs(_ text: String, _ expected: String) throws { #expect(try reading(text) == expected) }

    /// What is printed is read as the same tree, and printing that again changes nothing.
    @Test(arguments: readings) func printedIsReadBack(_ text: String, _ expected: String) throws {
        let tree = try Expression.parse(text)
        let printed = tree.formatted()
        let again = try Expression.parse(printed)
        #expect(outline(again) == outline(tree), "\(printed)")
        #expect(again.formatted() == printed)
    }

    @Test func canonicalText() throws {
        func canonical(_ text: String) throws -> String { try Expression.parse(text).formatted() }
        #expect(try canonical("((a+(b*c)))") == "a + b * c")
        #expect(try canonical("(a+b)*c") == "(a + b) * c")
        #expect(try canonical("a and(b or c)") == "a and (b or c)")
        #expect(try canonical("500k") == "500000")
        #expect(try canonical("1.50") == "1.50")
        #expect(try canonical("1e5") == "100000.0e0")
        #expect(try canonical("36h") == "36h")
        #expect(try canonical("2w") == "14d")
        #expect(try canonical("24mo") == "2y")
        #expect(try canonical("“中\"”") == "\"中\\\"\"")
        #expect(try canonical("sum(x)per(k)by(y)") == "sum(x) per k by y")
        #expect(try canonical("-(-a)") == "-(-a)")
        #expect(try canonical("not(a and b)") == "not (a and b)")
        #expect(try canonical("if a then (if b then c) else d") == "if a then (if b then c) else d")
        #expect(try canonical("\"a\\u{202E}\\u{0}b\"") == "\"a\\u{202E}\\u{0}b\"")
    }
}
