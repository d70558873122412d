import Storage
import Testing

@Suite struct ImportJsonTests {
    @Test func scalarsKeysAndNesting() throws {
        let loaded = try importText(
            """
            {"id": 1, "name": "Ann", "amount": 12.50, "ok": true, "d": "2026-09-30", "tags": ["a", {"b": "}"}]}
            {"name": "B\\u00e9 \\ud83d\\ude00\\n\\"x\\"", "id": 2, "amount": -3, "ok": null, "tags": {"k": [1, 2]}}

            {"id": 3, "d": null}
            """, name: "t.jsonl")
        #expect(loaded.sink.types == "id int, name text, amount decimal(2), ok bool, d date, tags text")
        #expect(
            loaded.sink.rows == [
                ["1", "Ann", "12.50", "true", "2026-09-30", "[\"a\", {\"b\": \"}\"}]"],
                ["2", "Bé 😀\n\"x\"", "-3.00", nil, nil, "{\"k\": [1, 2]}"],
                ["3", nil, nil, nil, nil, nil],
            ])
    }

    @Test func stringsAreNotNumbers() throws {
        let loaded = try importText("{\"a\": \"12\", \"b\": \"true\", \"c\": \"\"}\n{\"a\": \"13\"}\n", name: "x.json")
        #expect(loaded.sink.types == "a text, b text, c text")
        #expect(loaded.sink.rows == [["12", "true", ""], ["13", nil, nil]])
        let stated = try importText("{\"a\": \"12\"}\n", name: "x.jsonl") { $0.types = ["a": .int] }
        #expect(stated.sink.rows == [["12"]])
        #expect(try importText("{\"a\": 1}\n{\"a\": \"x\"}\n", name: "x.jsonl").sink.types == "a text")
        #expect(try importText("{\"a\": 99999999999999999999}\n", name: "x.jsonl").sink.rows == [["99999999999999999999"]])
    }

    @Test func aLateKeyAddsAColumn() throws {
        var text = ""
        for i in 0..<100_000 { text += "{\"id\": \(i), \"v\": \"x\"}\n" }
        text += "{\"id\": 1, \"v\": \"y\", \"late\": 7.25}\n"
        let loaded = try importText(text, name: "t.jsonl")
        #expect(loaded.sinks == 2)
        #expect(loaded.sink.types == "id int, v text, late decimal(2)")
        #expect(loaded.sink.rows.last == ["1", "y", "7.25"])
        #expect(loaded.sink.rows[0] == ["0", "x", nil])
        #expect(loaded.summary.rows == 100_001)
    }

    @Test(arguments: [
        ("{\"a\": 1", "a comma or a closing brace is expected"), ("[1]", "not a JSON object"), ("{\"a\" 1}", "a colon is expected"),
        ("{\"a\": }", "is not a JSON value"), ("{\"a\": 01}", "01 is not a JSON value"), ("{\"a\": \"x}", "never closed"),
        ("{\"a\": \"\\ud800\"}", "half of a surrogate pair"), ("{\"a\": \"\\q\"}", "is not JSON"),
        ("{\"a\": \"\\u12\"}", "four hexadecimal"),
        ("{\"a\": 1, \"a\": 2}", "the key a stands twice"), ("{\"b\": 1, \"b\": 2}", "the key b stands twice"),
        ("{\"a\": 1} x", "text stands after the object"), ("{\"a\": [1, 2}", "is not closed"), ("{\"a\": 1,}", "a key in quotes"),
        ("{\"a\": tru}", "tru is not a JSON value"), ("\u{1}", "not a JSON object"), ("{\"a\": \"\\", "never closed"),
    ]) func badLinesAreNamed(_ line: String, _ says: String) throws {
        let error = importError("{\"a\": 1}\n\(line)\n{\"a\": 2}\n", name: "t.jsonl")
        #expect(error?.kind == .data)
        #expect(error?.message.hasPrefix("t.jsonl, line 2: ") == true)
        #expect(error?.message.contains(says) == true, "\(error?.message ?? "")")
        let folder = try ImportFolder()
        let loaded = try importText("{\"a\": 1}\n\(line)\n{\"a\": 2}\n", name: "t.jsonl") { $0.rejects = folder.path("bad.csv") }
        #expect(loaded.sink.column("a") == ["1", "2"])
        #expect(loaded.summary.rejected == 1)
    }

    /// Two spellings of one accent are one key; the second must not ask for a new column for ever.
    @Test func composedAndDecomposedKeysAreOne() throws {
        let loaded = try importText("{\"caf\u{E9}\": 1}\n{\"cafe\u{301}\": 2}\n", name: "t.jsonl")
        #expect(loaded.sink.schema.count == 1)
        #expect(loaded.sink.rows == [["1"], ["2"]])
    }

    @Test func emptyFiles() {
        #expect(importError("", name: "t.jsonl")?.message == "t.jsonl is empty: it has no rows")
        #expect(importError("\n\n", name: "t.jsonl")?.message == "t.jsonl is empty: it has no rows")
        #expect(importError("{}\n", name: "t.jsonl")?.kind == .data)
    }

    @Test func nullSpellingsHoldForStrings() throws {
        let loaded = try importText("{\"a\": \"?\", \"b\": 1}\n{\"a\": \"x\", \"b\": \"?\"}\n", name: "t.jsonl") {
            $0.nullSpellings = ["?"]
        }
        #expect(loaded.sink.rows == [[nil, "1"], ["x", nil]])
        #expect(loaded.sink.types == "a text, b int")
    }
}
