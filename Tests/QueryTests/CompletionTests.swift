import Foundation
import Testing

@testable import Query

/// What completion proposes by the place in the pipe, over the small bank with its links.
@Suite struct CompletionTests {
    static let session: Session? = {
        guard let session = try? CatalogueTests.bank() else { return nil }
        let links = (try? String(contentsOfFile: GoldenTests.folder + "/data/links.crmq", encoding: .utf8)) ?? ""
        let own = """
            segment rich on customers = balance > 100k
            metric spend(window: 90d) on customers = sum(transactions.amount where ts in last window)
            verb biggest(x, n: 3) = top n by x
            query cities = from customers | summarize n: count() by city
            let floor = 1m
            param month: month = 2026-01
            """
        for statement in StatementSplitter.splitFile(links + "\n" + own, name: "setup") {
            guard (try? session.run(statement, receiver: Transcript())) != nil else { return nil }
        }
        return session
    }()

    private func names(_ text: String, _ groups: Completion.Group...) throws -> [String] {
        let found = try #require(Self.session).completions(of: text)
        return found.items.filter { groups.isEmpty || groups.contains($0.group) }.map(\.name)
    }

    private static let customerColumns = [
        "customer_id", "name", "city", "tier", "balance", "opened", "birthday", "referred_by", "active",
    ]

    @Test func columnsOfThisVeryPoint() throws {
        #expect(try names("from customers | where ", .columns) == Self.customerColumns)
        #expect(try names("from customers | select city, b: balance * 2 | sort ", .columns) == ["city", "b"])
        #expect(
            try names("from customers | summarize n: count(), sum(balance) by tier | where ", .columns) == ["tier", "n", "sum_balance"])
        #expect(
            try names("from customers | derive x: 1\n| rename y: x\n  | drop name, city | sort ", .columns).suffix(2) == ["active", "y"])
        #expect(try names("from customers | join branches on city | where branches.", .columns) == ["region", "manager"])
        #expect(try names("from customers | where tier in (from branches | select r: region | where ", .columns) == ["r"])
        #expect(try names("from customers | top 3 by b").contains("balance"))
        #expect(try names("explain from branches | where ", .columns) == ["city", "region", "manager"])
        #expect(try names("query q = from branches | drop ") == ["city", "region", "manager"])
        #expect(try names("delete from branches where ", .columns) == ["city", "region", "manager"])
        #expect(try names("segment s on branches = ", .columns) == ["city", "region", "manager"])
    }

    /// What stands before the place may be wrong, or not be whole.
    @Test(arguments: [
        "from customers | where balance >> 3 | select city, tier | where ",
        "from customers | where nonsense = 1 and ( | select city, tier | where ",
        "from customers | sort | select city, tier | where ",
        "from customers | derive x: nothing(1) | select city, tier | where ",
        "from customers | where name = 'x' | select city, tier | sort ",
        "from customers | take | select city, tier | summarize by ",
    ]) func brokenBefore(_ text: String) throws { #expect(try names(text, .columns) == ["city", "tier"]) }

    @Test func brokenStagesStillName() throws {
        #expect(try names("from customers | summarize n: cout(), s: su(balance) by k: tiers | where ", .columns) == ["n", "s", "k"])
        #expect(try names("from nothing | where ", .columns).contains("balance"))
    }

    /// Every start of a statement is answered, and nothing traps.
    @Test func everyPrefix() throws {
        let session = try #require(Self.session)
        let texts = [
            "from customers | where tier in [\"gold\", \"silver\"] and sum(transactions.amount where type = \"fee\" by ts) > 1.5k | summarize n: count() by m: month(opened) | top 3 by n with others | to \"x.csv\"",
            "load t from \"a.csv\", \"b.csv\" key a, b time c null: \"?\" types: (a: int, b: decimal(2))",
            "save metric m(w: 90d) on customers = sum(transactions.amount where ts in last w)", "run \"x.crmq\" with a = 1, b = 2",
            "from customers as of version 3 | join branches as b on city = city | pivot count() by tier over active in [true] | fill m per k",
            "link transactions.(a, b) to customers.c latest as x, y", "from 客户｜where 城市＝“杭州” and `odd name` > 3",
            "rename column customers.city to town", "drop link a.b; snapshot rich at 2026-08-31; from diff(rich, 2026-08-31)",
        ]
        for text in texts {
            for end in text.unicodeScalars.indices {
                let found = session.completions(of: String(text[..<end]))
                #expect(found.start <= text[..<end].utf8.count)
            }
        }
    }

    @Test func linksAndWhatLiesBehind() throws {
        #expect(try names("from customers | where ", .links) == ["branch", "referrer"])
        #expect(try names("from transactions | where customer.", .columns) == Self.customerColumns)
        #expect(try names("from transactions | where customer.branch.", .columns) == ["city", "region", "manager"])
        #expect(try names("from transactions | where customer.", .segments) == ["rich"])
        #expect(try names("from customers | where sum(", .links).contains("transactions"))
        #expect(try names("from customers | where sum(transactions.", .columns).first == "txn_id")
        #expect(try names("from customers | where sum(transactions.amount where ", .columns).contains("merchant"))
        #expect(try !names("from customers | where sum(transactions.amount where ", .columns).contains("balance"))
        #expect(try names("from customers | where sum(transactions.amount where ts < outer.", .columns) == Self.customerColumns)
        #expect(try names("from customers | expand ", .links) == ["branch", "referrer", "referred", "transactions", "holders", "logins"])
        #expect(try names("from customers | where nothing.").isEmpty)
    }

    @Test func stagesAndVerbs() throws {
        #expect(try names("from customers | ", .stages).prefix(3) == ["where", "derive", "select"])
        #expect(try names("from customers | su") == ["summarize"])
        #expect(try names("from customers | ", .verbs).contains("biggest"))
        #expect(try names("from customers | rf") == ["rfm", "rfm_cuts"])
        let session = try #require(Self.session)
        let rfm = session.completions(of: "from customers | rfm(")
        #expect(rfm.call?.hasPrefix("rfm(") ?? false)
        #expect(rfm.items.contains { $0.group == .arguments && $0.text == "k: " })
        let biggest = session.completions(of: "from customers | biggest(balance, ")
        #expect(biggest.call == "biggest(x, n: 3)")
        #expect(biggest.items.filter { $0.group == .arguments }.map(\.name) == ["x", "n"])
        #expect(try names("from customers | funnel(within: 3d, ", .arguments) == [])
    }

    @Test func functionsWithSignatures() throws {
        let found = try #require(Self.session).completions(of: "from customers | derive substr")
        #expect(found.items.map(\.text) == ["substring("])
        #expect(found.items.map(\.signature) == ["substring(text, from, length)"])
        #expect(
            try #require(Self.session).completions(of: "from customers | derive substring(name, ").call == "substring(text, from, length)")
    }

    @Test func valuesInsideQuotes() throws {
        #expect(try names("from customers | where tier = \"") == ["gold", "private", "silver", "standard"])
        #expect(try names("from customers | where tier != \"s") == ["silver", "standard"])
        #expect(try names("from customers | where tier = \"GO") == ["gold"])
        #expect(try names("from customers | where tier in [\"gold\", \"p") == ["private"])
        #expect(try names("from customers | where tier not in [\"p") == ["private"])
        #expect(try names("from transactions | where customer.branch.region = \"") == ["East", "West"])
        #expect(try names("from customers | rename t: tier | where t = \"g") == ["gold"])
        #expect(try names("from customers | summarize count(transactions where channel = \"mo") == ["mobile"])
        #expect(try names("from customers | where name = \"王") == ["王伟"])
        #expect(try names("from customers | derive x: concat(name, \"").isEmpty)
        #expect(try names("from customers | where tier = “go") == ["gold"])
        #expect(try #require(Self.session).completions(of: "from customers | where tier = \"go").items.first?.ending == "\"")
        #expect(try names("from customers | where tier = ", .values).first == "\"gold\"")
    }

    @Test func sourcesAndDefinitions() throws {
        #expect(try names("from ", .tables).contains("transactions"))
        #expect(try names("from ", .queries) == ["cities"])
        #expect(try names("from customers | union ", .queries) == ["cities"])
        let rich = try #require(Self.session).completions(of: "from ric").items
        #expect(rich.map(\.text) == ["customers | where rich"])
        #expect(try names("from diff(").contains("rich"))
        #expect(try names("from cities | where ", .columns) == ["city", "n"])
        #expect(try names("from customers | where ", .segments) == ["rich"])
        #expect(try names("from customers | where ", .metrics) == ["spend"])
        #expect(try names("from customers | where balance > @") == ["floor", "month"])
        #expect(try names("snapshot ") == ["rich"])
        #expect(try names("drop segment ") == ["rich"])
        #expect(try names("show ").contains("segments"))
        #expect(try names("from segments() | where ", .columns).first == "segment")
        #expect(try names("from diff(rich, 2026-01-01) | where ", .columns) == ["customer_id", "change"])
    }

    @Test func statements() throws {
        #expect(try names("desc") == ["describe"])
        #expect(try names("describe b") == ["branches"])
        #expect(try names("append branches from \"x.csv\" ").contains("delimiter"))
        #expect(try names("param m: mo") == ["month"])
        #expect(try names("rename column branches.").contains("manager"))
        #expect(try names("link transactions.customer_id to cust") == ["customers"])
        #expect(try names("from customers | top 3 by balance with ") == ["others"])
        #expect(try names("from customers | where opened in ").contains("mtd"))
        #expect(try names("from customers | where opened in this ") == ["day", "week", "month", "quarter", "year"])
        #expect(try names("from customers | where balance i").contains("in"))
        #expect(try names("from customers # a com").isEmpty)
        #expect(try names("from customers | take 1").isEmpty)
    }

    @Test func files() throws {
        let session = try #require(Self.session)
        #expect(session.completions(of: "from \"dat").files == .data)
        #expect(session.completions(of: "load t from \"").files == .data)
        #expect(session.completions(of: "load t from \"a.csv\", \"").files == .data)
        #expect(session.completions(of: "run \"m").files == .scripts)
        #expect(session.completions(of: "run \"m.crmq\" against \"").files == .any)
        #expect(session.completions(of: "report \"").files == .any)
        #expect(try names("report e") == ["end"])
        #expect(session.completions(of: "from customers | to \"").files == .any)
        #expect(session.completions(of: "from customers | where name = \"").files == nil)
        #expect(try names("from \"data/visits.csv\" | where ", .columns) == ["id", "who", "ts", "what"])
        #expect(try names("run \"data/monthly.crmq\" with ") == ["month", "tier"])
    }

    @Test func namesInBackticks() throws {
        let session = try #require(Self.session)
        try session.run(SourceText(name: "setup", text: "create table odd (`two words`: int, `from`: int)"), receiver: Transcript())
        #expect(session.completions(of: "from odd | where tw").items.map(\.text) == ["`two words`"])
        let open = session.completions(of: "from odd | where `tw").items
        #expect(open.map(\.text) == ["two words"] && open.map(\.ending) == ["`"])
    }

    /// Every name of every catalogue can be completed where it belongs, and asked about.
    @Test func everyCatalogueEntry() throws {
        let session = try #require(Self.session)
        func proposes(_ text: String, _ name: String, _ group: Completion.Group) -> Bool {
            session.completions(of: text + name.prefix(2)).items.contains { $0.name == name && $0.group == group }
        }
        for entry in StageCatalogue.all { #expect(proposes("from customers | ", entry.name, .stages), "\(entry.name)") }
        for entry in StageCatalogue.sinks { #expect(proposes("from customers | ", entry.name, .stages), "\(entry.name)") }
        for verb in Prelude.verbs { #expect(proposes("from customers | ", verb.name, .verbs), "\(verb.name)") }
        for entry in AggregateCatalogue.all { #expect(proposes("from customers | summarize ", entry.name, .aggregates), "\(entry.name)") }
        for entry in WindowCatalogue.all { #expect(proposes("from customers | derive x: ", entry.name, .windows), "\(entry.name)") }
        for entry in FunctionCatalogue.all { #expect(proposes("from customers | where ", entry.name, .functions), "\(entry.name)") }
        for word in Session.statementWords { #expect(proposes("", word, .statements), "\(word)") }
        let topics = Set(session.helpTopics)
        let all =
            StageCatalogue.all.map(\.name) + StageCatalogue.sinks.map(\.name) + Prelude.verbs.map(\.name)
            + AggregateCatalogue.all.map(\.name)
            + WindowCatalogue.all.map(\.name) + FunctionCatalogue.all.map(\.name)
        #expect(Set(StatementCatalogue.all.map(\.name)) == Set(SyntaxWords.statements))
        for entry in StatementCatalogue.all + StatementCatalogue.topics { #expect(session.help(topic: entry.name).contains(entry.summary)) }
        for name in all {
            #expect(topics.contains(name), "\(name)")
            #expect(!session.help(topic: name).contains("there is no help"), "\(name)")
        }
    }
}
