import Testing

@testable import Query

/// Malformed statements with the place, the marked piece, the message and the hint that each must get.
@Suite struct SyntaxErrorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let line: Int
        let column: Int
        let marked: String
        let message: String
        let hint: String?

        init(_ text: String, _ line: Int, _ column: Int, _ marked: String, _ message: String, _ hint: String?) {
            self.text = text
            self.line = line
            self.column = column
            self.marked = marked
            self.message = message
            self.hint = hint
        }

        var testDescription: String { text }
    }

    @Test(arguments: malformed) func isTold(_ expected: Case) throws {
        let source = SourceText(name: "q.crmq", text: expected.text)
        let error = try #require(throws: QueryError.self) { _ = try Statement.parse(source) }
        let place = try #require(Diagnostic(error, in: source).place)
        let span = try #require(error.span)
        #expect(place.line == expected.line)
        #expect(place.column == expected.column)
        #expect(String(decoding: Array(expected.text.utf8)[span], as: UTF8.self) == expected.marked)
        #expect(error.message == expected.message)
        #expect(error.hint == expected.hint)
        #expect(error.kind == .syntax)
    }

    @Test func anErrorIsShownBelowItsLine() {
        func shown(_ text: String, line: Int = 1, column: Int = 1) -> String {
            let source = SourceText(name: "q.crmq", text: text, firstLine: line, firstColumn: column)
            do {
                _ = try Statement.parse(source)
                return "no error"
            } catch { return Diagnostic.render(error, in: source) }
        }
        #expect(
            shown("from 客户\r\n| where 城市 = “杭州” 余额\r\n| take 5") == """
                q.crmq:2:19: expected `|` or the end behind the stage `where`, found `余额`
                | where 城市 = “杭州” 余额
                                      ^~~~
                hint: conditions are joined by `and` or `or`
                """)
        #expect(
            shown("from t\t| where\ta = \u{1}5", line: 7, column: 4) == """
                q.crmq:7:23: an invisible character (U+0001) has no meaning here
                from t | where a = ␁5
                                   ^
                hint: delete it
                """)
        #expect(
            shown("\n from t | where", line: 7, column: 4) == """
                q.crmq:8:16: expected a value, found the end
                 from t | where
                               ^
                """)
        let long =
            "from t | where a in [" + String(repeating: "1000, ", count: 100) + "oops oops, " + String(repeating: "1000, ", count: 100)
            + "1]"
        let lines = shown(long).split(separator: "\n")
        #expect(lines[0] == "q.crmq:1:627: expected `,` or `]`, found `oops`")
        #expect(displayWidth(lines[1]) <= 160)
        #expect(lines[1].hasPrefix("…") && lines[1].hasSuffix("…"))
        let mark = displayWidth(lines[2].prefix { $0 == " " })
        #expect(lines[1].dropFirst(mark).hasPrefix("oops, 1000"))
        #expect(Diagnostic.render(QueryError(.data, "no place\u{1B}[31m"), in: SourceText(name: "-c", text: "x")) == "-c: no place␛[31m")
    }

    static let malformed: [Case] = [
        Case(
            "select name, city from customers where x = 1", 1, 1, "select", "a query starts with its table",
            "write `from customers | where x = 1 | select name, city`"),
        Case(
            "select count(*) from t group by city", 1, 1, "select", "a query starts with its table",
            "write `from t | summarize count() by city`"),
        Case(
            "SELECT city, COUNT(*) AS n FROM t WHERE a <> 'x' GROUP BY city HAVING n > 5 ORDER BY n DESC LIMIT 10;", 1, 1, "SELECT",
            "a query starts with its table",
            "write `from t | where a != \"x\" | summarize n: count() by city | where n > 5 | sort n desc | take 10`"),
        Case("select distinct a from t", 1, 1, "select", "a query starts with its table", "write `from t | distinct a`"),
        Case("select 1", 1, 1, "select", "a query starts with its table", "write `from t | select 1`"),
        Case("select", 1, 1, "select", "a query starts with its table", "write `from t`"),
        Case("from t | select a, b from u", 1, 22, "from", "the table stands in front", "from u | select a, b"),
        Case("from t | order by amount desc", 1, 10, "order", "there is no stage `order`", "write `| sort amount desc`"),
        Case("from t order by amount", 1, 8, "order", "there is no `order` behind the source", "write `| sort amount`"),
        Case("from t | take 5 limit 3", 1, 17, "limit", "there is no `limit` behind the stage `take`", "write `| take 3`"),
        Case("from t limit 10", 1, 8, "limit", "there is no `limit` behind the source", "write `| take 10`"),
        Case("from t where a = 1", 1, 8, "where", "a stage begins with `|`", "write `| where a = 1`"),
        Case("from t | filter a > 1 and b", 1, 10, "filter", "there is no stage `filter`", "write `| where a > 1 and b`"),
        Case("from t | project a, c", 1, 10, "project", "there is no stage `project`", "write `| select a, c`"),
        Case("from t | group by city", 1, 10, "group", "there is no stage `group`", "write `| summarize n: count() by city`"),
        Case(
            "from t | where a = 1 b = 2", 1, 22, "b", "expected `|` or the end behind the stage `where`, found `b`",
            "conditions are joined by `and` or `or`"),
        Case(
            "from t | where x y", 1, 18, "y", "expected `|` or the end behind the stage `where`, found `y`",
            "conditions are joined by `and` or `or`"),
        Case(
            "from t | where a = 1, b = 2", 1, 21, ",", "expected `|` or the end behind the stage `where`, found `,`",
            "conditions are joined by `and`; a list stands in square brackets: in [1, 2]"),
        Case(
            "from t | where x in 1, 2", 1, 22, ",", "expected `|` or the end behind the stage `where`, found `,`",
            "conditions are joined by `and`; a list stands in square brackets: in [1, 2]"),
        Case(
            "from t | where x = 5%3", 1, 22, "3", "expected `|` or the end behind the stage `where`, found 3",
            "the remainder of a division is `a mod b`"),
        Case("-- comment", 1, 1, "--", "`--` has no meaning here", "a comment starts with `#`"),
        Case("// comment", 1, 1, "//", "`//` has no meaning here", "a comment starts with `#`"),
        Case(
            "from t | derive if: 1", 1, 17, "if", "expected a name, found the reserved word `if`",
            "a name that is a reserved word stands in backticks: `if`"),
        Case("load t \"a.csv\"", 1, 8, "\"a.csv\"", "expected `from`, found the text \"a.csv\"", "load t from \"a.csv\""),
        Case("load t from a.csv", 1, 13, "a", "expected a file in quotes or a query in brackets, found `a`", "load t from \"a.csv\""),
        Case("from a.csv", 1, 7, ".", "a table's name has no point", "a file stands in quotes: from \"a.csv\""),
        Case("from t | to file.csv", 1, 13, "file", "expected a file's name in quotes, found `file`", "to \"file.csv\""),
        Case("from t | top 10 amount", 1, 17, "amount", "expected `by`, found `amount`", "top 10 by amount"),
        Case(
            "from t | top 5 customers by x", 1, 16, "customers", "expected `by`, found `customers`",
            "top 5 by …: the rows are those that come down the pipe"),
        Case("from t | rename a b", 1, 19, "b", "expected `:` behind the new name, found `b`", "rename b: a"),
        Case("from t | rename a as b", 1, 19, "as", "expected `:` behind the new name, found `as`", "rename b: a"),
        Case("from t | where customer.sum(x) > 5", 1, 16, "customer.sum", "a function's name has no point", "write sum(customer.x)"),
        Case("from t | where amount.sum() > 5", 1, 16, "amount.sum", "a function's name has no point", "write sum(amount)"),
        Case("explain select a from t", 1, 9, "select", "a query starts with its table", "write `from t | select a`"),
        Case("explain load t from \"a\"", 1, 9, "load", "only a query is explained", "explain from t | …"),
        Case("from t | where d = 2026-9-3", 1, 20, "2026-9-3", "a month has two digits: `2026-09-03`", nil),
        Case("x = 5", 1, 1, "x", "a definition starts with its word", "let x = 5"),
        Case("customers | take 5", 1, 1, "customers", "a query starts with `from`", "write `from customers | …`"),
        Case("from t | derive a: 1,", 1, 22, "", "expected a value, found the end", "a comma is followed by one more item"),
        Case("from t | where x in (\"a\")", 1, 21, "(\"a\")", "a list stands in square brackets", "write [\"a\"]"),
        Case(
            "from t | where a rlike \"x\"", 1, 18, "rlike", "expected `|` or the end behind the stage `where`, found `rlike`",
            "a regular expression is tested by a function, a simple pattern by like \"a%\""),
        Case(
            "from t | distinct on a", 1, 22, "a", "expected `|` or the end behind the stage `distinct`, found `a`",
            "names are separated by commas"),
        Case(
            "from t | sort desc a", 1, 20, "a", "expected `|` or the end behind the stage `sort`, found `a`",
            "the column comes first: sort a desc"),
        Case(
            "from t | where d > '2026-09-01'", 1, 20, "'2026-09-01'", "texts stand in double quotes",
            "write \"2026-09-01\"; a date has no quotes: 2026-09-01"),
        Case("FROM t", 1, 1, "FROM", "there is no statement `FROM`", "did you mean `from`?"),
        Case("from t | WHERE a = 1", 1, 10, "WHERE", "there is no stage `WHERE`", "did you mean `where`?"),
        Case(
            "from t | where a = 1 AND b = 2", 1, 22, "AND", "expected `|` or the end behind the stage `where`, found `AND`",
            "keywords are written small: `and`"),
        Case(
            "from t | where a = NULL", 1, 20, "NULL", "expected a value, found `NULL`",
            "keywords are written small: `null`; a column of that name stands in backticks"),
        Case(
            "from t | where a IS NULL", 1, 18, "IS", "expected `|` or the end behind the stage `where`, found `IS`",
            "keywords are written small: `is`"),
        Case("from t | derive x: if(a > 5, 1, 2)", 1, 20, "if", "`if` is not a function", "write `if a > 5 then 1 else 2`"),
        Case("from t | derive x: if(a > 5, 1)", 1, 20, "if", "`if` is not a function", "write `if a > 5 then 1`"),
        Case(
            "from t | summarize total: sum(x) by city order by total desc limit 5", 1, 42, "order",
            "there is no `order` behind the stage `summarize`", "write `| sort total desc`"),
        Case(
            "from t | summarize sum amount by city", 1, 24, "amount",
            "expected `|` or the end behind the stage `summarize`, found `amount`",
            "a function has brackets: sum(amount); names are separated by commas"),
        Case(
            "from t | summarize total: sum(x) where a > 5 by city", 1, 34, "where", "a stage begins with `|`",
            "for one aggregate the condition stands in its brackets: sum(x where …); for all rows in a stage before: | where …"),
        Case(
            "from t | where NOT a", 1, 16, "NOT", "expected a value, found `NOT`",
            "keywords are written small: `not`; a column of that name stands in backticks"),
        Case(
            "from t | case x when 1", 1, 10, "case", "there is no stage `case`",
            "stages: where, derive, select, drop, rename, summarize, sort, take, top, distinct, expand, join, union, pivot, fill, sample, profile, assert, to, bar, line, histogram, heatmap; a verb has brackets: case(…)"
        ),
        Case(
            "from t | derive x: case a when 1 then 2 end", 1, 20, "case", "there is no `case when`",
            "write `if a then b else if c then d else e`"),
        Case(
            "from t | drop a b", 1, 17, "b", "expected `|` or the end behind the stage `drop`, found `b`", "names are separated by commas"),
        Case("select * from customers", 1, 1, "select", "a query starts with its table", "write `from customers`"),
        Case(
            "from t | summarize sum(amount) group by city", 1, 32, "group", "there is no `group` behind the stage `summarize`",
            "write `| summarize n: count() by city`"),
        Case(
            "from t | summarize count() by city having count() > 5", 1, 36, "having", "there is no `having` behind the stage `summarize`",
            "write `| where count() > 5`"),
        Case("from t | summarize count(*) by city", 1, 26, "*", "count() needs no `*`", "count() counts rows, count(x) the values of x"),
        Case(
            "from t | summarize count(distinct city)", 1, 26, "distinct", "`distinct` is a function of its own",
            "distinct(city) counts the different values"),
        Case("from t | sort by amount", 1, 15, "by", "`sort` names its columns at once", "sort amount desc, name"),
        Case("from t | where amount between 1 and 5", 1, 23, "between", "there is no `between`", "write `amount in 1..5`, both ends in"),
        Case(
            "from t | where amount not between 1 and 5 and b", 1, 27, "between", "there is no `between`",
            "write `amount not in 1..5`, both ends in"),
        Case("from t | where a == 1", 1, 18, "==", "`==` is not an operator", "`=` compares"),
        Case("from t | where a <> 1", 1, 18, "<>", "`<>` is not an operator", "write `!=`"),
        Case("from t | where a = 1 && b = 2", 1, 22, "&&", "`&&` is not an operator", "write `and`"),
        Case("from t | where a = 1 || b = 2", 1, 22, "||", "`||` is not an operator", "write `or`; texts are joined by concat(a, b)"),
        Case("from t | where !a", 1, 16, "!", "`!` is not an operator", "write `not`, or `!=` for unequal"),
        Case("from t | limit 10", 1, 10, "limit", "there is no stage `limit`", "write `| take 10`"),
        Case("from t | head 10", 1, 10, "head", "there is no stage `head`", "write `| take 10`"),
        Case("from t inner join u on a = b", 1, 8, "inner", "there is no `inner` behind the source", "write `| join t on a = b`"),
        Case("from t join u on a = b", 1, 8, "join", "a stage begins with `|`", "write `| join u on a = b`"),
        Case(
            "from t | join u on t.a = u.b", 1, 20, "t.a", "`on` names columns without their table",
            "the column here first, the column there behind `=`: on branch_id = id"),
        Case("from t | join u on a = b and c = d", 1, 26, "and", "the columns of a join are separated by commas", "on a = b, c = d"),
        Case("from t;;", 1, 8, ";", "one `;` ends a statement", nil),
        Case(";", 1, 1, ";", "no statement stands before this `;`", "one `;` ends a statement"),
        Case("from t | where a = 'text'", 1, 20, "'text'", "texts stand in double quotes", "write \"text\""),
        Case("from t | where a = 'it", 1, 20, "'", "a single quote has no meaning here", "texts stand in double quotes: \"…\""),
        Case(
            "insert into t values (1)", 1, 1, "insert", "there is no `insert`",
            "append t from (from other | …), or append t from \"file.csv\""),
        Case(
            "update t set a = 1", 1, 1, "update", "there is no `update`",
            "upsert t from (from t | where … | derive a: …): rows replace those with their key"),
        Case("from t | extend x = 1", 1, 10, "extend", "there is no stage `extend`", "write `| derive x: a + b`"),
        Case("from t | group city", 1, 10, "group", "there is no stage `group`", "write `| summarize n: count() by city`"),
        Case("from t | where a = null", 1, 16, "a = null", "a comparison with null is never true", "write `a is null`"),
        Case("from t | where a != null", 1, 16, "a != null", "`!= null` is true for every row", "write `a is not null`"),
        Case("from t | select a as b", 1, 19, "as", "`as` names nothing here", "a name stands in front with a colon: b: a"),
        Case(
            "from t | summarize count() as n by city", 1, 28, "as", "`as` names nothing here",
            "a name stands in front with a colon: n: count()"),
        Case("from t as x", 1, 8, "as", "expected `|`, found `as`", "a table has no other name here"),
        Case(
            "from t | summarize n = count()", 1, 20, "n = count()", "`=` compares; a column is named with `:`",
            "n: count(); if the comparison is meant, name it: x: n = count()"),
        Case(
            "from t | derive x = a + b", 1, 17, "x = a + b", "`=` compares; a column is named with `:`",
            "x: a + b; if the comparison is meant, name it: x: x = a + b"),
        Case("from t | where (a = 1", 1, 16, "(", "this `(` is never closed", "expected `)` before the end"),
        Case("from t | where f(a, b", 1, 17, "(", "this `(` is never closed", "expected `)` before the end"),
        Case("from t | where a in [1, 2", 1, 21, "[", "this `[` is never closed", "expected `]` before the end"),
        Case("from t | where a = 1)", 1, 21, ")", "this `)` was never opened", nil),
        Case(
            "from t | where a = \"open", 1, 20, "\"", "this quote is never closed",
            "a text ends on its line; inside it a quote is written \\\" and a line break \\n"),
        Case(
            "from t | where a = “open", 1, 20, "“", "this quote is never closed",
            "a text ends on its line; inside it a quote is written \\\" and a line break \\n"),
        Case(
            "from t | derive x: `open", 1, 20, "`", "this backtick is never closed",
            "a name in backticks ends on its line; a backtick inside it is written twice"),
        Case("from t | derive x: ``", 1, 20, "``", "a name in backticks is empty", nil),
        Case("from t | take 5 5", 1, 17, "5", "expected `|` or the end behind the stage `take`, found 5", nil),
        Case("from t | take", 1, 14, "", "expected a value, found the end", nil),
        Case(
            "from t |", 1, 9, "", "a stage is missing behind `|`",
            "stages: where, derive, select, drop, rename, summarize, sort, take, top, distinct, expand, join, union, pivot, fill, sample, profile, assert, to, bar, line, histogram, heatmap"
        ),
        Case("from t | | take 5", 1, 10, "|", "a stage is missing between two `|`", nil),
        Case("from t | where", 1, 15, "", "expected a value, found the end", nil),
        Case(
            "from t | where and a", 1, 16, "and", "expected a value, found the reserved word `and`",
            "a name that is a reserved word stands in backticks: `and`"),
        Case("from t | where a and", 1, 21, "", "expected a value, found the end", nil),
        Case(
            "from t | where a = 1 and b = 2 or c = 3", 1, 16, "a = 1 and b = 2 or c = 3", "`and` and `or` are mixed without brackets",
            "if this is meant, write (a = 1 and b = 2) or c = 3"),
        Case(
            "from t | where a = 1 or b = 2 and (c = 3 or d)", 1, 16, "a = 1 or b = 2 and (c = 3 or d)",
            "`and` and `or` are mixed without brackets", "if this is meant, write a = 1 or (b = 2 and (c = 3 or d))"),
        Case("from t | where a < b < c", 1, 22, "<", "comparisons do not chain", "`a < b and b < c`, or `b in a..c` with both ends in"),
        Case("from t | where x in (\"a\", \"b\")", 1, 21, "(\"a\", \"b\")", "a list stands in square brackets", "write [\"a\", \"b\"]"),
        Case("from t | where x in (select a from u)", 1, 22, "select", "a query starts with its table", "write `from u | select a`"),
        Case(
            "from t | where 1..", 1, 19, "", "expected the range's upper end, found the end",
            "a range names both ends: 1..5; an open one is a comparison: x >= 1"),
        Case(
            "from t | where x in ..5", 1, 21, "..", "expected a value, found `..`",
            "a range names both ends: 1..5; an open one is a comparison: x <= 5"),
        Case("from t | where x in 1..2..3", 1, 25, "..", "a range has two ends", "as in 1..5"),
        Case("from t | where d = 2026-02-30", 1, 20, "2026-02-30", "there is no `2026-02-30`: 2026-02 has 28 days", nil),
        Case(
            "from t | where d = 2026-13", 1, 20, "2026-13", "there is no `2026-13`: months are 01 to 12",
            "a subtraction has spaces: 2026 - 13"),
        Case("from t | where d = 2026-09-3", 1, 20, "2026-09-3", "a date is written as 2026-09-30: year, month, day with two digits", nil),
        Case("from t | where d in 2026-Q5", 1, 21, "2026-Q5", "there is no `2026-Q5`: quarters are Q1 to Q4", nil),
        Case("from t | where d in 2026-W54", 1, 21, "2026-W54", "there is no `2026-W54`: weeks are W01 to W53", nil),
        Case("from t | where d in 2025-W53", 1, 21, "2025-W53", "there is no `2025-W53`: 2025 has 52 weeks", nil),
        Case(
            "from t | where d = 2026-09-30T25:00", 1, 20, "2026-09-30T25:00",
            "there is no `2026-09-30T25:00`: times go from 00:00:00 to 23:59:59", nil),
        Case(
            "from t | where d = 2026-09-30 12:00:00.1234567", 1, 20, "2026-09-30 12:00:00.1234567",
            "times are exact to the microsecond: six digits", nil),
        Case(
            "from t | where d = 2026-09-30T12:00:00Z", 1, 20, "2026-09-30T12:00:00Z", "timestamps have no time zone",
            "leave it out and write local time"),
        Case(
            "from t | where d = 2026-09-30 12:00:00+08:00", 1, 20, "2026-09-30 12:00:00+08:00", "timestamps have no time zone",
            "leave it out and write local time"),
        Case("from t | where d = 0000-01-01", 1, 20, "0000-01-01", "there is no `0000-01-01`: years go from 0001 to 9999", nil),
        Case(
            "from t | where x > 1000-50", 1, 20, "1000-50", "there is no `1000-50`: months are 01 to 12",
            "a subtraction has spaces: 1000 - 50"),
        Case(
            "from t | where x = 1234567890123456789", 1, 20, "1234567890123456789", "a number has more than 18 digits",
            "exact numbers hold 18 digits; a float is written with an exponent: 1e20"),
        Case(
            "from t | where x = 999999999999bn", 1, 20, "999999999999bn", "a number has more than 18 digits",
            "exact numbers hold 18 digits; a float is written with an exponent: 1e20"),
        Case(
            "from t | where x = 0.1234567890123", 1, 20, "0.1234567890123", "a number has more than 12 digits behind the point",
            "exact numbers hold 12 of them; a float is written with an exponent: 1e-13"),
        Case("from t | where x = 1e999", 1, 20, "1e999", "this number is too large", "floats reach about 1.8e308"),
        Case("from t | where x = 10days", 1, 20, "10days", "`days` is not a unit", "write 10d"),
        Case(
            "from t | where x = 10x", 1, 20, "10x", "`10x` is neither a number nor a name",
            "units are k m bn 万 亿 and s min h d w mo q y; a name that starts with a digit stands in backticks"),
        Case("from t | where x = 5 % 3", 1, 22, "%", "`%` stands right behind a number: 2.5%", "the remainder of a division is `a mod b`"),
        Case("from t | where x = 1.", 1, 20, "1.", "a number ends in a point", "write `1.0`, or leave the point out"),
        Case("from t | where x = .5", 1, 20, ".", "expected a value, found `.`", "a number starts with a digit: 0.5"),
        Case(
            "from t | where x = 1.5mo", 1, 20, "1.5mo", "calendar units are whole: months, quarters and years have no parts",
            "a year and a half is 18mo"),
        Case(
            "from t | where x in last 90 days", 1, 21, "last 90", "`last` takes a duration",
            "write `last 90d`; durations are 48h 15min 90d 2w 3mo 1q 1y"),
        Case(
            "from t | where x in last month", 1, 21, "last month", "`last` counts: last 90d, last 3mo",
            "the whole month before this one is `previous month`"),
        Case(
            "from t | where x = \"a\\d\"", 1, 22, "\\d", "`\\d` is not an escape",
            "escapes are \\n \\t \\r \\\" \\\\ and \\u{4E2D}; a backslash itself is written \\\\"),
        Case(
            "from t | where x = \"\\u12\"", 1, 21, "\\u", "`\\u` is followed by a character's number in braces",
            "as in \\u{4E2D}, one to six hexadecimal digits"),
        Case("from t | where a -- comment", 1, 18, "--", "`--` has no meaning here", "a comment starts with `#`"),
        Case("from t | where a /* comment */", 1, 18, "/*", "`/*` has no meaning here", "a comment starts with `#`"),
        Case(
            "from t | derive x: from", 1, 20, "from", "expected a value, found the reserved word `from`",
            "a query stands in brackets: (from t | …)"),
        Case("from t | sumarize count()", 1, 10, "sumarize", "there is no stage `sumarize`", "did you mean `summarize`?"),
        Case(
            "from t | frobnicate", 1, 10, "frobnicate", "there is no stage `frobnicate`",
            "stages: where, derive, select, drop, rename, summarize, sort, take, top, distinct, expand, join, union, pivot, fill, sample, profile, assert, to, bar, line, histogram, heatmap; a verb has brackets: frobnicate(…)"
        ),
        Case("from t | top 10", 1, 16, "", "expected `by`, found the end", "top 10 by amount"),
        Case("from t | top 5 by x per k", 1, 21, "per", "`per` stands before `by`", "top 10 per branch by amount"),
        Case("from t | top 5 per a, b by x", 1, 21, ",", "several keys stand in brackets", "per (a, b)"),
        Case("from t | pivot sum(x) by m", 1, 27, "", "expected `over`, found the end", "pivot sum(amount) by month over channel"),
        Case("from t | pivot sum(x) over c by m", 1, 30, "by", "`by` stands before `over`", "pivot sum(amount) by month over channel"),
        Case("from t, u", 1, 7, ",", "a query has one source", "from a | join b on key, or from a | union b"),
        Case("from t | fill m per a, b", 1, 22, ",", "several keys stand in brackets", "per (a, b)"),
        Case(
            "from \"a.csv", 1, 6, "\"", "this quote is never closed",
            "a text ends on its line; inside it a quote is written \\\" and a line break \\n"),
        Case("from 5", 1, 6, "5", "expected a table, a file in quotes or a query in brackets, found 5", nil),
        Case("form t | take 5", 1, 1, "form", "there is no statement `form`", "did you mean `from`?"),
        Case("customers", 1, 1, "customers", "a query starts with `from`", "write `from customers`"),
        Case("load t from u", 1, 13, "u", "expected a file in quotes or a query in brackets, found `u`", "load t from (from u)"),
        Case("load into t from \"a\"", 1, 6, "into", "`load` names its table at once", "load t from \"file.csv\""),
        Case("load t from \"a\" kye a", 1, 17, "kye", "`kye` is not an option of a file", "did you mean `key`?"),
        Case("load t from \"a\" key", 1, 20, "", "expected a key column, found the end", nil),
        Case("load t from \"a\" key a key b", 1, 23, "key", "`key` is given twice", nil),
        Case("load t from \"a\" types: (a: varchar)", 1, 28, "varchar", "there is no type `varchar`", "write `text`"),
        Case(
            "load t from \"a\" types: (a: decimal(10,2))", 1, 38, ",", "a decimal names only the digits behind the point",
            "decimal(10, 2) is decimal(2): it holds 18 digits in all"),
        Case(
            "load t from \"a\" types: (a: nonsense)", 1, 28, "nonsense", "there is no type `nonsense`",
            "types: bool, int, decimal(2), float, text, date, timestamp, week, month, quarter, year, duration"),
        Case("load t from \"a\" types: (a: txt)", 1, 28, "txt", "there is no type `txt`", "did you mean `text`?"),
        Case("load t from \"a\" null", 1, 21, "", "expected a value for `null`, found the end", nil),
        Case("load t from \"a\" null: \"?\",", 1, 27, "", "expected a value for `null`, found the end", nil),
        Case("create table t", 1, 15, "", "expected `(`, found the end", "columns and their types in brackets: (a: int, b: text)"),
        Case(
            "create table t (a)", 1, 18, ")", "expected a type, found `)`",
            "types: bool, int, decimal(2), float, text, date, timestamp, week, month, quarter, year, duration"),
        Case("create view v as select", 1, 8, "view", "expected `table`, found `view`", "a saved query is `query name = from …`"),
        Case(
            "delete t", 1, 9, "", "expected `where`, found the end",
            "delete t where …; all rows: where true; the table itself: drop table t"),
        Case(
            "drop t", 1, 6, "t", "expected `table`, found `t`",
            "drop table t, drop segment s; columns of an answer are dropped by a stage: from t | drop a"
        ),
        Case(
            "rename t to u", 1, 8, "t", "expected `table`, `column` or a kind of definition, found `t`",
            "rename table a to b, rename column t.a to b, or rename segment a to b"),
        Case(
            "segment vip = a > 1", 1, 13, "=", "expected `on` and the table whose rows it is about, found `=`",
            "segment vip on customers = …"),
        Case(
            "segment vip(x) on t = a", 1, 12, "(", "a segment has no parameters",
            "a metric or a verb has: metric spend(window) on customers = …"),
        Case("metric m on t: a", 1, 14, ":", "expected `=`, found `:`", "metric m on t = …"),
        Case("verb v(x) = from t", 1, 13, "from", "a verb is stages without a source", "query v = from … names a whole query"),
        Case("verb v(x, x) = take 1", 1, 11, "x", "two parameters are called x", nil),
        Case("verb v(k: 1, x) = take 1", 1, 14, "x", "x has no default and stands behind one that has", "put it in front"),
        Case("verb v(k = 1) = take 1", 1, 10, "=", "`:` stands before a default", "k: 5"),
        Case(
            "query q = where a", 1, 11, "where", "expected `from`, found the reserved word `where`",
            "a query starts with its table: from t | …"),
        Case(
            "save vip", 1, 6, "vip", "expected a definition behind `save`, found `vip`",
            "save segment vip on customers = …; segment, metric, verb, query, let, param"),
        Case("rename segment a b", 1, 18, "b", "expected `to`, found `b`", "rename segment a to …"),
        Case("run \"a.crmq\" with @m = 1", 1, 19, "@", "a parameter is named without `@` here", "run \"file.crmq\" with month = 2026-10"),
        Case("run \"a.crmq\" with m: 1", 1, 20, ":", "expected `=`, found `:`", "with m = …"),
        Case(
            "from t | where vip as of version 4", 1, 26, "version", "a version is one of the whole store",
            "from t as of version 41; a segment is dated: vip as of 2026-08-31"),
        Case("let x 5", 1, 7, "5", "expected `=`, found 5", "let x = …"),
        Case("let @x = 5", 1, 5, "@", "a definition has no `@`", "let x = 1; it is read as @x"),
        Case("param x = 5", 1, 9, "=", "expected `:` and a type, found `=`", "param x: month = 2026-09"),
        Case("as off 2026", 1, 4, "off", "expected `of`, found `off`", "as of 2026-09-30"),
        Case("show tables", 1, 1, "show", "`show` is a source", "from show(segments); the tables are listed by `tables`"),
        Case("where a = 1", 1, 1, "where", "`where` is a stage, not a statement", "from t | where …"),
        Case("tables | take 5", 1, 8, "|", "only a query has stages", "a statement in front of `|` starts with `from`"),
        Case("vacuum now", 1, 8, "now", "expected the end of the statement, found `now`", nil),
        Case(
            "from t as of 2026-08-31", 1, 14, "2026-08-31", "expected `version`, found 2026-08-31",
            "as of version 41; a date for the whole run is the statement `as of 2026-09-30`"),
        Case("from t as of version x", 1, 22, "x", "expected a version's number, found `x`", "`snapshots` lists them"),
        Case(
            "from t | where x is 5", 1, 21, "5", "expected `null` or `not null` behind `is`, found 5",
            "`=` compares with a value, `in` with a list or a span"),
        Case("from t | where a ≥ 5", 1, 18, "≥", "`≥` is not an operator", "write `>=`"),
        Case("from t | where a = 5 \u{200B}", 1, 22, "\u{200B}", "an invisible character (U+200B) has no meaning here", "delete it"),
        Case("from t | where a = {5}", 1, 20, "{", "`{` has no meaning here", "lists stand in [ ], everything else in ( )"),
        Case("from t | derive a: 1, , b: 2", 1, 23, ",", "expected a value, found `,`", "a comma is followed by one more item"),
        Case("from t | where not", 1, 19, "", "expected a value, found the end", nil),
        Case(
            "from t | where sum(x where a where b) > 5", 1, 30, "where", "expected `)`, found the reserved word `where`",
            "a call has one `where` and one `by`; conditions are joined by `and`"),
        Case(
            "from t | derive x: sum(y) over (partition by z)", 1, 27, "over",
            "expected `|` or the end behind the stage `derive`, found `over`", "a window is `f(x) per key by order`"),
        Case(
            "from t | derive x: a ? b : c", 1, 22, "?", "`?` has no meaning here",
            "a parameter is written @name, a condition `if a then b else c`"),
        Case(
            "from t | derive \"x\": 5", 1, 17, "\"x\"", "expected a name before `:`, found the text \"x\"",
            "a name has no quotes; an unusual one stands in backticks"),
        Case("from t | derive x: a[1]", 1, 21, "[", "expected `|` or the end behind the stage `derive`, found `[`", nil),
        Case("from t | where 客户 = 1 and 城市 = = 2", 1, 32, "=", "expected a value, found `=`", "`=` compares"),
        Case(
            "from t | where 余额\u{3000}＞\u{3000}1000 城市", 1, 26, "城市", "expected `|` or the end behind the stage `where`, found `城市`",
            "conditions are joined by `and` or `or`"),
        Case("from t | where a = @", 1, 21, "", "expected a parameter's name right behind `@`, found the end", nil),
        Case("from t | where a like '%x'", 1, 23, "'%x'", "texts stand in double quotes", "write \"%x\""),
        Case("from t | where a = + 5", 1, 20, "+", "expected a value, found `+`", "a positive number has no sign"),
        Case(
            "with x as (select 1) select * from x", 1, 1, "with", "there is no `with`",
            "a part of a query has a name by `let`, or stands in brackets: from (from t | …) | …"),
        Case("from t | where x in [1 2]", 1, 24, "2", "expected `,` or `]`, found 2", nil),
        Case("from t | where a = $1", 1, 20, "$", "`$` has no meaning here", "a parameter is written @name; amounts have no currency sign"),
        Case("from t | where lower(a = \"x\"", 1, 21, "(", "this `(` is never closed", "expected `)` before the end"),
        Case("from t | where (a = [1, 2)", 1, 21, "[", "this `[` is never closed", "expected `]` before `)`"),
        Case("from t | assert a > 5 else m", 1, 28, "m", "expected a message in quotes, found `m`", "texts stand in double quotes"),
        Case("from t | sort a descending", 1, 17, "descending", "expected `asc` or `desc`, found `descending`", "write `desc`"),
        Case(
            "from t | where 客户 = \"中文\" x\n| take 5", 1, 26, "x", "expected `|` or the end behind the stage `where`, found `x`",
            "conditions are joined by `and` or `or`"),
        Case("from t\n| where a =\n| take 5", 3, 1, "|", "expected a value, found `|`", nil),
        Case(
            "  from t\t| where a b", 1, 20, "b", "expected `|` or the end behind the stage `where`, found `b`",
            "conditions are joined by `and` or `or`"),
        Case(
            "from t\n| where a = 1 # first\n    and b\n    or c", 2, 9, "a = 1 # first\n    and b\n    or c",
            "`and` and `or` are mixed without brackets",
            "if this is meant, write (a = 1 and b) or c"),
        Case(
            "from t | where (a = 1\nfrom u | take 5", 1, 16, "(", "this `(` is never closed", "expected `)` before the reserved word `from`"
        ),
        Case("from t | where f(a,\n  b\nload u from \"x\"", 1, 17, "(", "this `(` is never closed", "expected `)` before `load`"),
        Case("from t | where d = 2026/9/30", 1, 20, "2026/9/30", "a date is written as 2026-09-30", "write 2026-09-30"),
        Case("from t | where d = 30.09.2026", 1, 20, "30.09.2026", "a date is written as 2026-09-30", "year, month, day, as in 2026-09-30"),
        Case("from t | where a > ￥500", 1, 20, "￥", "`￥` has no meaning here", "amounts have no currency sign"),
        Case(
            "from t | derive r: rank() by -a", 1, 30, "-", "expected a key, found `-`",
            "a falling order is `by amount desc`; anything but a plain key stands in brackets"),
    ]
}
