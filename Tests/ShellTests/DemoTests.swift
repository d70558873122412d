import Foundation
import Storage
import Testing
@testable import shell

@Suite struct DemoTests {
    /// The published first outputs of splitmix64 for seed 1234567: state += golden gamma, then the finalizer.
    @Test func mixerIsSplitmix64() {
        var state: UInt64 = 1_234_567
        let outputs = (0..<5).map { _ in
            state &+= 0x9E37_79B9_7F4A_7C15
            return Dice.mix(state)
        }
        #expect(
            outputs == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
                16_408_922_859_458_223_821,
            ])
    }

    @Test func powersOfTwoAreRightToTwoInTenThousand() {
        #expect(Dice.scaled(1000, exponent: 3 << 16) == 8000)
        #expect(Dice.scaled(1000, exponent: -2 << 16) == 250)
        // 2^0.5 = 1.41421, 2^0.25 = 1.18921, 2^-0.75 = 0.59460.
        for (exponent, expected) in [(32_768, 1_414_214), (16_384, 1_189_207), (-49_152, 594_604)] {
            #expect(abs(Dice.scaled(1_000_000, exponent: exponent) - expected) <= 280)
        }
    }

    @Test func drawsAreUniform() {
        var counts = [Int](repeating: 0, count: 10)
        var sum = 0
        for row in 0..<20_000 {
            var d = Dice(42, .person, row)
            counts[d.below(10)] += 1
            sum += d.normal()
        }
        for count in counts { #expect(abs(count - 2000) < 200, "counts \(counts), seed 42") }
        #expect(abs(sum) / 20_000 < 30)
    }

    @Test func sameSeedSameBytesForAnyThreads() {
        let one = DemoBank(customers: 1100, seed: 7).hash(threads: 1)
        #expect(one == DemoBank(customers: 1100, seed: 7).hash(threads: 2))
        #expect(one == DemoBank(customers: 1100, seed: 7).hash(threads: 5))
    }

    @Test func otherSeedOtherBank() {
        let a = DemoBank(customers: 300, seed: 1).hash(threads: 2)
        let b = DemoBank(customers: 300, seed: 2).hash(threads: 2)
        let fixed: Set = ["products", "tiers", "holidays", "lunar", "campaigns"]
        for (table, hash) in a { #expect((hash == b[table]) == fixed.contains(table), "\(table)") }
    }

    @Test(arguments: [0, 1, 7]) func smallBanks(customers: Int) {
        let bank = DemoBank(customers: customers, seed: 3)
        #expect(bank.data("customers").rowCount == customers)
        #expect(bank.data("accounts").rowCount >= customers)
        for table in bank.tables {
            let data = DemoTableData(table)
            if customers == 0, table.schema.columns.contains(where: { $0.name == "customer_id" }) {
                #expect(data.rowCount == 0, "\(table.schema.name)")
            }
        }
        #expect(bank.data("branches").rowCount == 4)
        #expect(bank.data("staff").rowCount == 48)
    }

    @Test func countsLieInPlausibleBands() {
        let bank = DemoBank(customers: 2000, seed: 1)
        let bands: [String: ClosedRange<Int>] = [
            "customers": 2000...2000, "transactions": 80_000...125_000, "accounts": 3000...5000, "holdings": 4500...7000,
            "customer_months": 40_000...60_000, "contacts": 5000...12_000, "calls": 800...2000, "complaints": 150...600,
            "surveys": 900...2200,
            "applications": 600...1400, "application_steps": 2000...6000, "campaign_targets": 1200...2800, "event_guests": 300...1500,
            "referrals": 700...1800, "points": 6000...18_000, "risk_ratings": 5500...9500, "rates": 3000...3600, "holidays": 80...100,
            "products": 24...24, "branches": 4...4, "staff": 48...48, "lunar": 1461...1461,
        ]
        for (table, band) in bands {
            var rows = 0
            bank.table(table).forEachChunk(threads: 2) { rows += $0.rowCount }
            #expect(band.contains(rows), "\(table) has \(rows) rows, seed 1")
        }
    }

    @Test func fewCustomersHaveMostTransactions() {
        let bank = DemoBank(customers: 2000, seed: 1)
        var perCustomer: [Int64: Int] = [:]
        for customer in bank.data("transactions").values("customer_id") { perCustomer[customer, default: 0] += 1 }
        let sorted = perCustomer.values.sorted(by: >)
        let all = sorted.reduce(0, +)
        #expect(sorted.prefix(400).reduce(0, +) * 100 > all * 40)
        #expect(perCustomer.count < 2000)
        #expect(sorted[0] > 10 * sorted[1000])
    }

    @Test func everyColumnIsDocumented() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let lines = try String(contentsOf: root.appendingPathComponent("docs/demo.md"), encoding: .utf8).split(separator: "\n")
        for table in DemoBank(customers: 0, seed: 1).tables {
            let line = lines.first { $0.hasPrefix("| `\(table.schema.name)` |") }
            #expect(line != nil, "\(table.schema.name)")
            for column in table.schema.columns {
                #expect(line?.contains("`\(column.name)`") ?? false, "\(table.schema.name).\(column.name)")
            }
        }
    }

    /// New year's days and festivals as printed in any almanac.
    @Test func lunarCalendarIsRight() {
        let lunar = DemoBank(customers: 0, seed: 1).data("lunar")
        let days = lunar.values("day")
        let festivals = lunar.strings("festival")
        func all(_ name: String) -> [String] {
            days.indices.filter { festivals[$0] == name }.map { CellText.string(.integer(days[$0]), type: .date) }
        }
        #expect(all("Spring Festival") == ["2024-02-10", "2025-01-29", "2026-02-17", "2027-02-06"])
        #expect(all("Mid-Autumn") == ["2024-09-17", "2025-10-06", "2026-09-25", "2027-09-15"])
        #expect(all("Dragon Boat") == ["2024-06-10", "2025-05-31", "2026-06-19", "2027-06-09"])
        #expect(days.first == DemoCalendar.first)
        #expect(Set(days).count == days.count)
    }
}
