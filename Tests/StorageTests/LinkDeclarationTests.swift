import Testing

@testable import Storage

func link(
    _ child: String, _ column: String..., to parent: String, _ parentColumns: [String] = [], as parentName: String = "parent",
    _ childrenName: String = "children", isLatest: Bool = false
) -> LinkSchema {
    LinkSchema(
        child: child, childColumns: column, parent: parent, parentColumns: parentColumns, parentName: parentName,
        childrenName: childrenName, isLatest: isLatest)
}

/// What a declaration asks, says and keeps; the ids behind it are tested elsewhere.
@Suite struct LinkDeclarationTests {
    private func store(_ folder: TemporaryFolder) throws -> Store {
        let store = try Store(path: folder.make().store)
        let customers = [
            TestColumn("id", .int, [.integer(7), .integer(8), .integer(9)]),
            TestColumn("email", .text, [.text("a"), .text("b"), .text("a")]),
            TestColumn("joined", .date, [.integer(1), .integer(2), .null]),
        ]
        try write(customers, to: store, table: "customers", key: ["id"])
        let orders = [
            TestColumn("customer", .int, [.integer(7), .integer(7)]), TestColumn("email", .text, [.text("b"), .null]),
            TestColumn("amount", .decimal(scale: 2), [.integer(100), .integer(250)]),
        ]
        try write(orders, to: store, table: "orders")
        return store
    }

    private func message(_ store: Store, _ links: LinkSchema...) -> String? {
        do {
            let transaction = try store.begin()
            for link in links { try transaction.declareLink(link) }
            return nil
        } catch {
            return (error as? StorageError)?.message
        }
    }

    @Test func whatDoesNotFitIsSaid() throws {
        let folder = TemporaryFolder()
        let store = try store(folder)
        #expect(message(store, link("orders", "customer", to: "customers")) == nil)
        #expect(
            message(store, link("orders", "amount", to: "customers"))
                == "link orders.amount to customers: amount is decimal(2) in orders and id is int in customers")
        #expect(
            message(store, link("orders", "custmer", to: "customers")) == "link orders.custmer to customers: orders has no column custmer")
        #expect(
            message(store, link("orders", "customer", to: "customers", ["nr"]))
                == "link orders.customer to customers.nr: customers has no column nr")
        #expect(
            message(store, link("orders", "email", to: "customers", ["email"]))
                == "link orders.email to customers.email: email is not unique: a stands 2 times")
        #expect(
            message(store, link("orders", "customer", to: "orders", ["customer"]))
                == "link orders.customer to orders.customer: customer is not unique: 7 stands 2 times")
        #expect(message(store, link("customers", "id", to: "orders")) == "link customers.id to orders: orders has no declared key")
        #expect(
            message(store, link("orders", "customer", "email", to: "customers"))
                == "link orders.(customer, email) to customers: the key of customers is (id), the link has 2 columns")
        #expect(
            message(store, link("orders", "customer", to: "customers", as: "amount"))
                == "orders has a column amount, so a link cannot have that name there")
        #expect(
            message(store, link("orders", "customer", to: "customers", as: "c", "joined"))
                == "customers has a column joined, so a link cannot have that name there")
        let first = link("orders", "customer", to: "customers", as: "buyer", "bought")
        #expect(
            message(store, first, link("orders", "customer", to: "customers", as: "buyer", "sold"))
                == "buyer is already what orders calls its parent in customers")
        #expect(
            message(store, first, link("orders", "customer", to: "customers", as: "seller", "bought"))
                == "bought is already what customers calls its children in orders")
        #expect(message(store, first, link("orders", "customer", to: "customers", as: "seller", "sold")) == nil)
        #expect(
            message(store, link("customers", "id", to: "customers", as: "x", "x"))
                == "a link from customers to itself needs two names, not x twice"
        )
        #expect(message(store, link("later", "a", to: "much later")) == nil)
    }

    @Test func aTableThatComesLaterMustFit() throws {
        let folder = TemporaryFolder()
        let store = try store(folder)
        let declaration = try store.begin()
        let id = try declaration.declareLink(link("cards", "holder", to: "customers", as: "customer", "cards"))
        #expect(try declaration.declareLink(link("cards", "holder", to: "customers", as: "customer", "cards")) == id)
        try declaration.commit(note: "link")
        func cards(_ columns: TestColumn...) -> String? {
            do {
                try write(columns, to: store, table: "cards")
                return nil
            } catch {
                return (error as? StorageError)?.message
            }
        }
        #expect(cards(TestColumn("nr", .int, [.integer(1)])) == "link cards.holder to customers: cards has no column holder")
        #expect(
            cards(TestColumn("holder", .text, [.text("7")]))
                == "link cards.holder to customers: holder is text in cards and id is int in customers")
        #expect(
            cards(TestColumn("holder", .int, [.integer(1)]), TestColumn("customer", .int, [.integer(1)]))
                == "cards has a column customer, so a link cannot have that name there")
        #expect(cards(TestColumn("holder", .int, [.integer(1)])) == nil)
    }

    @Test func renamesAndDrops() throws {
        let folder = TemporaryFolder()
        let store = try store(folder)
        let transaction = try store.begin()
        let first = try transaction.declareLink(link("orders", "customer", to: "customers", ["id"], as: "buyer", "orders"))
        let second = try transaction.declareLink(link("cards", "holder", to: "customers", as: "holder_of", "cards"))
        try transaction.renameTable("customers", to: "clients")
        try transaction.renameColumn("id", of: "clients", to: "client_id")
        try transaction.renameColumn("customer", of: "orders", to: "buyer_id")
        #expect(throws: StorageError.self) { try transaction.renameColumn("amount", of: "orders", to: "buyer") }
        try transaction.commit(note: "rename")
        var links = try Store(path: folder.store).snapshot().links
        #expect(links.map(\.id) == [first, second])
        #expect(links[0].childColumns == ["buyer_id"] && links[0].parent == "clients" && links[0].parentColumns == ["client_id"])
        #expect(links[1].parent == "clients" && links[1].parentColumns == [])
        let drop = try store.begin()
        try drop.dropTable("orders")
        try drop.dropLink(second)
        #expect(throws: StorageError.self) { try drop.dropLink(second) }
        try drop.commit(note: "drop")
        links = try store.snapshot().links
        #expect(links.map(\.id) == [first])
    }

    @Test func blobs() throws {
        let folder = TemporaryFolder()
        let store = try Store(path: folder.make().store)
        for i in 0..<40 {
            let transaction = try store.begin()
            transaction.setBlob("b\(i)", Array(repeating: UInt8(i), count: i * 3))
            transaction.setBlob("b\(i / 2)", i % 4 == 1 ? nil : [UInt8(i), 1])
            try transaction.commit(note: "blob")
            _ = try store.vacuum()
        }
        let snapshot = try Store(path: folder.store).snapshot()
        #expect(try snapshot.blob("none") == nil)
        #expect(try snapshot.blob("b39") == Array(repeating: 39, count: 117))
        #expect(try snapshot.blob("b19") == [39, 1])
        #expect(snapshot.blobNames == snapshot.blobNames.sorted() && !snapshot.blobNames.contains("b0"))
        #expect(Set(snapshot.manifest.blobs.values.map(\.file)).count <= 34)
        #expect(try store.verify() == [])
    }
}
