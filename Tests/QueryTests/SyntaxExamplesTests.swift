import Testing

@testable import Query

@Suite struct SyntaxExamplesTests {
    static let accepted = [
        "load customers from \"customers.csv\" key customer_id",
        "load t from \"a.csv\", \"b.csv\" key a, b time c null: \"\", \"?\", \" \" delimiter: \";\" header false, skip: 2 types: (a: text, b: decimal(2), c month) rejects \"bad.csv\"",
        "from customers | where city = \"Hangzhou\" and balance >= 500k | top 10 by balance",
        "from transactions | where date in 2026-Q3 | summarize n: count(), total: sum(amount) by month: month(date), channel",
        "from customers\n| where sum(transactions.amount where type = \"purchase\" and date in last 90d) > 50k\n    and not exists(complaints where closed is null)\n| summarize customers: count(), avg(balance) by tier",
        "from transactions | derive share: amount / sum(amount) per customer_id, r: rank() per channel by amount desc",
        "from transactions | derive c: (running_sum(v) by v desc - sum(v) per v) / sum(v)",
        "from customers | summarize spend: sum(transactions.amount) by branch | top 5 by spend with others",
        "from diff(vip, 2026-08-31, 2026-09-30) | summarize count() by change",
        "param month: month = 2026-09",
        "from transactions | where date in @month and amount > @floor | bar sum(amount) by branch | to \"branches-{month}.html\"",
        "segment vip on customers = balance > 1m or tier = \"private\"",
        "from customers as of version 41 | join branches as b on branch_id = id | expand transactions | take 5 from 11;",
        "from t | pivot sum(amount), count() by month over channel in [\"a\", \"b\"] | fill m per channel with 0 | sample 1% seed 7 | profile",
        "from t | assert amount > 0 else \"negative\" | distinct | drop a, b | rename x: y",
        "create table t (a: int, b text) key a time b", "delete from t where a > 5", "append t from (from u | take 5)",
        "from \"f.csv\" (delimiter: \";\", null: \"\", \"?\", header: false) | take 5", "explain analyze from t",
        "from t | where ts in 2026-09-30 12:00..2026-09-30T13:00:00.25 or x not in [1, 2, 1.5m] | sort today desc",
        "from t | derive a: if x > 5 then 1 else if y then 2 else 3, b: last(balance by date), 城市: 1.5亿",
    ]

    @Test(arguments: accepted) func isAccepted(_ text: String) throws {
        do { #expect(try Statement.parse(SourceText(name: "test", text: text)) != nil) } catch {
            Issue.record("\(Diagnostic.render(error, in: SourceText(name: "test", text: text)))")
        }
    }
}
