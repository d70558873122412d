import Testing

@testable import Storage

/// Ids of keys under every kind of change, compared with the keys themselves.
@Suite struct LinkTests {
    static func ints(_ name: String, _ values: [Int?]) -> TestColumn {
        TestColumn(name, .int, values.map { $0.map { .integer(Int64($0)) } ?? .null })
    }

    static func texts(_ name: String, _ values: [String?]) -> TestColumn {
        TestColumn(name, .text, values.map { $0.map { .text($0) } ?? .null })
    }

    private let toCustomers = link("orders", "customer", to: "customers", as: "buyer", "orders")

    @Test func parentAfterChild() throws {
        let folder = TemporaryFolder()
        let store = try Store(path: folder.make().store)
        try store.change { try $0.declareLink(toCustomers) }
        try store.add([Self.ints("customer", [5, nil, 7, 5, 9])], to: "orders")
        #expect(try store.snapshot().orphans(link: 1) == LinkOrphans(rows: 4, keys: 3, firstKey: "5"))
        try checkLinks(store, "child only")
        try store.add([Self.ints("id", [9, 4, 5])], to: "customers", key: ["id"])
        #expect(try store.snapshot().orphans(link: 1) == LinkOrphans(rows: 1, keys: 1, firstKey: "7"))
        #expect(try store.snapshot().domain(of: "customers", columns: ["id"])?.count == 4)
        try checkLinks(store, "both")
        // The late parent fills the id that its orphans hold.
        try store.add([Self.ints("id", [7])], to: "customers")
        #expect(try store.snapshot().orphans(link: 1) == LinkOrphans(rows: 0, keys: 0, firstKey: nil))
        #expect(try store.snapshot().domain(link: 1)?.count == 4)
        #expect(try store.snapshot().domain(link: 1)?.integers().map(Array.init) == [5, 7, 9, 4])
        try checkLinks(store, "late parent")
    }

    @Test func declaredBeforeAndAfter() throws {
        for isBefore in [true, false] {
            let folder = TemporaryFolder()
            let store = try Store(path: folder.make().store)
            if isBefore { try store.change { try $0.declareLink(toCustomers) } }
            try store.add([Self.ints("id", Array(1...3000))], to: "customers", key: ["id"])
            try store.add([Self.ints("customer", (0..<20_000).map { $0 % 17 == 0 ? nil : $0 % 3500 })], to: "orders")
            try store.add([Self.ints("customer", [3, 4, 5])], to: "orders", deleting: [0, 1, 19_999])
            if !isBefore {
                var heard: [Int] = []
                try store.change {
                    $0.progress = { rows, total in heard.append(rows * 100 / total) }
                    try $0.declareLink(toCustomers)
                }
                #expect(heard.last == 100)
                #expect(try store.snapshot().table("orders")?.segments.map(\.rowCount) == [20_000])
            }
            #expect(try store.snapshot().table("orders")?.rowCount == 20_000)
            try checkLinks(store, "before \(isBefore)")
        }
    }

    @Test func aCancelledDeclarationLeavesNothing() throws {
        let folder = TemporaryFolder()
        let store = try Store(path: folder.make().store)
        try store.add([Self.ints("id", [1])], to: "customers", key: ["id"])
        try store.add([Self.ints("customer", [1, 2])], to: "orders")
        #expect(throws: StorageError.self) {
            try store.change {
                $0.progress = { _, _ in throw StorageError(.cancelled, "stopped") }
                try $0.declareLink(toCustomers)
            }
        }
        #expect(try store.snapshot().links.isEmpty && store.snapshot().version == 2)
        try store.change { try $0.declareLink(toCustomers) }
        try checkLinks(store)
    }

    @Test func deleteReinsertAndChangedKeys() throws {
        let folder = TemporaryFolder()
        let store = try Store(path: folder.make().store)
        try store.add([Self.ints("id", [1, 2, 3]), Self.texts("name", ["a", "b", "c"])], to: "customers", key: ["id"])
        try store.add([Self.ints("customer", [1, 2, 2, 3])], to: "orders")
        try store.change { try $0.declareLink(toCustomers) }
        let id = try store.snapshot().domain(link: 1)?.id(of: [.integer(2)])
        try store.change { try $0.delete(from: "customers", segment: 0, rows: [1]) }
        #expect(try store.snapshot().orphans(link: 1) == LinkOrphans(rows: 2, keys: 1, firstKey: "2"))
        try checkLinks(store, "deleted")
        try store.add([Self.ints("id", [2]), Self.texts("name", ["b again"])], to: "customers")
        #expect(try store.snapshot().domain(link: 1)?.id(of: [.integer(2)]) == id)
        try checkLinks(store, "again")
        // An upsert that moves customer 3 to key 30, and one row of 2 to 30 as well.
        try store.add([Self.ints("id", [30]), Self.texts("name", ["c"])], to: "customers", deleting: [2])
        try checkLinks(store, "changed parent")
        try store.add([Self.ints("customer", [30])], to: "orders", deleting: [2])
        #expect(try store.snapshot().orphans(link: 1) == LinkOrphans(rows: 1, keys: 1, firstKey: "3"))
        try checkLinks(store, "changed child")
        try store.change {
            try $0.optimize("orders")
            try $0.optimize("customers")
        }
        #expect(try store.snapshot().domain(link: 1)?.id(of: [.integer(2)]) == id)
        try checkLinks(store, "optimized")
    }

    @Test func textsPairsAndManyTypes() throws {
        let folder = TemporaryFolder()
        let store = try Store(path: folder.make().store)
        let rates = [
            Self.texts("currency", ["EUR", "EUR", "USD", ""]),
            TestColumn("day", .date, [.integer(1), .integer(2), .integer(1), .integer(1)]),
            TestColumn("rate", .float, [.double(0.0), .double(1.5), .double(2), .double(-3)]),
        ]
        try store.add(rates, to: "rates", key: ["currency", "day"])
        let trades = [
            Self.texts("currency", ["USD", "EUR", nil, "EUR", "EURO", ""]),
            TestColumn("day", .date, [.integer(1), .integer(2), .integer(1), .null, .integer(2), .integer(1)]),
            TestColumn("rate", .float, [.double(-0.0), .double(2), .null, .double(7), .double(1.5), .double(2)]),
        ]
        try store.add(trades, to: "trades")
        try store.change {
            try $0.declareLink(link("trades", "currency", "day", to: "rates", as: "fixing", "trades"))
            try $0.declareLink(link("trades", "rate", to: "rates", ["rate"], as: "same_rate", "trades_at"))
            try $0.declareLink(link("trades", "day", "currency", to: "rates", ["day", "currency"], as: "other", "others"))
        }
        #expect(try store.snapshot().orphans(link: 1) == LinkOrphans(rows: 1, keys: 1, firstKey: "EURO, 1970-01-03"))
        #expect(try store.snapshot().orphans(link: 2) == LinkOrphans(rows: 1, keys: 1, firstKey: "7"))
        try checkLinks(store, "declared after")
        for _ in 0..<3 { try store.add(trades, to: "trades") }
        try checkLinks(store, "appended")
        #expect(
            throws: StorageError.self, "another row with that rate",
            performing: {
                try store.add(
                    [Self.texts("currency", ["X"]), TestColumn("day", .date, [.integer(1)]), TestColumn("rate", .float, [.double(2)])],
                    to: "rates")
            })
        try store.change { try $0.optimize("trades") }
        try checkLinks(store, "optimized")
    }

    @Test func aTableLinkedToItself() throws {
        let folder = TemporaryFolder()
        let store = try Store(path: folder.make().store)
        try store.change { try $0.declareLink(link("customers", "referred_by", to: "customers", as: "referrer", "referred")) }
        try store.add([Self.ints("id", [1, 2, 3]), Self.ints("referred_by", [nil, 1, 9])], to: "customers", key: ["id"])
        try checkLinks(store, "first")
        try store.add([Self.ints("id", [9, 10]), Self.ints("referred_by", [3, 11])], to: "customers")
        #expect(try store.snapshot().orphans(link: 1) == LinkOrphans(rows: 1, keys: 1, firstKey: "11"))
        try checkLinks(store, "second")
        try store.change { try $0.optimize("customers") }
        try checkLinks(store, "optimized")
    }

    @Test func replaceAndWidening() throws {
        let folder = TemporaryFolder()
        let store = try Store(path: folder.make().store)
        try store.change { try $0.declareLink(toCustomers) }
        // A load that turns out to hold text begins again: the ids of the void rows leave no trace.
        try store.change {
            try $0.createTable(TableSchema(name: "orders", columns: [ColumnSchema(name: "customer", type: .int)]))
            let void = try $0.writer(for: "orders")
            try void.append(chunk([Self.ints("customer", [1, 2, 3])], 0..<3))
            void.cancel()
            try $0.replaceTable("orders", with: TableSchema(name: "orders", columns: [ColumnSchema(name: "customer", type: .text)]))
            let writer = try $0.writer(for: "orders")
            try writer.append(chunk([Self.texts("customer", ["a", "b", "a"])], 0..<3))
            try writer.finish()
        }
        try checkLinks(store, "widened")
        #expect(try store.snapshot().domain(link: 1)?.count == 2)
        #expect(throws: StorageError.self) { try store.add([Self.ints("id", [1])], to: "customers", key: ["id"]) }
        try store.add([Self.texts("id", ["c", "a"])], to: "customers", key: ["id"])
        try checkLinks(store, "parent")
        let replaced = { (transaction: Transaction) in
            try transaction.replaceTable(
                "customers", with: TableSchema(name: "customers", columns: [ColumnSchema(name: "id", type: .text)], key: ["id"]))
        }
        try store.add([Self.texts("id", ["b"])], to: "customers", key: ["id"], replaced)
        #expect(try store.snapshot().domain(link: 1)?.count == 3)
        #expect(try store.snapshot().orphans(link: 1) == LinkOrphans(rows: 2, keys: 1, firstKey: "a"))
        try checkLinks(store, "replaced parent")
        try store.change { try $0.dropTable("customers") }
        try checkLinks(store, "dropped parent")
        try store.add([Self.texts("nr", ["a"]), Self.texts("id", ["zz"])], to: "customers", key: ["nr"])
        try checkLinks(store, "another key")
    }

    @Test func renamesAndDroppedLinks() throws {
        let folder = TemporaryFolder()
        let store = try Store(path: folder.make().store)
        try store.add([Self.ints("id", [1, 2])], to: "customers", key: ["id"])
        try store.add([Self.ints("customer", [1, 2, 3]), Self.ints("payer", [2, nil, 8])], to: "orders")
        try store.change {
            try $0.declareLink(toCustomers)
            try $0.declareLink(link("orders", "payer", to: "customers", ["id"], as: "payer_of", "paid"))
        }
        #expect(try store.snapshot().manifest.domains.count == 1)
        try checkLinks(store, "two links")
        try store.change {
            try $0.renameTable("customers", to: "clients")
            try $0.renameColumn("id", of: "clients", to: "nr")
            try $0.renameColumn("customer", of: "orders", to: "client")
        }
        try store.add([Self.ints("client", [7, 1]), Self.ints("payer", [7, 7])], to: "orders")
        try store.add([Self.ints("nr", [7])], to: "clients")
        try checkLinks(store, "renamed")
        #expect(try store.snapshot().table("clients")?.ownIDColumn(of: ["nr"]) != nil)
        try store.change { try $0.dropLink(1) }
        #expect(try store.snapshot().table("orders")?.parentIDColumn(link: 1) == nil)
        #expect(try store.snapshot().table("orders")?.parentIDColumn(link: 2) != nil)
        try store.add([Self.ints("client", [70]), Self.ints("payer", [1])], to: "orders")
        try checkLinks(store, "dropped")
        try store.change { try $0.optimize("orders") }
        #expect(try store.snapshot().table("orders")?.state.hidden.count == 1)
        try checkLinks(store, "optimized")
        try store.change { try $0.dropLink(2) }
        try store.change { try $0.declareLink(link("orders", "client", to: "clients", as: "buyer", "orders")) }
        try checkLinks(store, "declared again")
        try store.change { try $0.dropTable("orders") }
        try store.change { try $0.dropTable("clients") }
        try checkLinks(store, "gone")
    }

    @Test(arguments: [false, true]) func manySmallCommits(isText: Bool) throws {
        let folder = TemporaryFolder()
        let store = try Store(path: folder.make().store)
        try store.add([isText ? Self.texts("id", ["k0"]) : Self.ints("id", [0])], to: "customers", key: ["id"])
        try store.change { try $0.ensureDomain(of: "customers") }
        for i in 1..<150 {
            try store.add([isText ? Self.texts("id", ["k\(i)"]) : Self.ints("id", [i * i])], to: "customers")
        }
        let domain = try #require(try store.snapshot().domain(of: "customers", columns: ["id"]))
        #expect(domain.count == 150 && domain.state.pieces.count < 65)
        #expect(try domain.key(of: 149) == [isText ? .text("k149") : .integer(149 * 149)])
        #expect(try store.verify() == [])
        try store.change { try $0.optimize("customers") }
        #expect(try store.snapshot().manifest.domains[0].pieces.count == 1)
        #expect(try Store(path: folder.store).snapshot().domain(of: "customers", columns: ["id"])?.key(of: 3) == domain.key(of: 3))
        #expect(try store.verify() == [])
    }

    @Test func ensuredDomains() throws {
        let folder = TemporaryFolder()
        let store = try Store(path: folder.make().store)
        try store.add([Self.texts("id", ["a", "b"])], to: "customers", key: ["id"])
        try store.change { try $0.ensureDomain(of: "customers") }
        let first = try store.snapshot().domain(of: "customers", columns: ["id"])
        #expect(first?.count == 2)
        #expect(try store.snapshot().table("customers")?.ownIDColumn(of: ["id"]) == 1)
        try store.change { try $0.ensureDomain(of: "customers") }
        try store.add([Self.texts("id", ["c"])], to: "customers")
        #expect(try store.snapshot().domain(of: "customers", columns: ["id"])?.id == first?.id)
        #expect(try store.snapshot().domain(of: "customers", columns: ["id"])?.key(of: 2) == [.text("c")])
        #expect(try store.verify() == [])
        try store.change { try $0.dropTable("customers") }
        #expect(try store.snapshot().manifest.domains.isEmpty)
    }

    /// Loads, appends, deletes, upserts and optimizes in any order, three tables deep.
    @Test(arguments: [UInt64](1...6)) func anyOrder(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let folder = TemporaryFolder()
        let store = try Store(path: folder.make().store)
        let isText = seed % 2 == 0
        func key(_ value: Int?) -> Value { value.map { isText ? .text("k\($0)") : .integer(Int64($0) * 1_000_003) } ?? .null }
        let type: LogicalType = isText ? .text : .int
        var links = [
            link("b", "a_id", to: "a", as: "a", "bs"), link("c", "b_id", to: "b", as: "b", "cs"),
            link("c", "a_id", to: "a", ["id"], as: "a", "cs"),
        ]
        var next = ["a": 0, "b": 0, "c": 0]
        for round in 0..<25 {
            let about = "seed \(seed), round \(round)"
            if let declared = links.last, Int.random(in: 0..<4, using: &random) == 0 {
                try store.change { try $0.declareLink(declared) }
                links.removeLast()
            }
            let name = ["a", "b", "c"][Int.random(in: 0..<3, using: &random)]
            let rows = Int.random(in: 1...300, using: &random)
            let first = next[name, default: 0]
            next[name] = first + rows
            var columns = [TestColumn("id", type, (first..<first + rows).map { key($0) })]
            if name != "a" {
                columns.append(
                    TestColumn(
                        "a_id", type,
                        (0..<rows).map { _ in
                            key(Int.random(in: 0..<9, using: &random) == 0 ? nil : Int.random(in: 0...600, using: &random))
                        }))
            }
            if name == "c" {
                columns.append(TestColumn("b_id", type, (0..<rows).map { _ in key(Int.random(in: 0...600, using: &random)) }))
            }
            let known = try store.snapshot().table(name)
            let size = known?.segments.first?.rowCount ?? 0
            let doomed = (0..<size / 7).map { _ in UInt32.random(in: 0..<UInt32(size), using: &random) }
            try store.add(columns, to: name, key: ["id"], deleting: doomed)
            if Int.random(in: 0..<5, using: &random) == 0 { try store.change { try $0.optimize(name) } }
            if round % 4 == 3 || round == 24 { try checkLinks(store, about) }
        }
    }
}

/// Faults that no checksum shows.
@Suite struct LinkVerifyTests {
    @Test func idsOfOtherKeysAreFound() throws {
        let folder = TemporaryFolder()
        let store = try Store(path: folder.make().store)
        try store.add([LinkTests.ints("id", [1, 2, 3])], to: "customers", key: ["id"])
        try store.add([LinkTests.ints("customer", [1, 2, 2]), LinkTests.ints("payer", [1, 2, 3])], to: "orders")
        try store.change { try $0.declareLink(link("orders", "customer", to: "customers", as: "buyer", "orders")) }
        #expect(try store.verify() == [])
        // The manifest says that the ids go by another column.
        let transaction = try store.begin()
        transaction.working.links[0].childColumns = ["payer"]
        try transaction.commit(note: "lie")
        let faults = try store.verify()
        #expect(faults.count == 1 && faults[0].hasSuffix("row 2 has the id of another key (payer)"), "\(faults)")
    }

    @Test func ownIDsThatStandTwiceAreFound() throws {
        let folder = TemporaryFolder()
        let store = try Store(path: folder.make().store)
        try store.add([LinkTests.ints("id", [1, 2, 2])], to: "customers")
        // Declared behind the back of the checks.
        let transaction = try store.begin()
        transaction.working.tables[0].schema.key = ["id"]
        try transaction.ensureDomain(of: "customers")
        try transaction.commit(note: "lie")
        let faults = try store.verify()
        #expect(faults.count == 1 && faults[0].contains("the key of row 2 stands twice (id)"), "\(faults)")
    }
}
