import Query
import Storage
import Testing

@testable import shell

@Suite("the shell's small parts")
struct ShellUnitTests {
    @Test("arguments in any order, options with a space or an equals sign")
    func arguments() throws {
        let invocation = try Invocation(arguments: [
            "--param", "a=1=2", "s", "-c", "one", "--memory=1.5GB", "-f", "two", "-c", "--three", "--as-of", "2024-02-29", "--timing",
            "json",
            "--progress=never", "--safe", "--quiet", "--no-rc", "--read-only", "--threads", "3", "-o", "x.csv", "--format", "jsonl",
        ])
        #expect(invocation.store == "s")
        #expect(invocation.inputs == [.text("one"), .file("two"), .text("--three")])
        #expect(invocation.parameters == ["a": "1=2"])
        #expect(invocation.memoryBytesMax == 3 << 29)
        #expect(invocation.asOf == CivilDate.days(year: 2024, month: 2, day: 29))
        #expect(invocation.timing == .json)
        #expect(invocation.progress == .never)
        #expect(invocation.safe && invocation.quiet && invocation.readOnly && !invocation.readsRC)
        #expect(invocation.threads == 3)
        #expect(invocation.output == "x.csv")
        #expect(invocation.format?.name == "jsonl")
    }

    @Test("a store may have a command's name behind -- or as a path")
    func names() throws {
        #expect(try Invocation(arguments: ["demo", "verify", "--customers", "7", "--seed", "9"]).store == "verify")
        #expect(try Invocation(arguments: ["./demo"]).command == .shell)
        #expect(try Invocation(arguments: ["--", "-odd"]).store == "-odd")
        #expect(throws: UsageError.self) { try Invocation(arguments: [""]) }
    }

    @Test(
        "sizes of memory",
        arguments: [("16MB", 16 << 20), ("4GB", 4 << 30), ("4 gib", 4 << 30), ("0.5g", 512 << 20), ("1073741824", 1 << 30)])
    func memory(text: String, bytes: Int) throws {
        #expect(try OptionValues.bytes(text) == bytes)
    }

    @Test("history entries survive their file", arguments: ["a", "a\nb", "a\\nb", "\\", "\\\\n\n", "王芳 | \"x\\n\"\n  | y"])
    func history(entry: String) {
        #expect(!History.encode(entry).contains("\n"))
        #expect(History.decode(History.encode(entry)) == entry)
    }

    @Test("statements come out the same however the bytes arrive")
    func feed() throws {
        let script = "\u{FEFF}let a = 1; let b = \"王；芳\"\n# c\nfrom t\n  | where x = \"👩‍🚀\"\nfrom u"
        let bytes = Array(script.utf8)
        var whole = StatementFeed(name: "x")
        let expected = (try whole.add(bytes) + whole.finish()).map(\.text)
        #expect(expected.count == 4)
        for size in [1, 2, 3, 5, 7] {
            var feed = StatementFeed(name: "x")
            var got: [String] = []
            var at = 0
            while at < bytes.count {
                got += try feed.add(Array(bytes[at..<min(at + size, bytes.count)])).map(\.text)
                at += size
            }
            got += try feed.finish().map(\.text)
            #expect(got == expected, "pieces of \(size)")
        }
    }

    @Test("a script that is not text says in which line")
    func notText() {
        for bad: [UInt8] in [[0xFF], [0xC3, 0x28], [0x00], [0xE7, 0x8E]] {
            var feed = StatementFeed(name: "x.crmq")
            let error = #expect(throws: QueryError.self) {
                _ = try feed.add(Array("let a = 1\nlet b = 2\nlet c = \"".utf8) + bad)
                _ = try feed.finish()
            }
            #expect(error?.message == "x.crmq, line 3, is not text in UTF-8")
        }
    }

    @Test("errors without a place get their statement's first word")
    func places() {
        let source = SourceText(name: "x.crmq", text: "\n# why\n  load t from \"a.csv\"\n", firstLine: 7)
        #expect(
            ErrorReport.text(StorageError(.environment, "disk full", hint: "make room"), in: source).hasPrefix("x.crmq:9:3: disk full\n"))
        #expect(ErrorReport.text(QueryError(.data, "bad"), in: source).hasPrefix("x.crmq:9:3: bad\n"))
        #expect(ErrorReport.text(QueryError(.cancelled, "cancelled"), in: source) == "interrupted")
    }

    @Test(
        "seconds never have an exponent",
        arguments: [(0.0, "0.0"), (0.0000004, "0.0"), (0.0123, "0.0123"), (61.5, "61.5"), (2.000001, "2.000001")])
    func seconds(value: Double, text: String) {
        #expect(Clock.text(value) == text)
    }

    @Test("progress says how much, how fast, how long")
    func progress() {
        #expect(
            Progress.text(done: 500, total: 1000, unit: "rows", elapsedSeconds: 2, width: 60)
                == "50%  500 rows of 1,000 rows  250 rows/s  2s left")
        #expect(Progress.text(done: 30 << 20, total: 0, unit: "bytes", elapsedSeconds: 3) == "30 MB  10 MB/s")
    }

    @Test("help is folded between words")
    func wrapping() {
        #expect(DotCommand.wrapped("  one two three\nfour\n", width: 10) == "  one two\n    three\nfour\n")
        #expect(DotCommand.wrapped("stages:     where\n", width: 40) == "stages:     where\n")
        #expect(DotCommand.wrapped("一二三 四五六\n", width: 9) == "一二三\n  四五六\n")
    }

    @Test("dot-commands are told from statements")
    func dotCommands() {
        func command(_ text: String) -> String? { DotCommand.text(in: SourceText(name: "x", text: text)) }
        #expect(command(".tables\n") == "tables")
        #expect(command("# c\n .mode csv;\n") == "mode csv")
        #expect(command("exit") == "quit")
        #expect(command("help sum\n") == "help sum")
        #expect(command("from t | take .5") == nil)
        #expect(command(".5") == nil)
        #expect(command("exit from t") == nil)
    }
}
