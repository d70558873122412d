import Foundation
import Storage
import Testing

@testable import Query

/// Definitions over the life of a store: kept, written out, read back, refused.
@Suite struct DefinitionTests {
    private final class Folder {
        let path: String
        init() throws {
            path = NSTemporaryDirectory() + "crmq-definitions-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        deinit { try? FileManager.default.removeItem(atPath: path) }
        func write(_ text: String, to name: String) throws {
            try FileManager.default.createDirectory(
                atPath: (path + "/" + name as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try text.write(toFile: path + "/" + name, atomically: true, encoding: .utf8)
        }
    }

    private func session(_ store: String?, _ change: (inout SessionOptions) -> Void = { _ in }) throws -> Session {
        var options = SessionOptions()
        options.threads = 2
        change(&options)
        let session = try Session(storePath: store, options: options)
        session.fileFolder = GoldenTests.folder
        return session
    }

    /// Everything that a text says, run as a file.
    @discardableResult
    private func say(_ text: String, _ session: Session, path: String? = nil) throws -> String {
        var out = ""
        for statement in StatementSplitter.splitFile(text, name: "test", path: path) {
            let transcript = Transcript()
            try session.run(statement, receiver: transcript)
            out += transcript.text
        }
        return out
    }

    private static let tables = """
        load customers from "data/customers.csv" key customer_id
        load transactions from "data/transactions.csv" key txn_id time ts
        link transactions.customer_id to customers as customer, transactions
        """

    private static let vocabulary = """
        # 大客户: what the board calls them.
        # Second line.
        save segment 大客户 on customers = balance > 200k or tier = "pri\\"vate"
        save let least = 1k
        save metric total(kind: "purchase") on customers = sum(transactions.amount where type = kind)
        save metric `odd name` on customers = total("fee") + @least
        save query best = from customers | where 大客户 and `odd name` > @least | select name, x: `odd name`
        save verb top_of(n, x: balance) = sort x desc | take n
        # A month.
        save param month: month = 2026-09 in 2026-01..2026-12
        save query one = from best | top_of(1, x)
        """

    @Test func isReadBackAsItWasWritten() throws {
        let folder = try Folder()
        let file = folder.path + "/definitions.crmq"
        let first = try session(folder.path + "/a")
        defer { first.close() }
        try say(Self.tables + "\n" + Self.vocabulary, first)
        let shown = try say("from show(all)", first)
        try say("from show(all) | to \"\(file)\"", first)
        let second = try session(folder.path + "/b")
        defer { second.close() }
        try say(Self.tables, second)
        try say("run \"\(file)\"", second)
        #expect(try say("from show(all)", second) == shown)
        #expect(try say("from one", second) == say("from one", first))
        let versions = try second.store.versions().count
        try say("run \"\(file)\"", second)
        #expect(try second.store.versions().count == versions, "what is so already commits nothing")
        // A store opened again has what was saved, and not what lived for the run.
        try say("segment gone on customers = true", second)
        let third = try session(folder.path + "/b")
        defer { third.close() }
        #expect(try say("from show(all)", third) == shown)
    }

    @Test func definitionsComeBeforeTables() throws {
        let folder = try Folder()
        let session = try session(folder.path + "/a")
        defer { session.close() }
        let said = try say("save segment rich on customers = balanc > 1k\nsave segment fine on customers = balance > 1k", session)
        #expect(said.contains("segment rich: customers is not loaded yet, so only its form was checked"))
        let loaded = try say(Self.tables, session)
        #expect(loaded.contains("segment rich does not fit: there is no column balanc here"), "\(loaded)")
        #expect(!loaded.contains("segment fine"))
        #expect(try say("from customers | summarize n: count(where fine)", session).hasPrefix("n\n5\n"))
    }

    @Test func aSavedParameterTakesTheRunsValue() throws {
        let folder = try Folder()
        let first = try session(folder.path + "/a")
        try say(
            Self.tables + "\nsave param floor: int = 100000\nsave param must: int\nsave segment rich on customers = balance > @floor", first
        )
        first.close()
        let second = try session(folder.path + "/a") { $0.parameters = ["floor": "1000000"] }
        defer { second.close() }
        #expect(try say("from customers | summarize n: count(where rich)", second).hasPrefix("n\n1\n"))
        #expect(second.undeclaredParameters.isEmpty)
        #expect(throws: QueryError.self) { try say("from customers | where balance > @must", second) }
    }

    @Test func filesRunFromTheirOwnFolder() throws {
        let folder = try Folder()
        try folder.write("run \"parts/a.crmq\" with n = 3\nfrom branches | summarize last: count()\n", to: "main.crmq")
        try folder.write("param n: int = 1\nrun \"b.crmq\" with n = @n + 1\nfrom branches | summarize a: @n * max(1)\n", to: "parts/a.crmq")
        try folder.write("param n: int = 1\nfrom branches | summarize b: @n * max(1)\n", to: "parts/b.crmq")
        let session = try session(nil)
        defer { session.close() }
        try say("load branches from \"data/branches.csv\" key city", session)
        let text = try String(contentsOfFile: folder.path + "/main.crmq", encoding: .utf8)
        #expect(try say(text, session, path: folder.path + "/main.crmq") == "b\n4\na\n3\nlast\n4\n")
        // A circle over two files, told with its names.
        try folder.write("run \"y.crmq\"\n", to: "x.crmq")
        try folder.write("from branches | take 1\n\nrun \"x.crmq\"\n", to: "y.crmq")
        do {
            try say("run \"\(folder.path)/x.crmq\"", session)
            Issue.record("a circle ran")
        } catch let error as QueryError {
            #expect(error.message == "x.crmq runs itself: x.crmq → y.crmq → x.crmq")
            #expect(error.source?.name == folder.path + "/y.crmq")
            #expect(error.source?.firstLine == 3)
        }
        let safe = try self.session(nil) { $0.safe = true }
        defer { safe.close() }
        #expect(throws: QueryError.self) { try say("run \"\(folder.path)/main.crmq\"", safe) }
        #expect(throws: QueryError.self) { try say("from show(all) | to \"\(folder.path)/d.crmq\"", safe) }
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/d.crmq"))
    }

    /// Every kind of text that a definition may hold is its own canonical form.
    @Test func canonicalTextIsStable() throws {
        for text in [
            "segment a on t = not (x and y) or z in [1, 2]",
            "metric m(w: 3mo, k: if a then 1 else 2) on t = sum(u.v where d in last w) / k",
            "verb v(x, y: (from t | take 1)) = where x in y | join t as u on a = b | v2(x, k: y)",
            "query q = from (from t | take 1) | sort a desc",
            "let x = [1, 2..3, last 90d]", "param p: decimal(2) = 1.50 in 0..2",
        ] {
            let entry = try DefinitionEntry(text: text, doc: "a\n\nb", origin: .saved)
            #expect(entry.definition.formatted() == text)
            let again = try DefinitionEntry(saved: entry.bytes)
            #expect(again.text == entry.text)
            #expect(again.doc == entry.doc)
        }
    }

    /// The comment lines directly above, and no others.
    @Test func docsAreTheLinesAbove() {
        let text =
            "# far\n\n# one\n#  two\nsegment a on t = x\n# three\nsegment b on t = x; segment c on t = x\nsegment d on t = x\n  # inside\n | y\nlet e = 1\n"
        let docs = StatementSplitter.splitFile(text, name: "test").map(\.comment)
        #expect(docs == ["one\n two", "three", nil, nil, nil])
    }

    /// A chain that is too long, and one that doubles at every step, are errors and neither crashes nor hangs.
    @Test func definitionsDoNotRunAway() throws {
        let session = try session(nil)
        defer { session.close() }
        try say("load branches from \"data/branches.csv\" key city\nsegment s0 on branches = city = \"Berlin\"", session)
        var stopped = 0
        for number in 1...80 where stopped == 0 {
            do { try say("segment s\(number) on branches = s\(number - 1)", session) } catch is QueryError { stopped = number }
        }
        #expect((30...70).contains(stopped), "stopped at \(stopped)")
        try say("segment d0 on branches = true", session)
        stopped = 0
        for number in 1...30 where stopped == 0 {
            do { try say("segment d\(number) on branches = d\(number - 1) and d\(number - 1)", session) } catch is QueryError {
                stopped = number
            }
        }
        #expect((8...16).contains(stopped), "stopped at \(stopped)")
        #expect(try say("from branches | where d5 and s20 | select city", session) == "city\nBerlin\n")
    }

    /// Each text is within the limits of one expression; put into each other they would be higher than any stack.
    @Test func highDefinitionsAreAnError() throws {
        let session = try session(nil)
        defer { session.close() }
        try say("load branches from \"data/branches.csv\" key city", session)
        let tail = String(repeating: " + 1", count: 400)
        try say("let x0 = length(city)\(tail)", session)
        var failed = 0
        for number in 1...20 where failed == 0 {
            try say("let x\(number) = @x\(number - 1)\(tail)", session)
            do { try say("from branches | derive y: @x\(number) | take 1", session) } catch is QueryError { failed = number }
        }
        #expect((1...2).contains(failed), "failed at \(failed)")
        let test = String(repeating: " or region = \"x\"", count: 300)
        try say("segment t0 on branches = region = \"x\"\(test)", session)
        failed = 0
        for number in 1...20 where failed == 0 {
            do { try say("segment t\(number) on branches = t\(number - 1)\(test)", session) } catch is QueryError { failed = number }
        }
        #expect((1...4).contains(failed), "failed at \(failed)")
    }

    /// What goes wrong deep inside is told at the caller's place, with the definition that says so.
    @Test func errorsNameWhereTheyStand() throws {
        let session = try session(nil)
        defer { session.close() }
        try say(
            "segment rich on customers = balanc > 1k\nquery best = from customers | where rich\nverb both(x) = take 5 | where rich and x > 1",
            session)
        try say("load customers from \"data/customers.csv\" key customer_id", session)
        for (query, span) in [
            ("from best | take 1", 5..<9), ("from customers | both(balance)", 17..<30), ("from customers | where not rich", 27..<31),
        ] {
            do {
                try say(query, session)
                Issue.record("\(query) ran")
            } catch let error as QueryError {
                #expect(error.span == span, "\(query)")
                #expect(error.message.hasSuffix("in segment rich: there is no column balanc here"), "\(error.message)")
                #expect(
                    error.hint == "did you mean balance?; the definition says: segment rich on customers = balanc > 1000",
                    "\(error.hint ?? "")")
            }
        }
    }
}
