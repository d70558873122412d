import Foundation
import Testing

@Suite("definitions kept with the data, files that run files")
struct VocabularyTests {
    private func store() throws -> Scratch {
        let scratch = try Scratch()
        try scratch.write("id,name,amount\n1,a,10\n2,b,-3\n3,c,0\n", to: "t.csv")
        let made = try Crmq.run(
            [
                "s", "-c", "load t from \"t.csv\" key id", "-c", "save segment good on t = amount >= @least", "-c", "save let least = 0",
            ], folder: scratch.url)
        #expect(made.code == 1 && made.err.contains("there is no @least"), "\(made.err)")
        let saved = try Crmq.run(
            ["s", "-c", "save param least: int = 0 in -5..5; save segment good on t = amount >= @least"], folder: scratch.url)
        #expect(saved.code == 0 && saved.err == "saved param least\nsaved segment good\n", "\(saved.err)")
        return scratch
    }

    @Test("what is saved is there in the next run, and its parameter is set by --param")
    func kept() throws {
        let scratch = try store()
        let question = "from t | where good | select id | sort id"
        #expect(try Crmq.run(["s", "-c", question], folder: scratch.url).out == "id\n1\n3\n")
        #expect(try Crmq.run(["s", "-c", question, "--param", "least=1"], folder: scratch.url).out == "id\n1\n")
        #expect(try Crmq.run(["s", "--param", "least=1"], input: question, folder: scratch.url).out == "id\n1\n")
        let mistyped = try Crmq.run(["s", "-c", question, "--param", "leest=1"], folder: scratch.url)
        #expect(mistyped.code == 2 && mistyped.err.contains("least"), "\(mistyped.err)")
    }

    @Test("run finds files beside the one that runs them, from -f, -c and standard input")
    func run() throws {
        let scratch = try store()
        try scratch.write("param floor: int = 0\nfrom t | where amount > @floor | summarize n: count()\n", to: "count.crmq")
        let folder = scratch.url.appendingPathComponent("reports")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try scratch.write("run \"../count.crmq\" with floor = -10\nrun \"../count.crmq\"\n", to: "reports/all.crmq")
        #expect(try Crmq.run(["s", "-f", "reports/all.crmq"], folder: scratch.url).out == "n\n3\nn\n1\n")
        #expect(try Crmq.run(["s", "-c", "run \"reports/all.crmq\""], folder: scratch.url).out == "n\n3\nn\n1\n")
        #expect(try Crmq.run(["s"], input: "run \"count.crmq\" with floor = -1", folder: scratch.url).out == "n\n2\n")
        let wrong = try Crmq.run(["s", "-c", "run \"count.crmq\" with flor = 1"], folder: scratch.url)
        #expect(wrong.code == 1 && wrong.err.contains("did you mean floor?"), "\(wrong.err)")
        let safe = try Crmq.run(["s", "--safe", "-c", "run \"count.crmq\""], folder: scratch.url)
        #expect(safe.code == 1 && safe.err.contains("not allowed in safe mode"), "\(safe.err)")
        try scratch.write("from t | where nme = 1\n", to: "broken.crmq")
        let broken = try Crmq.run(["s", "-c", "run \"broken.crmq\""], folder: scratch.url)
        #expect(broken.code == 1 && broken.err.hasPrefix("broken.crmq:1:16: there is no column nme here"), "\(broken.err)")
        try scratch.write("from t | assert count() = 5 else \"too few\"\n", to: "check.crmq")
        #expect(try Crmq.run(["s", "-c", "run \"check.crmq\""], folder: scratch.url).code == 3)
    }

    @Test("definitions go out as a script and come back")
    func exported() throws {
        let scratch = try store()
        let out = try Crmq.run(["s", "-c", "from show(all) | to \"d.crmq\""], folder: scratch.url)
        #expect(out.code == 0 && out.err == "wrote 2 definitions to d.crmq\n", "\(out.err)")
        let text = try String(contentsOf: scratch.url.appendingPathComponent("d.crmq"), encoding: .utf8)
        #expect(text == "save param least: int = 0 in -5..5\n\nsave segment good on t = amount >= @least\n")
        let read = try Crmq.run(
            ["s2", "-c", "load t from \"t.csv\" key id", "-f", "d.crmq", "-c", "from t | where good | summarize n: count()"],
            folder: scratch.url)
        #expect(read.code == 0 && read.out == "n\n2\n", "\(read.err)")
        let other = try Crmq.run(["s", "-c", "from t | to \"t.crmq\""], folder: scratch.url)
        #expect(other.code == 1 && other.err.contains("a .crmq file holds definitions"), "\(other.err)")
    }

    @Test("a store that is only read takes no definition, but a run may have its own")
    func readOnly() throws {
        let scratch = try store()
        let saved = try Crmq.run(["s", "--read-only", "-c", "save segment bad on t = amount < 0"], folder: scratch.url)
        #expect(saved.code != 0 && saved.err.contains("reading only"), "\(saved.err)")
        let own = try Crmq.run(
            ["s", "--read-only", "-c", "segment bad on t = not good; from t | where bad | select id"], folder: scratch.url)
        #expect(own.code == 0 && own.out == "id\n2\n", "\(own.err)")
    }
}
