import Foundation
import Testing

@Suite("streams, scripts, exit codes")
struct StreamTests {
    private static let csv = "id,name,amount\n1,王芳,10.50\n2,\"a,b\",-3.25\n3,,0.00\n"

    private func store() throws -> Scratch {
        let scratch = try Scratch()
        try scratch.write(StreamTests.csv, to: "t.csv")
        let loaded = try Crmq.run(["s", "-c", "load t from \"t.csv\" key id"], folder: scratch.url)
        #expect(loaded.code == 0, "\(loaded.err)")
        #expect(loaded.out == "", "messages belong to standard error")
        #expect(loaded.err.contains("3 rows"))
        return scratch
    }

    @Test("answers to standard output as csv, all else to standard error")
    func csv() throws {
        let scratch = try store()
        let outcome = try Crmq.run(["s", "-c", "from t | sort id"], folder: scratch.url)
        #expect(outcome.code == 0)
        #expect(outcome.out == StreamTests.csv)
        #expect(outcome.err == "")
    }

    @Test("-c and -f run in order, statements counted through")
    func order() throws {
        let scratch = try store()
        try scratch.write("from t | summarize n: count(); from t | where id = 2 | select id\n", to: "q.crmq")
        let outcome = try Crmq.run(
            [
                "s", "-c", "from t | where id = 1 | select id", "-f", "q.crmq", "-c", "from t | where id = 3 | select id", "--timing",
                "json",
            ],
            folder: scratch.url)
        #expect(outcome.code == 0, "\(outcome.err)")
        #expect(outcome.out == "id\n1\nn\n3\nid\n2\nid\n3\n")
        let lines = outcome.err.split(separator: "\n")
        #expect(lines.count == 4)
        for (index, line) in lines.enumerated() {
            #expect(
                line.wholeMatch(of: try Regex("\\{\"statement\":\(index + 1),\"seconds\":[0-9]+\\.[0-9]+,\"rows\":1\\}")) != nil, "\(line)")
        }
    }

    @Test("a script stops at its first error and says where")
    func firstError() throws {
        let scratch = try store()
        try scratch.write("from t | summarize n: count()\n\n# next\nfrom t\n  | where nme = \"x\"\nfrom t | take 1\n", to: "q.crmq")
        let outcome = try Crmq.run(["s", "-f", "q.crmq"], folder: scratch.url)
        #expect(outcome.code == 1)
        #expect(outcome.out == "n\n3\n")
        #expect(outcome.err.contains("q.crmq:5:11:"), "\(outcome.err)")
        #expect(outcome.err.contains("name"))
    }

    @Test("the place of an error on standard input is that of the whole stream")
    func inputPlace() throws {
        let outcome = try Crmq.run([], input: "let a = 1\nlet b = 2; frm x\n")
        #expect(outcome.code == 1)
        #expect(outcome.err.contains("standard input:2:12:"), "\(outcome.err)")
    }

    @Test("exit codes by who must act")
    func codes() throws {
        let scratch = try store()
        func code(_ text: String, _ more: String...) throws -> Int32 { try Crmq.run(["s", "-c", text] + more, folder: scratch.url).code }
        #expect(try code("from t | take 1") == 0)
        #expect(try code("from t | where") == 1)
        #expect(try code("from nothing") == 1)
        #expect(try code("from \"missing.csv\"") == 1)
        #expect(try code("from t | assert amount > 0 else \"not all positive\"") == 3)
        #expect(try code("param n: int = 1", "--param", "n=many") == 2)
        #expect(try Crmq.run(["-f", "missing.crmq"]).code == 1)
        try Data("not a store".utf8).write(to: scratch.url.appendingPathComponent("file"))
        #expect(try Crmq.run(["file", "-c", "tables"], folder: scratch.url).code == 4)
    }

    @Test("verify is quiet about a sound store and finds a flipped byte")
    func verify() throws {
        let scratch = try store()
        #expect(try Crmq.run(["verify", "s"], folder: scratch.url).code == 0)
        let files = try #require(
            FileManager.default.enumerator(at: scratch.url.appendingPathComponent("s"), includingPropertiesForKeys: nil)
        )
        .compactMap { $0 as? URL }.filter { (try? Data(contentsOf: $0).count) ?? 0 > 64 }
        let victim = try #require(files.max { $0.path < $1.path })
        var bytes = try Data(contentsOf: victim)
        bytes[bytes.count / 2] ^= 0x10
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: victim.path)
        try bytes.write(to: victim)
        #expect(try Crmq.run(["verify", "s"], folder: scratch.url).code == 4)
    }

    @Test("a reader that goes away ends the program quietly, a full disk does not")
    func readers() throws {
        let scratch = try Scratch()
        try scratch.write("n\n" + (0..<200_000).map { "\($0)\n" }.joined(), to: "n.csv")
        let gone = try Crmq.shell("set -o pipefail; $CRMQ -c 'from \"n.csv\"' | head -2", folder: scratch.url)
        #expect(gone.code == 0)
        #expect(gone.out == "n\n0\n")
        #expect(gone.err == "")
        let full = try Crmq.shell("$CRMQ -c 'from \"n.csv\"' > /dev/full", folder: scratch.url)
        #expect(full.code == 4)
        #expect(full.err.contains("cannot write standard output"))
        let closed = try Crmq.shell("$CRMQ -c 'from \"n.csv\"' >&-", folder: scratch.url)
        #expect(closed.code == 4)
    }

    @Test("-o writes a file in the format of its ending and defuses formulas there, a pipe is raw")
    func outputFile() throws {
        let scratch = try Scratch()
        try scratch.write("t\n=1+1\nplain\n", to: "t.csv")
        let toFile = try Crmq.run(["-c", "from \"t.csv\"", "-o", "out.tsv"], folder: scratch.url)
        #expect(toFile.code == 0, "\(toFile.err)")
        #expect(toFile.out == "")
        #expect(try scratch.read("out.tsv") == "t\n'=1+1\nplain\n")
        #expect(try Crmq.run(["-c", "from \"t.csv\""], folder: scratch.url).out == "t\n=1+1\nplain\n")
        #expect(try Crmq.run(["-c", "from \"t.csv\"", "-o", "no/such/folder.csv"], folder: scratch.url).code == 1)
    }

    @Test("a semicolon runs a statement at once, on a pipe too")
    func atOnce() throws {
        let path = try #require(Crmq.path)
        let scratch = try store()
        let process = Process()
        let input = Pipe()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = ["s"]
        process.currentDirectoryURL = scratch.url
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        // The answer must come while our end of the pipe is open and the line has no end yet.
        input.fileHandleForWriting.write(Data("from t | summarize n: count();".utf8))
        var answer = Data()
        while answer.count < 4 { answer += output.fileHandleForReading.availableData }
        #expect(String(decoding: answer, as: UTF8.self) == "n\n3\n")
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    @Test("an interrupt ends a script with 130")
    func interrupted() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(Crmq.path))
        let input = Pipe()
        let errors = Pipe()
        process.standardInput = input
        process.standardError = errors
        try process.run()
        // The first statement's error output says that the program is up and waits for more.
        input.fileHandleForWriting.write(Data(".timer on\nlet x = 1;".utf8))
        _ = errors.fileHandleForReading.availableData
        process.interrupt()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit)
        #expect(process.terminationStatus == 130)
    }

    @Test("--safe keeps to the store, --read-only does not write it")
    func safe() throws {
        let scratch = try store()
        func code(_ text: String, _ option: String) throws -> Int32 { try Crmq.run(["s", option, "-c", text], folder: scratch.url).code }
        #expect(try code("from t | take 1", "--safe") == 0)
        #expect(try code("from \"t.csv\"", "--safe") == 1)
        #expect(try code("from t | to \"x.csv\"", "--safe") == 1)
        #expect(try code(".read q.crmq", "--safe") == 1)
        #expect(!FileManager.default.fileExists(atPath: scratch.path("x.csv")))
        #expect(try code("drop table t", "--read-only") != 0)
        #expect(try code("from t | summarize n: count()", "--read-only") == 0)
    }

    @Test("formats by --format")
    func formats() throws {
        let scratch = try store()
        func out(_ format: String) throws -> String {
            try Crmq.run(["s", "--format", format, "-c", "from t | where id <= 2 | sort id"], folder: scratch.url).out
        }
        #expect(try out("table") == "id  name  amount\n──  ────  ──────\n 1  王芳   10.50\n 2  a,b    -3.25\n")
        #expect(try out("tsv") == "id\tname\tamount\n1\t王芳\t10.50\n2\ta,b\t-3.25\n")
        #expect(try out("jsonl") == "{\"id\":1,\"name\":\"王芳\",\"amount\":10.50}\n{\"id\":2,\"name\":\"a,b\",\"amount\":-3.25}\n")
        #expect(try out("markdown") == "| id | name | amount |\n| ---: | --- | ---: |\n| 1 | 王芳 | 10.50 |\n| 2 | a,b | -3.25 |\n")
        #expect(try out("vertical").hasPrefix("── row 1 ──\nid      1\nname    王芳\namount  10.50\n"))
    }
}
