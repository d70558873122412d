import Storage
import Testing

@testable import Query

import struct Query.Expression

@Suite struct SyntaxLexerTests {
    static let literals: [(String, Literal)] = [
        ("42", .integer(42)), ("1_000_000", .integer(1_000_000)), ("500k", .integer(500_000)), ("1.5m", .integer(1_500_000)),
        ("2bn", .integer(2_000_000_000)), ("10万", .integer(100_000)), ("1.5亿", .integer(150_000_000)), ("1万亿", .integer(1_000_000_000_000)),
        ("1.2345k", .decimal(12345, scale: 1)), ("2.5%", .decimal(25, scale: 3)), ("80%", .decimal(80, scale: 2)),
        ("1.50", .decimal(150, scale: 2)), ("0.000000000001", .decimal(1, scale: 12)), ("007", .integer(7)),
        ("999999999999999999", .integer(999_999_999_999_999_999)), ("1e5", .float(1e5)), ("1.5E-3", .float(1.5e-3)), ("2e+2", .float(200)),
        ("48h", .duration(48 * 3_600_000_000)), ("15min", .duration(15 * 60_000_000)), ("30s", .duration(30_000_000)),
        ("90d", .duration(90 * 86_400_000_000)), ("2w", .duration(14 * 86_400_000_000)), ("1.5h", .duration(5_400_000_000)),
        ("0.000001s", .duration(1)), ("3mo", .months(3)), ("1q", .months(3)), ("1y", .months(12)),
        ("2026-09-30", .date(CivilDate.days(year: 2026, month: 9, day: 30))),
        ("2024-02-29", .date(CivilDate.days(year: 2024, month: 2, day: 29))),
        ("2026-09", .span(2026 * 12 + 8, .month)), ("2026-Q3", .span(2026 * 4 + 2, .quarter)), ("2026-q3", .span(2026 * 4 + 2, .quarter)),
        ("2026-W36", .span(CivilDate.week(isoYear: 2026, week: 36)!, .week)),
        ("2020-W53", .span(CivilDate.week(isoYear: 2020, week: 53)!, .week)),
        ("1970-01-01T00:00:01", .timestamp(1_000_000)), ("1970-01-01 00:01", .timestamp(60_000_000)),
        ("1970-01-02 00:00:00.25", .timestamp(86_400_250_000)), ("1970-01-01T12:00", .timestamp(43_200_000_000)),
        ("\"a\\n\\t\\\"\\\\\\u{4E2D}\\r\"", .text("a\n\t\"\\中\r")), ("\"它说“好”\"", .text("它说“好”")), ("“说\"好\"”", .text("说\"好\"")),
        ("”反了“", .text("反了")), ("＂全角，（）＂", .text("全角，（）")), ("null", .null), ("true", .bool(true)),
    ]

    @Test(arguments: literals) func literal(_ text: String, _ expected: Literal) throws {
        guard case .literal(let found) = try Expression.parse(text).kind else {
            Issue.record("\(text) is no literal")
            return
        }
        #expect(found == expected)
    }

    static let readings: [(String, String)] = [
        ("2026 - 09", "(2026 - 9)"), ("2026-09", "2026-09"), ("2026 -09", "(2026 - 9)"), ("1000-500", "(1000 - 500)"), ("a-1", "(a - 1)"),
        ("2026-Q", "(2026 - Q)"), ("2026-W", "(2026 - W)"), ("2026-Q3x", "(2026 - Q3x)"), ("1..5", "(1..5)"), ("1.5..2.5", "(1.5..2.5)"),
        ("2026-01..2026-03", "(2026-01..2026-03)"), ("2026-09-30..2026-10-02", "(2026-09-30..2026-10-02)"), ("a..b", "(a..b)"),
        ("2026-09-30 - 12", "(2026-09-30 - 12)"), ("`1..5`", "`1..5`"), ("`a``b`", "`a``b`"), ("客户.城市", "客户.城市"), ("列１", "列１"),
        ("·odd name·", "`odd name`"), ("20260930", "20260930"), ("2026/9", "(2026 / 9)"), ("1/2/3", "((1 / 2) / 3)"),
        ("2026 / 09 / 30", "((2026 / 9) / 30)"), ("12026-09", "(12026 - 9)"),
    ]

    @Test(arguments: readings) func isReadAs(_ text: String, _ expected: String) throws { #expect(try reading(text) == expected) }

    static let twins: [(String, String)] = [
        ("from 客户｜where 余额 ＞＝ ５００k and 城市＝“杭州”", "from 客户|where 余额 >= 500k and 城市=\"杭州\""),
        ("from t｜summarize n：count（），s：sum（x）by a，b；", "from t|summarize n:count(),s:sum(x)by a,b;"),
        ("from t　｜　where a ！＝ 1 and b ＜ 2 and c in 【1、2】", "from t | where a != 1 and b < 2 and c in [1,2]"),
        ("from t｜derive x：客户。城市，y：－a＋b＊c／d", "from t|derive x:客户.城市,y:-a+b*c/d"),
        ("from t｜where d in ２０２６－０９－３０．．２０２６－１０－０１", "from t|where d in 2026-09-30..2026-10-01"),
        ("from t｜where a ＝ ＠x ＃ 注释，（", "from t|where a = @x # x"), ("from t｜where a＝１．５％ and b ＝ ２ｂｎ", "from t|where a=1.5% and b = 2bn"),
        ("from t｜where a《3 and b》4", "from t|where a<3 and b>4"),
    ]

    @Test(arguments: twins) func fullWidthReadsAsPlain(_ wide: String, _ plain: String) throws {
        #expect(try outline(parsed(wide)) == outline(parsed(plain)))
    }

    @Test func spansPointIntoTheOriginalText() throws {
        let text = "from 客户｜where 余额＞“中”"
        guard case .query(let query) = try parsed(text).kind, case .where(let condition) = query.stages[0].kind,
            case .binary(_, let left, let right) = condition.kind
        else {
            Issue.record("not a query")
            return
        }
        func piece(_ span: SourceSpan) -> String { String(decoding: Array(text.utf8)[span], as: UTF8.self) }
        #expect(piece(left.span) == "余额")
        #expect(piece(right.span) == "“中”")
        #expect(piece(condition.span) == "余额＞“中”")
        #expect(piece(query.stages[0].span) == "where 余额＞“中”")
        #expect(piece(query.source.span) == "客户")
    }

    @Test func widths() {
        #expect(displayWidth("abc") == 3)
        #expect(displayWidth("客户a") == 5)
        #expect(displayWidth("e\u{301}") == 1)
        #expect(displayWidth("，。（") == 6)
        #expect(displayWidth("\u{202E}\u{200B}") == 0)
    }

    @Test func nearestNames() {
        #expect(nearestName(to: "amout", among: ["amount", "account", "date"]) == "amount")
        #expect(nearestName(to: "brnach", among: ["branch", "ranch"]) == "branch")
        #expect(nearestName(to: "cust", among: ["customer_id", "city"]) == "customer_id")
        #expect(nearestName(to: "Amount", among: ["amount"]) == "amount")
        #expect(nearestName(to: "城是", among: ["城市", "余额"]) == "城市")
        #expect(nearestName(to: "zebra", among: ["amount", "date"]) == nil)
        #expect(nearestName(to: "", among: ["a"]) == nil)
        #expect(nearestName(to: "x", among: ["y"]) == nil)
    }
}
