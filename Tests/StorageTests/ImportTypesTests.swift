import Storage
import Testing

@Suite struct ImportTypesTests {
    @Test func sniffsTheUsualTypes() throws {
        let loaded = try importText(
            """
            id,name,amount,flag,day,at,code,rate
            1,Ann,12.50,true,2026-09-30,2026-09-30 12:00:00,007,1e5
            2,"Bo, jr",-3.00,FALSE,2026/9/3,2026-09-30T12:00:01.5Z,123,2.5e-3
            3,,0.5,,,,,
            """)
        #expect(
            loaded.sink.types
                == "id int, name text, amount decimal(2), flag bool, day date, at timestamp, code text, rate float")
        #expect(
            loaded.sink.rows == [
                ["1", "Ann", "12.50", "true", "2026-09-30", "2026-09-30 12:00:00", "007", "100000"],
                ["2", "Bo, jr", "-3.00", "false", "2026-09-03", "2026-09-30 12:00:01.5", "123", "0.0025"],
                ["3", nil, "0.50", nil, nil, nil, nil, nil],
            ])
    }

    @Test(arguments: [
        (["1", "-5", "0", "9223372036854775807"], "int"),
        (["9223372036854775808"], "text"),
        (["-9223372036854775808"], "int"),
        (["1", "2.5"], "decimal(1)"),
        (["8033.00"], "decimal(2)"),
        ([".5", "-.25"], "decimal(2)"),
        (["007", "8"], "text"),
        (["00123"], "text"),
        (["0", "0.5", "-0.5"], "decimal(1)"),
        (["0.00"], "decimal(2)"),
        (["01.5"], "text"),
        (["+5"], "text"),
        (["5."], "text"),
        (["1,5"], "text"),
        (["1e5"], "float"),
        (["1e5", "12"], "float"),
        (["1e400"], "text"),
        (["1e5", "9007199254740993"], "text"),
        (["123456789012345678.5"], "text"),
        (["0.1234567890123"], "float"),
        (["0.30000000000000004"], "float"),
        (["0.30000000000000001"], "text"),
        (["12345678901234567", "0.01"], "text"),
        (["1234567890123456", "0.01"], "decimal(2)"),
        (["0.123456789012"], "decimal(12)"),
        (["nan"], "text"),
        (["inf"], "text"),
        (["-"], "text"),
        (["."], "text"),
        (["1-2"], "text"),
        (["0x10"], "text"),
        (["true", "1"], "text"),
        (["True", "FALSE"], "bool"),
        (["yes", "no"], "text"),
        (["2026-09-30"], "date"),
        (["2026-02-30"], "text"),
        (["2026-09-30", "2026-09-30 01:02:03"], "timestamp"),
        (["2026-09-30 01:02:03.123456"], "timestamp"),
        (["2026-09-30 01:02:03.123456000"], "timestamp"),
        (["2026-09-30 01:02:03.123456001"], "text"),
        (["2026-09-30 01:02:03+02:00"], "text"),
        (["2026-09-30 24:00:00"], "text"),
        (["20260930"], "int"),
        (["30.09.2026"], "date"),
        (["30/09/2026"], "date"),
        (["09/30/2026"], "date"),
        (["30/09/2026", "09/30/2026"], "text"),
        (["03/03/2026"], "date"),
        (["2026-09-30", "5"], "text"),
        (["12:30"], "text"),
        ([" 12 ", "7"], "int"),
    ]) func columnType(_ values: [String], _ type: String) throws {
        let loaded = try importText("k;v\n" + values.map { "x;\($0)\n" }.joined()) {
            $0.delimiter = ";"
            $0.header = true
        }
        #expect(loaded.sink.schema[1].type.name == type)
        if type == "text" { #expect(loaded.sink.column("v") == values.map { $0 }) }
    }

    @Test func ambiguousDatesAreAnErrorThatShowsTheWay() throws {
        let error = importError("d\n03/04/2026\n05/06/2026\n")
        #expect(error?.kind == .data)
        #expect(error?.message == "t.csv, column d: its dates fit both day/month and month/day")
        #expect(error?.hint?.contains("date_order: dmy") == true)
        let day = try importText("d\n03/04/2026\n") { $0.dateOrder = .dmy }
        #expect(day.sink.column("d") == ["2026-04-03"])
        let month = try importText("d\n03/04/2026\n") { $0.dateOrder = .mdy }
        #expect(month.sink.column("d") == ["2026-03-04"])
        let settled = try importText("d\n03/04/2026\n25/04/2026\n")
        #expect(settled.sink.column("d") == ["2026-04-03", "2026-04-25"])
        let stated = try importText("d\n03/04/2026\n04/25/2026\n") { $0.types = ["d": .date] }
        #expect(stated.sink.column("d") == ["2026-03-04", "2026-04-25"])
        #expect(importError("d\n03/04/2026\n") { $0.types = ["d": .date] }?.hint?.contains("date_order") == true)
    }

    @Test func statedTypesHoldAndNameTheBadRow() throws {
        let text = "id,amount\n1,5\n2,abc\n"
        let error = importError(text, name: "loan.csv") { $0.types = ["amount": .decimal(scale: 2)] }
        #expect(error?.kind == .data)
        #expect(error?.message == "loan.csv, line 3, column amount: \"abc\" is not a decimal(2)")
        #expect(importError("a\n1.005\n") { $0.types = ["a": .decimal(scale: 2)] } != nil)
        #expect(try importText("a\n1.500\n") { $0.types = ["a": .decimal(scale: 2)] }.sink.column("a") == ["1.50"])
        #expect(
            try importText("a,b\nyes,1\nn,0\n") { $0.types = ["a": .bool, "b": .bool] }.sink.rows == [
                ["true", "true"], ["false", "false"],
            ])
        #expect(try importText("a\n12\n") { $0.types = ["a": .text] }.sink.column("a") == ["12"])
        let spans = try importText("m,q,y,w,d\n2026-09,2026-Q3,2026,2026-W36,1d 2h 3min 4.5s\n") {
            $0.types = ["m": .month, "q": .quarter, "y": .year, "w": .week, "d": .duration]
            $0.header = true
        }
        #expect(spans.sink.rows == [["2026-09", "2026-Q3", "2026", "2026-W36", "1d 2h 3min 4.5s"]])
        #expect(importError("a\n1\n") { $0.types = ["b": .int] }?.kind == .request)
    }

    @Test func compactDatesOnlyWhereStated() throws {
        let text = "id,d\n1,20260930\n2,19991231\n"
        #expect(try importText(text).sink.types == "id int, d int")
        #expect(try importText(text) { $0.types = ["d": .date] }.sink.column("d") == ["2026-09-30", "1999-12-31"])
        #expect(
            try importText("id,d\n1,930101\n2,690101\n3,700101\n") { $0.types = ["d": .date] }.sink.column("d") == [
                "1993-01-01", "2069-01-01", "1970-01-01",
            ])
        let layout = try importText("id,d\n1,930101\n2,931107\n") { $0.dateLayout = "yyMMdd" }
        #expect(layout.sink.types == "id int, d date")
        let times = try importText("id,d\n1,931107 00:00:00\n2,931107 10:20:30\n") { $0.dateLayout = "yyMMdd HH:mm:ss" }
        #expect(times.sink.column("d") == ["1993-11-07 00:00:00", "1993-11-07 10:20:30"])
        #expect(importError("a\n1\n") { $0.dateLayout = "yyyy" }?.kind == .request)
        #expect(importError("a\n1\n") { $0.dateLayout = "dd MMM yyyy" } != nil)
    }

    @Test func nullSpellings() throws {
        let text = "a,b\n1,\n\"\",\"\"\n?,?\n 3, \n"
        let usual = try importText(text)
        #expect(usual.sink.rows == [["1", nil], ["", ""], ["?", "?"], [" 3", " "]])
        let given = try importText(text) { $0.nullSpellings = ["?", ""] }
        #expect(given.sink.types == "a int, b text")
        #expect(given.sink.rows == [["1", nil], [nil, nil], [nil, nil], ["3", " "]])
        let some = try importText("a,b\n1,\n,x\n") { $0.nullSpellings = ["x"] }
        #expect(some.sink.rows == [["1", ""], [nil, nil]])
        #expect(try importText("a,b\n1,\"\"\n\"\",2\n").sink.rows == [["1", nil], [nil, "2"]])
    }

    @Test(arguments: ["int", "decimal", "date", "timestamp", "bool", "float"]) func lateWidening(_ kind: String) throws {
        let cases: [String: (early: String, late: [(value: String, type: String, first: String, last: String)])] = [
            "int": (
                "7",
                [
                    ("2.25", "decimal(2)", "7.00", "2.25"), ("1e3", "float", "7", "1000"), ("x", "text", "7", "x"),
                    ("99999999999999999999", "text", "7", "99999999999999999999"),
                ]
            ),
            "decimal": ("7.5", [("0.125", "decimal(3)", "7.500", "0.125"), ("1e-3", "float", "7.5", "0.001"), ("x", "text", "7.5", "x")]),
            "date": (
                "2026-09-30",
                [("2026-09-30 01:00:00", "timestamp", "2026-09-30 00:00:00", "2026-09-30 01:00:00"), ("x", "text", "2026-09-30", "x")]
            ),
            "timestamp": ("2026-09-30 01:00:00", [("soon", "text", "2026-09-30 01:00:00", "soon")]),
            "bool": ("true", [("maybe", "text", "true", "maybe")]),
            "float": ("1e3", [("0.30000000000000001", "text", "1e3", "0.30000000000000001")]),
        ]
        let (early, lates) = try #require(cases[kind])
        for late in lates {
            var bytes = Array("k,v\n".utf8)
            let line = Array("a longer key,\(early)\n".utf8)
            for _ in 0..<100_000 { bytes += line }
            bytes += Array("a longer key,\(late.value)\n".utf8)
            let folder = try ImportFolder()
            let loaded = try importFiles([folder.write("t.csv", bytes)], keepsRows: false)
            #expect(loaded.sinks == 2)
            #expect(loaded.summary.rows == 100_001)
            #expect(loaded.summary.columns[1].type.name == late.type)
            #expect(loaded.sink.rows.first?[1] == late.first)
            #expect(loaded.sink.rows.last?[1] == late.last)
        }
    }
}
