import Testing

@testable import Query

@Suite struct SyntaxSplitterTests {
    static func pieces(_ text: String) -> [String] {
        StatementSplitter.splitFile(text, name: "test").map { "\($0.firstLine):\($0.firstColumn) \($0.text)" }
    }

    @Test func aFile() {
        let text = """
            #!/usr/bin/env crmq
            # a comment

            load t from "a;b.csv"   # ; here
                key a

            from t
            # between

            | where a = 1 and

            b = 2
            | take 5
            # after
            from u | where x in [
            1, 2,
            3
            ]
            let x =
            5
            from a; from b; |
            take 5
            from t | select *
            from t | sort a,
            b
            """
        #expect(
            Self.pieces(text) == [
                "4:1 load t from \"a;b.csv\"   # ; here\n    key a", "7:1 from t\n# between\n\n| where a = 1 and\n\nb = 2\n| take 5",
                "15:1 from u | where x in [\n1, 2,\n3\n]", "19:1 let x =\n5", "21:1 from a;", "21:8  from b;", "21:16  |\ntake 5",
                "23:1 from t | select *", "24:1 from t | sort a,\nb",
            ])
    }

    @Test func lineEndsAndBytesStay() {
        #expect(Self.pieces("from t\r\n| take 5\r\nfrom u\r\n") == ["1:1 from t\r\n| take 5", "3:1 from u"])
        #expect(Self.pieces("from 客户；from u｜\r\n take 1") == ["1:1 from 客户；", "1:9 from u｜\r\n take 1"])
        #expect(Self.pieces("") == [])
        #expect(Self.pieces("\n# only this\n\n") == [])
        #expect(Self.pieces("from t | where a = \"open\nfrom u") == ["1:1 from t | where a = \"open", "2:1 from u"])
        #expect(Self.pieces("from t | where (a;\nfrom u") == ["1:1 from t | where (a;", "2:1 from u"])
        #expect(Self.pieces("from t | sample 1%\nfrom u") == ["1:1 from t | sample 1%", "2:1 from u"])
    }

    /// However the text is cut into feeds, the same statements come out, and those behind a `;` come at once.
    @Test func anyCutGivesTheSame() {
        let text = "from t\n| where a = \"x;y\"\n\n# c；\nfrom u；from v | take 3\r\n  | sort a;\n| take 5\n;from 客户"
        let whole = Self.pieces(text)
        #expect(whole.count == 6)
        let characters = Array(text.unicodeScalars)
        for size in 1...characters.count {
            var splitter = StatementSplitter(name: "test")
            var found: [SourceText] = []
            var at = 0
            while at < characters.count {
                var piece = ""
                piece.unicodeScalars.append(contentsOf: characters[at..<min(at + size, characters.count)])
                found += splitter.feed(piece)
                at += size
            }
            found += splitter.finish()
            #expect(found.map { "\($0.firstLine):\($0.firstColumn) \($0.text)" } == whole, "cut every \(size)")
        }
        var splitter = StatementSplitter(name: "test")
        #expect(splitter.feed("from t").isEmpty)
        #expect(splitter.feed(" | take 5; from").map(\.text) == ["from t | take 5;"])
        #expect(splitter.isOpen)
    }

    @Test func thePrompt() {
        var splitter = StatementSplitter(name: "prompt", mode: .prompt)
        #expect(splitter.feed("from t\n").map(\.text) == ["from t"])
        #expect(!splitter.isOpen)
        #expect(splitter.feed("| take 5\n").map(\.text) == ["| take 5"])
        #expect(splitter.feed("from t |\n").isEmpty)
        #expect(splitter.isOpen)
        #expect(splitter.feed("\n").isEmpty)
        #expect(splitter.feed("where (a = 1\n").isEmpty)
        #expect(splitter.feed("# why\n").isEmpty)
        #expect(splitter.feed("or b = 2)\n").map(\.text) == ["from t |\n\nwhere (a = 1\n# why\nor b = 2)"])
        #expect(splitter.feed("from a,\n").isEmpty)
        splitter.reset()
        #expect(!splitter.isOpen)
        #expect(splitter.feed("\n").isEmpty)
        #expect(!splitter.isOpen)
        #expect(splitter.feed("from a; from b\n").map(\.text) == ["from a;", " from b"])
        #expect(splitter.nextLine == 11)
    }
}
