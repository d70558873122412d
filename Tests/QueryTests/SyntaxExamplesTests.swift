import Testing

@testable import Query

@Suite struct SyntaxExamplesTests {
    /// A statement and its canonical text; nil where it is canonical already.
    static let accepted: [(String, String?)] = [
        ("load customers from \"customers.csv\" key customer_id", nil),
        (
            "load t from \"a.csv\",\"b.csv\" key a, b time c null: \"\", \"?\", \" \" delimiter: \";\" header false, skip: 2 "
                + "types: (a: text, b: decimal(2), c month) rejects \"bad.csv\"",
            "load t from \"a.csv\", \"b.csv\" key a, b time c null: \"\", \"?\", \" \" delimiter: \";\" header: false skip: 2 "
                + "types: (a: text, b: decimal(2), c: month) rejects \"bad.csv\""
        ),
        ("append t from \"x\" rejects: \"r\" key: a, time: b", "append t from \"x\" key a time b rejects \"r\""),
        ("upsert t from \"x\" key a, time b, encoding \"gbk\"", "upsert t from \"x\" key a time b encoding: \"gbk\""),
        ("replace t from \"x\" key (a, time) date_order: dmy format csv", "replace t from \"x\" key (a, time) date_order: dmy format: csv"),
        (
            "load t from \"x\" names: (a, b) date_layout \"yyMMdd\" quote: \"'\" escape: \"\\\\\"",
            "load t from \"x\" names: (a, b) date_layout: \"yyMMdd\" quote: \"'\" escape: \"\\\\\""
        ),
        ("append t from (from u | take 5)", nil), ("replace t from (from t | derive x: 1) key a", nil), ("load t from (from u)", nil),
        ("delete t where a > 5", nil), ("delete from t where a > 5;", "delete t where a > 5"),
        ("create table t (a: int, b text, c: decimal(2)) key: a time: b", "create table t (a: int, b: text, c: decimal(2)) key a time b"),
        ("drop table t", nil), ("rename table a to b", nil), ("rename column t.a to b", nil), ("optimize", nil), ("optimize t", nil),
        ("vacuum", nil),
        ("snapshots", nil), ("tables", nil), ("describe t", nil), ("let floor = 1m", "let floor = 1000000"),
        ("param month: month = 2026-09", nil),
        ("param m: month = 2026-09 in [2026-08, 2026-09]", nil), ("param n: int in 1..5", nil), ("param d: decimal(2)", nil),
        ("as of 2026-09-30", nil),
        ("explain from t", nil), ("explain analyze from t | take 5", nil),
        ("segment vip on customers = balance > 1m", "segment vip on customers = balance > 1000000"),
        ("save query x = from t", nil), ("run \"monthly.crmq\" with month = 2026-10, n = 1..5", nil), ("run \"a.crmq\"", nil),
        ("snapshot vip", nil), ("snapshot vip at 2026-08-31", nil), ("drop segment vip", nil), ("drop let @floor", "drop let floor"),
        ("rename metric a to b", nil), ("show vip", nil), ("show @month", nil), ("show all", nil), ("save let x = 1 + 2", nil),
        ("save param m: month = 2026-09 in 2026-01..2026-12", nil), ("segment `odd name` on `my table` = a or b", nil),
        ("metric spend(k, window: 90d) on c = 1", nil),
        ("metric spend(window) on customers = sum(transactions.amount where date in last window)", nil),
        ("from t | derive customer.spend(90d), x: a.b.m(k: 1) + 1", nil),
        ("verb v() = | take 5", "verb v() = take 5"), ("verb v = take 5", "verb v() = take 5"),
        ("verb v(x, k: 5, c: \"a\") = derive y: x + k | where y > 1 | v2(y, d: c)", nil),
        ("query q = from t | join u as v on a | take 5", nil), ("from t | where vip as of 2026-08-31 and not a.vip as of @d", nil),
        ("from t | derive x: (vip as of (today - 30d)) = true", "from t | derive x: vip as of (today - 30d) = true"),
        ("verb pareto(x) = derive v: x | derive y: v", nil),
        ("report \"p.html\" \"Title\"", nil), ("report \"p-{m}.md\"", nil), ("report end", nil),
        ("metric n on customers = sum(t.a) - sum(t.b)", nil),
        (
            "from customers | where city = \"Hangzhou\" and balance >= 500k | top 10 by balance",
            "from customers | where city = \"Hangzhou\" and balance >= 500000 | top 10 by balance"
        ),
        ("from t | where date in 2026-Q3 | summarize n: count(), total: sum(amount) by month: month(date), channel", nil),
        (
            "from customers\n| where sum(transactions.amount where type = \"purchase\" and date in last 90d) > 50k\n"
                + "    and not exists(complaints where closed is null)\n| summarize customers: count(), avg(balance) by tier",
            "from customers | where sum(transactions.amount where type = \"purchase\" and date in last 90d) > 50000 "
                + "and not exists(complaints where closed is null) | summarize customers: count(), avg(balance) by tier"
        ),
        ("from t | derive share: amount / sum(amount) per customer_id, r: rank() per channel by amount desc", nil),
        ("from t | summarize spend: sum(transactions.amount) by branch | top 5 by spend with others", nil),
        ("from diff(vip, 2026-08-31, 2026-09-30) | summarize count() by change", nil), ("from snapshots() | take 1", nil),
        ("from customers | rfm(transactions.date, transactions.amount, k: 5) | summarize count(), avg(monetary) by r, f", nil),
        ("from customers | cohort(transactions.date, every: 1mo, periods: 12) | heatmap", nil),
        ("from t | bar sum(amount) by branch | to \"branches-{month}.html\"", nil), ("from t | line | histogram x | to \"a.csv\" raw", nil),
        ("from customers as of version 41 | join branches as b on branch_id = id, x | expand a.b | take 5 from 11", nil),
        ("from t | join u | join v as w | join (from x | take 1) on a | union (from y) | union z as of version 3 | union \"f.csv\"", nil),
        (
            "from t | pivot sum(amount), count() by m: month(d), k over channel in [\"a\", \"b\"] | fill m per channel in 2026-01..2026-12 with 0",
            nil
        ),
        ("from t | pivot n: count() over c: lower(x) | fill m | fill m per (a, b) | fill m with null", nil),
        (
            "from t | sample 100 seed 7 | sample 1% seed 7 | profile | assert a > 0 else \"x\" | assert count() = 5 | distinct | distinct a, b: c",
            "from t | sample 100 seed 7 | sample 0.01 seed 7 | profile | assert a > 0 else \"x\" | assert count() = 5 | distinct | distinct a, b: c"
        ),
        ("from t | drop a, b | rename x: y, z: w | select a, n: b + c, * | sort a desc, b asc, -c | select *", nil),
        ("from t | top 3 per k by x desc, y | top @n per (a, month(b)) by sum(x) per c | take @n", nil),
        ("from t | summarize by a | summarize s: sum(x) per k by m | summarize s: (rank() by x) by y", nil),
        ("from t | sort rank() by x desc, y | sort (rank() by x) desc", nil), ("from t | assert (if a then b) else \"m\"", nil),
        (
            "from \"f.csv\" (delimiter: \";\", null: \"\", \"?\" header false key a) | take 5",
            "from \"f.csv\" (key: (a), delimiter: \";\", null: \"\", \"?\", header: false) | take 5"
        ),
        ("from t | expand k: 1..12 | expand m: first..last | expand name: [\"a\", \"b\"], value: [a, text(b)]", nil),
        ("from (from t | take 5) | take 1", nil), ("| take 5 | sort a", nil), ("explain | take 5", nil), ("from _ | take 1", nil),
        ("from `odd table` | where `from` = `a``b` | `top`(5) | `where`(a by b) | derive `x y`: `today` + today", nil),
        ("from t | derive count: 1, top: 2, date: 3, last: 4, time: 5, key: 6, today: 7, as: 8 | select count, top, last, time, key", nil),
        ("from t # comment\n# more\n | take 5 # end", "from t | take 5"),
        ("from t | where a in (from u | select k | take 5) and b in [1, 2]", nil),
        ("from t | take 5;", "from t | take 5"), ("from t | top (count()) per k by x", nil), ("from t | select last, next, this", nil),
    ]

    @Test(arguments: accepted) func hasItsCanonicalText(_ text: String, _ canonical: String?) throws {
        let tree = try parsed(text)
        #expect(tree.formatted() == canonical ?? text)
        let again = try parsed(tree.formatted())
        #expect(outline(again) == outline(tree))
        #expect(again.formatted() == tree.formatted())
    }

    @Test func nothingIsNoStatement() throws {
        for text in ["", "  \n", "# only a comment", "\t# a\n\n# b"] {
            #expect(try Statement.parse(SourceText(name: "test", text: text)) == nil)
        }
    }

    /// The statement's own parts, by reflection, for the shapes the printer could hide.
    @Test func shapes() throws {
        guard
            case .load(let mode, let table, let paths, let clause) = try parsed(
                "load t from \"a\", \"b\" key k, l time ts null: \"\", \"?\" skip 2"
            ).kind
        else {
            Issue.record("not a load")
            return
        }
        #expect(mode == .load)
        #expect(table.text == "t")
        #expect(paths == ["a", "b"])
        #expect(clause.key.map(\.text) == ["k", "l"])
        #expect(clause.time?.text == "ts")
        #expect(clause.options.map(\.name.text) == ["null", "skip"])
        #expect(clause.options[0].values.map { $0.formatted() } == ["\"\"", "\"?\""])
        guard case .query(let query) = try parsed("from t | take 5 from 11 | rename a: b").kind,
            case .take(let count, let start?) = query.stages[0].kind,
            case .rename(let pairs) = query.stages[1].kind
        else {
            Issue.record("not that query")
            return
        }
        #expect(count.formatted() == "5")
        #expect(start.formatted() == "11")
        #expect(pairs[0].new.text == "a")
        #expect(pairs[0].old.text == "b")
        #expect(query.stages[1].keyword == Name(text: "rename", span: 26..<32))
    }
}
