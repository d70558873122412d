import Foundation
import Storage
import Testing

@testable import Query

/// Random queries along random links over random rows, with orphans, missing references and parents that come late: the engine says what
/// nested loops say, for any number of threads, with and without rewrites, before and after `optimize`, and after every change.
///
/// `CRMQ_LINK_SEEDS=1000..1200` tries others than the usual seeds.
@Suite struct LinkPropertyTests {
    static let seeds: [UInt64] = {
        let asked = ProcessInfo.processInfo.environment["CRMQ_LINK_SEEDS"]?.components(separatedBy: "..").compactMap { UInt64($0) } ?? []
        if let first = asked.first, let last = asked.last, first <= last { return Array(first...last) }
        return Array(1...25)
    }()
    /// Of the usual seeds only some where each takes many queries.
    static var fewer: [UInt64] { ProcessInfo.processInfo.environment["CRMQ_LINK_SEEDS"] == nil ? Array(seeds.prefix(12)) : seeds }

    @Test(arguments: fewer) func engineAndNestedLoopsAgree(_ seed: UInt64) throws {
        let bench = try LinkBench(seed: seed, size: [3, 12, 0, 25, 1, 60][Int(seed % 6)])
        defer { bench.close() }
        var generator = LinkGenerator(random: bench.random, world: bench.world)
        var asked: [(LinkGenerator.Question, String)] = []
        for _ in 0..<24 {
            let question = generator.question()
            let answer = bench.answer(question.text, bench.main)
            bench.expect(answer, question, "seed \(seed)")
            for (name, session) in bench.others {
                let other = bench.answer(question.text, session)
                #expect(
                    LinkBench.lines(other, question.isOrdered) == LinkBench.lines(answer, question.isOrdered),
                    "seed \(seed), \(name): \(question.text)")
            }
            asked.append((question, answer))
        }
        try bench.say("optimize")
        for (question, _) in asked { bench.expect(bench.answer(question.text, bench.main), question, "seed \(seed), after optimize") }
        // An explicit as-of hides what is later, wherever a path meets it.
        let day = Calendar.day(2026, 5, 15)
        let dated = try bench.session(2, asOf: day)
        defer { dated.close() }
        var earlier = LinkGenerator(random: generator.random, world: bench.world.known(by: day))
        for _ in 0..<10 {
            let question = earlier.question()
            bench.expect(bench.answer(question.text, dated), question, "seed \(seed), as of")
        }
    }

    @Test func tenAppendsWithDeletesBetween() throws {
        for seed: UInt64 in 1...4 {
            var bench = try LinkBench(seed: seed &+ 500, size: 6)
            defer { bench.close() }
            for step in 0..<10 {
                try bench.add("cards", 7)
                try bench.add("owners", 2)
                try bench.add("uses", 9)
                let table = ["cards", "owners", "uses"][step % 3]
                try bench.deleteSome(table)
                for optimized in [false, true] where !optimized || step % 3 == 2 {
                    if optimized { try bench.say("optimize") }
                    if step == 5 { try bench.say("vacuum") }
                    bench.world.prepare()
                    var generator = LinkGenerator(random: bench.random, world: bench.world)
                    for _ in 0..<4 {
                        let question = generator.question()
                        bench.expect(
                            bench.answer(question.text, bench.main), question, "seed \(seed), step \(step), optimized \(optimized)")
                    }
                    bench.random = generator.random
                }
            }
        }
    }

    /// Parents after children, delete and reinsert, changed keys, appends with deletes between.
    @Test(arguments: fewer) func changesInTurn(_ seed: UInt64) throws {
        var bench = try LinkBench(seed: seed &+ 7_000, size: [4, 15, 30][Int(seed % 3)])
        defer { bench.close() }
        var asked: [(version: Int, LinkGenerator.Question)] = []
        for step in 0..<14 {
            let what = try bench.change()
            bench.world.prepare()
            var generator = LinkGenerator(random: bench.random, world: bench.world)
            let questions = (0..<4).map { _ in generator.question() }
            bench.random = generator.random
            for question in questions {
                bench.expect(bench.answer(question.text, bench.main), question, "seed \(seed), step \(step), \(what)")
            }
            asked += questions.prefix(1).map { (bench.version, $0) }
            if step % 4 == 3 {
                try bench.say("optimize")
                for question in questions {
                    bench.expect(bench.answer(question.text, bench.main), question, "seed \(seed), step \(step), \(what), optimized")
                }
                for question in questions {
                    let other = bench.answer(question.text, bench.others[0].1)
                    bench.expect(other, question, "seed \(seed), step \(step), \(what), optimized, \(bench.others[0].0)")
                }
            }
        }
        askAgain(bench, asked, "seed \(seed)")
    }

    /// What was so stays so: the states before each change answer as they did.
    private func askAgain(_ bench: LinkBench, _ asked: [(version: Int, LinkGenerator.Question)], _ about: String) {
        for (version, question) in asked {
            let words = question.text.split(separator: " ", maxSplits: 2)
            let text = "from \(words[1]) as of version \(version) \(words[2])"
            bench.expect(bench.answer(text, bench.main), question, "\(about), \(text)")
        }
    }

    /// A thousand conditions: `where p` and `where not p` part the table, and a segment and its complement do.
    @Test(arguments: seeds) func aConditionAndItsOppositePartTheTable(_ seed: UInt64) throws {
        let bench = try LinkBench(seed: seed &+ 90_000, size: [2, 20, 45][Int(seed % 3)])
        defer { bench.close() }
        var generator = LinkGenerator(random: bench.random, world: bench.world)
        for number in 0..<40 {
            let table = generator.random.pick(["owners", "owners", "cards", "holds", "pots", "uses", "moves"])
            let condition = generator.condition(LinkGenerator.Names(table: table), 3).text()
            let about: Comment = "seed \(seed): from \(table) | where \(condition)"
            let all = LinkBench.lines(bench.answer("from \(table)", bench.main), false)
            let holds = LinkBench.lines(bench.answer("from \(table) | where \(condition)", bench.main), false)
            let fails = LinkBench.lines(bench.answer("from \(table) | where not (\(condition))", bench.main), false)
            #expect(holds.first == all.first && fails.first == all.first, about)
            #expect((holds.dropFirst() + fails.dropFirst()).sorted() == all.dropFirst().sorted(), about)
            let rows = bench.world.tables[table]?.rows.count ?? 0
            let name = "s\(number)"
            // Aggregates over the incoming rows are no condition on one row, so not every condition can be a segment.
            guard (try? bench.say("segment \(name) on \(table) = \(condition)")) != nil else { continue }
            let counts = bench.answer(
                "from \(table) | summarize n: count(), yes: count(where \(name)), no: count(where not \(name)), b: count(where \(condition))",
                bench.main)
            #expect(counts == "n,yes,no,b\n\(rows),\(holds.count - 1),\(fails.count - 1),\(holds.count - 1)\n", about)
            if number % 4 != 0 { continue }
            #expect(LinkBench.lines(bench.answer("from \(table) | where \(name)", bench.main), false) == holds, about)
            #expect(LinkBench.lines(bench.answer("from \(table) | where not \(name)", bench.main), false) == fails, about)
        }
    }

    /// Rows beyond the edges of vectors, blocks and morsels, in many segments.
    @Test func manyRows() throws {
        var bench = try LinkBench(seed: 11, size: 0)
        defer { bench.close() }
        var generator = LinkGenerator(random: bench.random, world: bench.world)
        try bench.add("owners", 2100)
        for part in 0..<3 { try bench.add("cards", 9000 + part) }
        try bench.add("pots", 300)
        try bench.add("holds", 4000)
        try bench.add("moves", 9000)
        try bench.add("owners", 150)
        bench.world.prepare()
        generator = LinkGenerator(random: bench.random, world: bench.world)
        let names = LinkGenerator.Names(table: "owners")
        var asked: [LinkGenerator.Question] = []
        for _ in 0..<12 {
            guard let made = generator.below(.int, names, 1), case .below(var call) = made else { continue }
            call.per = nil
            let value = LinkExpression.below(call)
            let rows = (0..<2250).map { LinkPipeRow(row: LinkWorld.Row(table: "owners", row: $0)) }
            let column = bench.world.tables["owners"]?.columns[0]
            let answer = rows.map { row in
                let place = LinkPlace(world: bench.world, row: row)
                return place.value(.column([], column?.name ?? "")).csv(column?.type ?? .int) + "," + place.value(value).csv(.int)
            }
            let text = "from owners | select \(column?.name ?? ""), m: \(value.text())"
            asked.append(
                LinkGenerator.Question(
                    text: text, answer: ([(column?.name ?? "") + ",m"] + answer).map { $0 + "\n" }.joined(), isOrdered: false))
        }
        #expect(asked.count > 6)
        for question in asked {
            bench.expect(bench.answer(question.text, bench.main), question, "many rows")
            for (name, session) in bench.others { bench.expect(bench.answer(question.text, session), question, "many rows, \(name)") }
        }
        try bench.say("optimize")
        for question in asked { bench.expect(bench.answer(question.text, bench.main), question, "many rows, optimized") }
    }
}

/// A store and the same rows as plain arrays.
struct LinkBench {
    var random: PropertyRandom
    var world: LinkWorld
    let main: Session
    let others: [(String, Session)]
    private let folder: String
    private var nextNumber: [String: Int] = [:]

    /// Declares tables and links in a random order, and fills the tables in a random order.
    init(seed: UInt64, size: Int) throws {
        var random = PropertyRandom(seed)
        let folder = NSTemporaryDirectory() + "crmq-links-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        func session(_ threads: Int) throws -> Session { try Self.session(folder, threads) }
        let world = LinkGenerator.world(&random)
        main = try session(2)
        let plain = try session(2)
        plain.rewrites = []
        let parted = try session(2)
        parted.groupsInCacheMax = 1
        others = [("1 thread", try session(1)), ("3 threads", try session(3)), ("no rewrites", plain), ("rows put apart", parted)]
        self.folder = folder
        self.random = random
        self.world = world
        // Links may come before their tables, between them and after their rows.
        var steps: [String] = world.links.map(\.definition) + world.tables.values.map(\.definition).sorted()
        for i in steps.indices.reversed() { steps.swapAt(i, self.random.below(i + 1)) }
        let later = self.random.chance(40) ? Array(steps.filter { $0.hasPrefix("link") }.prefix(3)) : []
        for step in steps where !later.contains(step) { try say(step) }
        var fills = ["owners", "cards", "uses", "pots", "holds", "moves", "rates", "steps"]
        for i in fills.indices.reversed() where self.random.chance(60) { fills.swapAt(i, self.random.below(i + 1)) }
        for table in fills { try add(table, ["owners", "pots", "steps"].contains(table) ? size : size * 3) }
        for step in later { try say(step) }
        self.world.prepare()
    }

    private static func session(_ folder: String, _ threads: Int, asOf day: Int? = nil) throws -> Session {
        var options = SessionOptions()
        options.threads = threads
        options.asOf = day.map { Int64($0) }
        return try Session(storePath: folder + "/store", options: options)
    }
    func session(_ threads: Int, asOf day: Int) throws -> Session { try Self.session(folder, threads, asOf: day) }

    var version: Int { (try? main.store.snapshot().version) ?? 0 }

    mutating func deleteSome(_ name: String) throws {
        guard let table = world.tables[name], let column = table.columns.last(where: { $0.type == .int }) else { return }
        let value = Cell.whole(Int128(random.within(-4...8)))
        let place = table.place(column.name)
        _ = try remove(name, { table.rows[$0][place] == value }, "\(column.name) = \(value.csv(.int))")
    }

    func close() {
        main.close()
        for (_, session) in others { session.close() }
        try? FileManager.default.removeItem(atPath: folder)
    }

    func say(_ text: String) throws {
        do {
            try main.run(SourceText(name: "t", text: text), receiver: Transcript())
        } catch let error as QueryError {
            throw Failure(text: "\(text): \(error.message)")
        }
    }
    struct Failure: Error { let text: String }

    func answer(_ query: String, _ session: Session) -> String {
        let transcript = Transcript()
        do {
            try session.run(SourceText(name: "t", text: query), receiver: transcript)
        } catch let error as QueryError {
            return "error: \(error.message)"
        } catch {
            return "error: \(error)"
        }
        return String(transcript.text.dropLast(transcript.lines.map { $0 + "\n" }.joined().count))
    }

    /// The header, then the lines, in any order where none was asked for.
    static func lines(_ csv: String, _ isOrdered: Bool) -> [String] {
        var lines = csv.components(separatedBy: "\n")
        if lines.last == "" { lines.removeLast() }
        return lines.isEmpty || isOrdered ? lines : [lines[0]] + lines.dropFirst().sorted()
    }

    func expect(_ answer: String, _ question: LinkGenerator.Question, _ about: String) {
        let found = Self.lines(answer, question.isOrdered)
        let wanted = Self.lines(question.answer, question.isOrdered)
        guard found != wanted else { return }
        let line = zip(found, wanted).enumerated().first { $1.0 != $1.1 }?.offset ?? min(found.count, wanted.count)
        let links = world.links.map(\.definition).joined(separator: "; ")
        Issue.record(
            """
            \(about): \(question.text)
            line \(line) of \(found.count) and \(wanted.count), columns \(wanted.first ?? "")
            answer   \(found.indices.contains(line) ? found[line] : "nothing")
            expected \(wanted.indices.contains(line) ? wanted[line] : "nothing")
            links \(links)
            """)
    }

    // MARK: changes

    private mutating func file(_ table: LinkWorld.Table, _ rows: [[Cell]]) throws -> String {
        let path = folder + "/rows.csv"
        try table.csv(rows).write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    /// New rows, whose keys no row has or ever had.
    mutating func add(_ name: String, _ count: Int) throws {
        guard let table = world.tables[name] else { return }
        var rows: [[Cell]] = []
        for _ in 0..<count {
            let number = nextNumber[name, default: 0]
            nextNumber[name] = number + 1
            rows.append(LinkGenerator.row(table, number, world, &random))
        }
        try append(name, rows)
    }

    private mutating func append(_ name: String, _ rows: [[Cell]]) throws {
        guard let table = world.tables[name], !rows.isEmpty else { return }
        try say("append \(name) from \"\(try file(table, rows))\"")
        world.tables[name]?.rows += rows
    }

    private mutating func remove(_ name: String, _ gone: (Int) -> Bool, _ condition: String) throws -> [[Cell]] {
        guard let table = world.tables[name] else { return [] }
        try say("delete \(name) where \(condition)")
        let lost = table.rows.indices.filter(gone).map { table.rows[$0] }
        world.tables[name]?.rows = table.rows.indices.filter { !gone($0) }.map { table.rows[$0] }
        return lost
    }

    /// One change of the tables, or of the links; says what it was.
    mutating func change() throws -> String {
        let name = random.pick(["owners", "owners", "cards", "uses", "pots", "holds", "moves", "rates", "steps"])
        guard let table = world.tables[name] else { return "" }
        switch random.below(12) {
        case 10:
            // Other rows in the place of all, some of them the same.
            let kept = table.rows.filter { _ in random.chance(75) }
            guard !kept.isEmpty else { return "nothing" }
            var rows = kept
            for i in rows.indices.reversed() { rows.swapAt(i, random.below(i + 1)) }
            try say("replace \(name) from \"\(try file(table, rows))\"")
            world.tables[name]?.rows = rows
            return "replace \(name) by \(rows.count) of \(table.rows.count)"
        case 11:
            try say("optimize \(name)")
            try add(name, random.within(1...5))
            return "optimize \(name), then append"
        case 9:
            // Delete what a condition along links says.
            world.prepare()
            var generator = LinkGenerator(random: random, world: world)
            var names = LinkGenerator.Names(table: name)
            names.isStage = false
            let condition = generator.condition(names, 2)
            random = generator.random
            let places = table.rows.indices.map { LinkPipeRow(row: LinkWorld.Row(table: name, row: $0)) }
            let gone = places.map { LinkPlace(world: world, row: $0).value(condition).isTrue }
            // Not everything at once, so that something is left to ask about.
            guard gone.filter({ $0 }).count * 2 <= table.rows.count else { return "nothing" }
            _ = try remove(name, { gone[$0] }, condition.text())
            return "delete \(name) where \(condition.text())"
        case 0, 1:
            let count = random.pick([1, 3, 20])
            try add(name, count)
            return "append \(count) to \(name)"
        case 2:
            // Rows that refer to keys which come only now.
            try add(random.pick(["cards", "holds"]), 6)
            try add("owners", random.within(1...20))
            return "children, then parents"
        case 3, 4:
            // Delete, and put the same rows in again, some of them changed.
            let column = table.columns.last { $0.type == .int } ?? table.columns[0]
            let place = table.place(column.name)
            let limit = Cell.whole(Int128(random.within(-4...8)))
            let isGone: (Int) -> Bool = { row in table.rows[row][place] != .null && Cell.compare(table.rows[row][place], limit) <= 0 }
            guard column.type == .int else { return "nothing" }
            let lost = try remove(name, isGone, "\(column.name) <= \(limit.csv(.int))")
            if random.chance(60) {
                let again = lost.filter { _ in random.chance(70) }
                try append(name, again)
                return "delete \(lost.count) of \(name), then \(again.count) again"
            }
            return "delete \(lost.count) of \(name)"
        case 5, 6:
            guard !table.key.isEmpty else { return "nothing" }
            // Known keys get new values, and some rows are new.
            var rows: [[Cell]] = []
            let numbers = nextNumber[name, default: 0]
            for _ in 0..<random.within(1...8) where numbers > 0 {
                let number = random.below(numbers)
                let row = LinkGenerator.row(table, number, world, &random)
                let key = table.key.map { row[table.place($0)] }
                if !rows.contains(where: { old in table.key.map { old[table.place($0)] } == key }) { rows.append(row) }
            }
            guard !rows.isEmpty else { return "nothing" }
            try say("upsert \(name) from \"\(try file(table, rows))\"")
            for row in rows {
                let key = table.key.map { row[table.place($0)] }
                world.tables[name]?.rows.removeAll { old in table.key.map { old[table.place($0)] } == key }
                world.tables[name]?.rows.append(row)
            }
            return "upsert \(rows.count) of \(name)"
        case 7:
            // A key that changes: the row goes and comes again under another, its children stay behind.
            guard name == "owners" || name == "pots", let row = table.rows.indices.randomElement(using: &random) else { return "nothing" }
            var changed = table.rows[row]
            let key = table.key[0]
            let type = table.columns[table.place(key)].type
            changed[table.place(key)] = LinkGenerator.keyCell(100 + random.below(1_000_000), type)
            let old = table.key.map {
                "\($0) = \(LinkExpression.constant(table.rows[row][table.place($0)], table.columns[table.place($0)].type).text())"
            }
            _ = try remove(name, { $0 == row }, old.joined(separator: " and "))
            try append(name, [changed])
            return "a changed key of \(name)"
        default:
            let link = world.links[random.below(world.links.count)]
            try say("drop link \(link.child).\(link.up)")
            if random.chance(50) { try add(link.child, 4) }
            if random.chance(30) { try say("optimize \(link.parent)") }
            try say(link.definition)
            return "\(link.definition) again"
        }
    }
}

extension PropertyRandom: RandomNumberGenerator {}
