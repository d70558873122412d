import Storage
import Testing

@testable import Query

@Suite("json, jsonl, markdown")
struct JSONTests {
    private let answer = Answer(
        [
            ("id", .int), ("balance", .decimal(scale: 2)), ("name", .text), ("since", .date), ("year", .year), ("vip", .bool),
            ("share", .float),
        ],
        [
            [
                .integer(9_007_199_254_740_993), .integer(999_999_999_999_999_999), .text("O\"Hara\\\n\u{1b}[2J"), .integer(20_726),
                .integer(2026),
                .integer(1), .double(1e300),
            ],
            [.null, .integer(-5), .text("王芳"), .null, .null, .integer(0), .double(-0.5)],
        ])

    @Test("an array of objects, digits never rounded, controls escaped")
    func json() throws {
        #expect(
            try answer.text(.json) == #"""
                [
                  {"id":9007199254740993,"balance":9999999999999999.99,"name":"O\"Hara\\\n\u001b[2J","since":"2026-09-30","year":2026,"vip":true,"share":1e+300},
                  {"id":null,"balance":-0.05,"name":"王芳","since":null,"year":null,"vip":false,"share":-0.5}
                ]

                """#)
    }

    @Test("no rows is an empty array, and answers follow each other")
    func empty() throws {
        #expect(try Answer([("a", .int)], []).text(.json) == "[]\n")
        #expect(try Answer([("a", .int)], []).text(.jsonl) == "")
        #expect(try Answer([("a", .int)], [[.integer(1)]]).text(.json, answers: 2) == "[\n  {\"a\":1}\n]\n[\n  {\"a\":1}\n]\n")
    }

    @Test("one object a line")
    func lines() throws {
        let small = Answer([("a", .int), ("b \"c\"", .text)], [[.integer(1), .text("x")], [.integer(2), .null]])
        #expect(try small.text(.jsonl) == "{\"a\":1,\"b \\\"c\\\"\":\"x\"}\n{\"a\":2,\"b \\\"c\\\"\":null}\n")
    }

    @Test("markdown: markup in data stays data")
    func markdown() throws {
        let hostile = Answer(
            [("city|x", .text), ("n", .int)],
            [
                [.text("a|b"), .integer(1234)], [.text("two\r\nlines"), .null], [.text("<b>&lt; A & B [x](y) *z* `q` \\"), .integer(-1)],
                [.null, .integer(0)], [.text("\u{1b}[31m\u{202e}"), .integer(0)],
            ])
        #expect(
            try hostile.text(.markdown) == #"""
                | city\|x | n |
                | --- | ---: |
                | a\|b | 1234 |
                | two<br>lines | |
                | &lt;b>&amp;lt; A & B \[x](y) \*z\* \`q\` \\ | -1 |
                | | 0 |
                | ␛\[31m\u{202e} | 0 |

                """#)
    }
}
