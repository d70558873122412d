import Foundation
import Glibc
import Storage
import Testing

@Suite struct ImportSyntaxTests {
    @Test(arguments: [",", ";", "\t", "|", ", ", "; ", "||"]) func delimiters(_ delimiter: String) throws {
        let lines = [["id", "name", "note"], ["1", "Ann", "\"a\(delimiter)b\""], ["2", "Bo", "plain"], ["3", "", "x"]]
        let loaded = try importText(lines.map { $0.joined(separator: delimiter) }.joined(separator: "\n"))
        #expect(loaded.sink.types == "id int, name text, note text")
        #expect(loaded.sink.rows == [["1", "Ann", "a\(delimiter)b"], ["2", "Bo", "plain"], ["3", nil, "x"]])
    }

    @Test(arguments: ["\n", "\r\n", "\r"]) func recordEnds(_ end: String) throws {
        let text = ["a,b", "1,\"x\(end)y\"", "2,z", ""].joined(separator: end)
        let loaded = try importText(text)
        #expect(loaded.sink.rows == [["1", "x\(end)y"], ["2", "z"]])
        #expect(loaded.sink.types == "a int, b text")
        let error = importError(text + "3,4,5" + end)
        #expect(error?.message == "t.csv, line 5: 3 fields where 2 are expected")
    }

    @Test func spacesInRuns() throws {
        let loaded = try importText("  id   name      value \r\n   1   \"A B\"    2.50\r\n  22   C     3.00  \r\n\r\n")
        #expect(loaded.sink.types == "id int, name text, value decimal(2)")
        #expect(loaded.sink.rows == [["1", "A B", "2.50"], ["22", "C", "3.00"]])
    }

    @Test func quotesAndEscapes() throws {
        #expect(try importText("a,b\n'x, y',1\n'it''s',2\n").sink.rows == [["x, y", "1"], ["it's", "2"]])
        #expect(
            try importText("a,b\n\"x \\\"y\\\", z\",1\n\"back\\\\slash\\n\",2\n").sink.rows == [
                ["x \"y\", z", "1"], ["back\\slash\\n", "2"],
            ])
        #expect(try importText("a,b\n5\" pipe,1\n6\" pipe,2\n").sink.rows == [["5\" pipe", "1"], ["6\" pipe", "2"]])
        #expect(try importText("a,b\n\"x,1\n\"y,2\n") { $0.quote = "" }.sink.rows == [["\"x", "1"], ["\"y", "2"]])
        #expect(try importText("a\n\"\"\"\"\n\"\"\n") { $0.header = true }.sink.rows == [["\""], [""]])
    }

    @Test func headers() throws {
        #expect(
            try importText("amount,,amount,amount_2, x \n1,2,3,4,5\n").sink.schema.map(\.name) == [
                "amount", "column2", "amount_3", "amount_2", "x",
            ])
        #expect(try importText("1,2\n3,4\n").sink.types == "column1 int, column2 int")
        #expect(try importText("1,2\n3,4\n") { $0.header = true }.sink.types == "1 int, 2 int")
        #expect(try importText("a,b\nc,d\n") { $0.header = false }.sink.rows.count == 2)
        #expect(try importText("1,2\n3,4\n") { $0.names = ["x", "y"] }.sink.schema.map(\.name) == ["x", "y"])
        #expect(try importText("a,b\n3,4\n") { $0.names = ["x", "y"] }.sink.rows == [["3", "4"]])
        #expect(importError("a,b\n3,4\n") { $0.names = ["x"] }?.kind == .request)
        let only = try importText("a,b,c\n")
        #expect(only.sink.types == "a text, b text, c text")
        #expect(only.summary.rows == 0)
        #expect(try importText("made by us\nsecond line\na,b\n1,2\n") { $0.skip = 2 }.sink.types == "a int, b int")
        let report = try importText("Report of September\n\na,b\n1,2\n3,4\n")
        #expect(report.sink.types == "a int, b int")
        #expect(report.summary.notes.count == 1)
        #expect(importError("a,b\n1,2\n3\n")?.message == "t.csv, line 3: 1 field where 2 are expected")
        #expect(try importText("region,2020,2021\nN,5,6\nS,7,8\n") { $0.header = true }.sink.types == "region text, 2020 int, 2021 int")
    }

    /// Sparse rows at the beginning are data, not a title, unless a header follows them.
    @Test func sparseRowsAreNotPassedOver() throws {
        let sparse = try importText(",,1\n,,2\n3,4,5\n6,7,8\n")
        #expect(sparse.sink.rows == [[nil, nil, "1"], [nil, nil, "2"], ["3", "4", "5"], ["6", "7", "8"]])
        #expect(sparse.summary.notes.isEmpty)
        let stated = try importText("id,,\n1,x,y\n2,z,w\n") { $0.header = true }
        #expect(stated.sink.types == "id int, column2 text, column3 text")
        #expect(importError("a,\"b\"x\n1,2\n") { $0.header = true }?.message == "t.csv, line 1: no header can be read")
    }

    @Test func oneColumn() throws {
        let loaded = try importText("n\n1\n\n3\n")
        #expect(loaded.sink.types == "n int")
        #expect(loaded.sink.rows == [["1"], [nil], ["3"]])
        #expect(try importText("name\nAnn Lee\nBo\n").sink.rows == [["Ann Lee"], ["Bo"]])
    }

    @Test func rejectsKeepEveryBadRow() throws {
        let folder = try ImportFolder()
        let path = folder.path("bad.csv")
        let loaded = try importText("id,amount\n1,2.50\n2\n3,4.00,x\n4,\"a\"b\n5,abc\n6,1.00\n") {
            $0.rejects = path
            $0.types = ["amount": .decimal(scale: 2)]
        }
        #expect(loaded.sink.rows == [["1", "2.50"], ["6", "1.00"]])
        #expect(loaded.summary.rejected == 4)
        #expect(loaded.summary.rows == 2)
        let kept = try String(contentsOfFile: path, encoding: .utf8)
        #expect(
            kept == """
                file,line,reason,text
                "t.csv",3,"1 field where 2 are expected","2"
                "t.csv",4,"3 fields where 2 are expected","3,4.00,x"
                "t.csv",5,"column amount: text stands after a field's closing quote","4,""a""b"
                "t.csv",6,"column amount: ""abc"" is not a decimal(2)","5,abc"

                """)
        let again = try importFiles([path])
        #expect(again.sink.column("text") == ["2", "3,4.00,x", "4,\"a\"b", "5,abc"])
    }

    @Test func manyFilesByName() throws {
        let folder = try ImportFolder()
        let a = try folder.write("a.csv", "id,v\n1,x\n2,y\n")
        let b = try folder.write("b.csv", "v,id\nz,3\n")
        let c = try folder.write("c.csv", "id,w\n1,2\n")
        let d = try folder.write("d.csv", "id,v,w\n1,2,3\n")
        let e = try folder.write("e.csv", "v,id\nz,2.5\n")
        #expect(try importFiles([a, b]).sink.rows == [["1", "x"], ["2", "y"], ["3", "z"]])
        let wider = try importFiles([a, e])
        #expect(wider.sink.rows == [["1.0", "x"], ["2.0", "y"], ["2.5", "z"]])
        #expect(wider.sinks == 2)
        let missing = #expect(throws: StorageError.self) { try importFiles([a, c]) }
        #expect(missing?.message == "c.csv has no column v, which a.csv has")
        let extra = #expect(throws: StorageError.self) { try importFiles([a, d]) }
        #expect(extra?.message == "d.csv has a column w, which a.csv has not")
        let absent = #expect(throws: StorageError.self) { try importFiles([a, folder.path("none.csv")]) }
        #expect(absent?.kind == .file)
        #expect(#expect(throws: StorageError.self) { try importFiles([folder.root]) }?.kind == .file)
    }

    @Test func aSpreadsheetsSeparatorLine() throws {
        let loaded = try importText("sep=;\r\na;b\r\n1,5;x\r\n2,5;y\r\n")
        #expect(loaded.sink.types == "a text, b text")
        #expect(loaded.sink.rows == [["1,5", "x"], ["2,5", "y"]])
        #expect(importError("sep=;\na;b\n1;2\n3\n")?.message == "t.csv, line 4: 1 field where 2 are expected")
    }

    @Test func aThousandFilesCostNoDescriptors() throws {
        let folder = try ImportFolder()
        let paths = try (0..<1500).map { try folder.write("f\($0).csv", "id,v\n\($0),x\n") }
        let loaded = try importFiles(paths)
        #expect(loaded.sink.column("id") == (0..<1500).map { String($0) })
    }

    /// A pipe that never says anything is given up when the caller asks.
    @Test func waitingForAPipeCancels() throws {
        let folder = try ImportFolder()
        let fifo = folder.path("fifo")
        #expect(mkfifo(fifo, 0o600) == 0)
        // Opened for both ends, so that neither waits for the other.
        let writer = open(fifo, O_RDWR)
        defer { close(writer) }
        var options = ImportOptions()
        options.isCancelled = { true }
        let importer = try Importer(paths: [fifo], options: options)
        let error = #expect(throws: StorageError.self) { try importer.sniffedColumns() }
        #expect(error?.kind == .cancelled)
    }

    @Test func encodings() throws {
        let text = "姓名,城市\n张三,杭州\n李四,北京\n"
        let expected: [[String?]] = [["张三", "杭州"], ["李四", "北京"]]
        #expect(try importBytes([0xEF, 0xBB, 0xBF] + Array(text.utf8)).sink.rows == expected)
        #expect(try importBytes([0xEF, 0xBB, 0xBF] + Array(text.utf8)).sink.schema[0].name == "姓名")
        let little = text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        let big = text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        #expect(try importBytes([0xFF, 0xFE] + little).sink.rows == expected)
        #expect(try importBytes([0xFE, 0xFF] + big).sink.rows == expected)
        #expect(try importBytes([0xFE, 0xFF] + big) { $0.encoding = "utf-16" }.sink.rows == expected)
        #expect(try importBytes(little) { $0.encoding = "utf-16le" }.sink.rows == expected)
        #expect(
            try importBytes("a,b\n1,x\n2,y\n".utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }).sink.rows == [["1", "x"], ["2", "y"]])
        // 张三 in GBK.
        let gbk = Array("a,b\n1,".utf8) + [0xD5, 0xC5, 0xC8, 0xFD] + Array("\n".utf8)
        #expect(try importBytes(gbk) { $0.encoding = "gbk" }.sink.rows == [["1", "张三"]])
        #expect(try importBytes(gbk) { $0.encoding = "gb18030" }.sink.rows == [["1", "张三"]])
        #expect(try importBytes(Array("a,b\n1,".utf8) + [0xE9, 10]) { $0.encoding = "latin1" }.sink.rows == [["1", "é"]])
        #expect(try importBytes(Array("a,b\n1,".utf8) + [0x80, 10]) { $0.encoding = "windows-1252" }.sink.rows == [["1", "€"]])
        let unnamed = importError(gbk)
        #expect(unnamed?.kind == .data)
        #expect(unnamed?.message.hasPrefix("t.csv, line 2: byte 0xd5 is not UTF-8") == true)
        #expect(unnamed?.message.contains("encoding:") == true)
        let longer = try importBytes(gbk + Array("2,".utf8) + [0xC0, 0xEE, 0xCB, 0xC4] + Array("\n".utf8))
        #expect(longer.sink.rows == [["1", "张三"], ["2", "李四"]])
        #expect(longer.summary.notes.first?.contains("gb18030") == true)
        #expect(importError(Array("a,b\n1,caf".utf8) + [0xE9] + Array("\n2,na".utf8) + [0xEF] + Array("f, Andr".utf8) + [0xE9, 10]) != nil)
        #expect(importError("a\n1\n") { $0.encoding = "klingon" }?.kind == .request)
    }

    @Test func progressCancels() throws {
        struct Stop: Error {}
        let folder = try ImportFolder()
        let path = try folder.write("big.csv", "a,b\n" + String(repeating: "12345,some text that is long\n", count: 400_000))
        let importer = try Importer(paths: [path], options: ImportOptions())
        #expect(throws: Stop.self) {
            try importer.load(makeWriter: { MemorySink($0, keepsRows: false) }, progress: { _ in throw Stop() })
        }
        // And the importer can be used again.
        #expect(try importer.load(makeWriter: { MemorySink($0, keepsRows: false) }, progress: { _ in }).rows == 400_000)
    }

    /// Standard input, a pipe that comes slowly, and gzip: each with a surprise late in the stream.
    @Test func pipesAndGzip() throws {
        var text = "key,v\n"
        for i in 0..<150_000 { text += "a key of row \(i),\(i)\n" }
        text += "last,2.5\n"
        let folder = try ImportFolder()
        let plain = try folder.write("t.csv", text)
        try run("gzip", "-k", plain)
        let packed = try importFiles([plain + ".gz"])
        #expect(packed.sinks == 2)
        #expect(packed.summary.rows == 150_001)
        #expect(packed.sink.rows.first == ["a key of row 0", "0.0"])
        #expect(packed.sink.rows.last == ["last", "2.5"])
        let whole = try Data(contentsOf: URL(fileURLWithPath: plain + ".gz"))
        let torn = try folder.write("torn.csv.gz", Array(whole.prefix(whole.count / 2)))
        let error = #expect(throws: StorageError.self) { try importFiles([torn]) }
        #expect(error?.kind == .data)
        #expect(error?.message.contains("torn.csv.gz is not complete") == true)
        let fake = try folder.write("fake.csv.gz", "not gzip at all")
        #expect(#expect(throws: StorageError.self) { try importFiles([fake]) }?.kind == .data)
        // A fifo is read once, like standard input.
        let fifo = folder.path("fifo")
        #expect(mkfifo(fifo, 0o600) == 0)
        let feeder = Process()
        feeder.executableURL = URL(fileURLWithPath: "/bin/sh")
        feeder.arguments = ["-c", "cat '\(plain)' > '\(fifo)'"]
        try feeder.run()
        let piped = try importFiles([fifo])
        feeder.waitUntilExit()
        #expect(piped.sinks == 2)
        #expect(piped.sink.rows == packed.sink.rows)
    }

    private func run(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }
}
