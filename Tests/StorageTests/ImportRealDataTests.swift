import Foundation
import Storage
import Testing

/// Every folder of real data beside the project. What each file should hold is said in that folder's README, or counted by other tools.
@Suite struct ImportRealDataTests {
    static let noData: Comment = "the folder shared/data is not beside the project"

    @Test(
        .enabled(if: SharedData.has("csv_spectrum"), noData),
        arguments: [
            "comma_in_quotes", "empty", "empty_crlf", "escaped_quotes", "json", "newlines", "newlines_crlf", "quotes_and_newlines",
            "simple",
            "simple_crlf", "utf8",
        ])
    func csvSpectrum(_ name: String) throws {
        let loaded = try importFiles([SharedData.path("csv_spectrum/csvs/\(name).csv")])
        let json = try Data(contentsOf: URL(fileURLWithPath: SharedData.path("csv_spectrum/json/\(name).json")))
        let expected = try #require(try JSONSerialization.jsonObject(with: json) as? [[String: String]])
        #expect(loaded.sink.rows.count == expected.count)
        for (row, object) in zip(loaded.sink.rows, expected) {
            #expect(object.count == loaded.sink.schema.count)
            for (cell, column) in zip(row, loaded.sink.schema) {
                // The JSON knows text alone: a null of a number's column is an empty text there.
                #expect((cell ?? "") == object[column.name])
            }
        }
    }

    @Test(
        .enabled(if: SharedData.has("berka"), noData),
        arguments: [
            ("account", 4500, "account_id int, district_id int, frequency text, date int"),
            ("card", 892, "card_id int, disp_id int, type text, issued text"),
            ("client", 5369, "client_id int, birth_number int, district_id int"),
            ("disp", 5369, "disp_id int, client_id int, account_id int, type text"),
            (
                "district", 77,
                "A1 int, A2 text, A3 text, A4 int, A5 int, A6 int, A7 int, A8 int, A9 int, A10 decimal(1), A11 int, A12 text, A13 decimal(2), A14 int, A15 text, A16 int"
            ),
            ("loan", 682, "loan_id int, account_id int, date int, amount int, duration int, payments decimal(2), status text"),
            ("order", 6471, "order_id int, account_id int, bank_to text, account_to int, amount decimal(2), k_symbol text"),
            (
                "trans", 49102,
                "trans_id int, account_id int, date int, type text, operation text, amount decimal(2), balance decimal(2), k_symbol text, bank text, account int"
            ),
        ])
    func berka(_ table: String, _ rows: Int, _ types: String) throws {
        let loaded = try importFiles([SharedData.path("berka/\(table).asc")])
        #expect(loaded.summary.rows == rows)
        #expect(loaded.sink.types == types)
        #expect(loaded.sinks == 1)
    }

    @Test(.enabled(if: SharedData.has("berka"), noData)) func berkaFigures() throws {
        let loan = try importFiles([SharedData.path("berka/loan.asc")]) { $0.dateLayout = "yyMMdd" }
        #expect(loan.sink.types == "loan_id int, account_id int, date date, amount int, duration int, payments decimal(2), status text")
        #expect(counts(loan.sink.column("status")) == ["A": 203, "B": 31, "C": 403, "D": 45])
        #expect(loan.sink.rows[0] == ["5314", "1787", "1993-07-05", "96396", "12", "8033.00", "B"])
        let card = try importFiles([SharedData.path("berka/card.asc")]) { $0.dateLayout = "yyMMdd HH:mm:ss" }
        #expect(card.sink.types == "card_id int, disp_id int, type text, issued timestamp")
        #expect(counts(card.sink.column("type")) == ["classic": 659, "junior": 145, "gold": 88])
        #expect(card.sink.rows[0][3] == "1993-11-07 00:00:00")
        let account = try importFiles([SharedData.path("berka/account.asc")]) { $0.dateLayout = "yyMMdd" }
        #expect(counts(account.sink.column("frequency")) == ["POPLATEK MESICNE": 4167, "POPLATEK TYDNE": 240, "POPLATEK PO OBRATU": 93])
        #expect(account.sink.column("date").first == "1993-01-01")
    }

    /// Empty, `""`, one space and `?`: told apart unless the user says that they all mean null.
    @Test(.enabled(if: SharedData.has("berka"), noData)) func berkaMissingValues() throws {
        let raw = try importFiles([SharedData.path("berka/trans.asc")])
        let symbols = counts(raw.sink.column("k_symbol"))
        let banks = counts(raw.sink.column("bank"))
        #expect(symbols[""] == 26_197 && symbols[" "] == 1_677 && symbols[nil] == nil)
        #expect(banks[""] == 763 && banks[nil] == 38_224)
        let told = try importFiles([SharedData.path("berka/trans.asc")]) { $0.nullSpellings = ["", " ", "?"] }
        #expect(counts(told.sink.column("k_symbol"))[nil] == 26_197 + 1_677)
        #expect(counts(told.sink.column("bank"))[nil] == 763 + 38_224)
        let district = try importFiles([SharedData.path("berka/district.asc")]) { $0.nullSpellings = ["?"] }
        #expect(district.sink.schema[11].type == .decimal(scale: 2) || district.sink.schema[11].type == .decimal(scale: 1))
        #expect(district.sink.column("A12").filter { $0 == nil }.count == 1)
        #expect(district.sink.schema[14].type == .int)
    }

    @Test(.enabled(if: SharedData.has("cdnow"), noData)) func cdnow() throws {
        let master = try importFiles([SharedData.path("cdnow/CDNOW_master.txt")]) { $0.types = ["date": .date] }
        #expect(master.sink.types == "customer_id text, date date, number_of_cds int, dollar_value decimal(2)")
        #expect(master.summary.rows == 69_659)
        #expect(cents(master.sink.column("dollar_value")) == 250_031_563)
        #expect(master.sink.rows[0] == ["00001", "1997-01-01", "1", "11.77"])
        #expect(Set(zip(master.sink.column("customer_id"), master.sink.column("date")).map { "\($0 ?? "")/\($1 ?? "")" }).count == 67_591)
        let sample = try importFiles([SharedData.path("cdnow/CDNOW_sample.txt")])
        #expect(sample.sink.types == "column1 text, column2 text, column3 int, column4 int, column5 decimal(2)")
        #expect(sample.summary.rows == 6919)
        #expect(sample.sink.rows[0] == ["00004", "0001", "19970101", "2", "29.33"])
        let named = try importFiles([SharedData.path("cdnow/CDNOW_sample.txt")]) {
            $0.names = ["master_id", "id", "date", "cds", "value"]
            $0.types = ["date": .date]
        }
        #expect(named.sink.schema.map(\.name) == ["master_id", "id", "date", "cds", "value"])
        #expect(named.sink.rows[0][2] == "1997-01-01")
        let summary = try importFiles([SharedData.path("cdnow/cdnow_customers_summary_with_transactions.csv")])
        #expect(summary.sink.types == "ID int, x int, t_x decimal(2), T decimal(2), zbar decimal(2)")
        #expect(summary.sink.column("x").filter { $0 != "0" }.count == 946)
        #expect(try importFiles([SharedData.path("cdnow/cdnow_customers_summary.csv")]).summary.rows == 2357)
    }

    @Test(.enabled(if: SharedData.has("bank_marketing"), noData)) func bankMarketing() throws {
        let loaded = try importFiles([SharedData.path("bank_marketing/bank-full.csv")])
        #expect(loaded.summary.rows == 45_211)
        #expect(counts(loaded.sink.column("y")) == ["no": 39_922, "yes": 5_289])
        #expect(
            loaded.sink.types
                == "age int, job text, marital text, education text, default text, balance int, housing text, loan text, contact text, "
                + "day int, month text, duration int, campaign int, pdays int, previous int, poutcome text, y text")
    }

    @Test(
        .enabled(if: SharedData.has("chinook"), noData),
        arguments: [
            ("albums", 347, "album_id int, title text, artist_id int"),
            ("artists", 275, "artist_id int, name text"),
            (
                "customers", 59,
                "customer_id int, first_name text, last_name text, company text, address text, city text, state text, country text, postal_code text, phone text, fax text, email text, support_rep_id int"
            ),
            (
                "employees", 8,
                "employee_id int, last_name text, first_name text, title text, reports_to int, birth_date timestamp, hire_date timestamp, address text, city text, state text, country text, postal_code text, phone text, fax text, email text"
            ),
            ("genres", 25, "genre_id int, name text"),
            ("invoice_items", 2240, "invoice_line_id int, invoice_id int, track_id int, unit_price decimal(2), quantity int"),
            (
                "invoices", 412,
                "invoice_id int, customer_id int, invoice_date timestamp, billing_address text, billing_city text, billing_state text, billing_country text, billing_postal_code text, total decimal(2)"
            ),
            ("media_types", 5, "media_type_id int, name text"),
            ("playlist_track", 8715, "playlist_id int, track_id int"),
            ("playlists", 18, "playlist_id int, name text"),
            (
                "tracks", 3503,
                "track_id int, name text, album_id int, media_type_id int, genre_id int, composer text, milliseconds int, bytes int, unit_price decimal(2)"
            ),
        ])
    func chinook(_ table: String, _ rows: Int, _ types: String) throws {
        let loaded = try importFiles([SharedData.path("chinook/\(table).csv")])
        #expect(loaded.summary.rows == rows)
        #expect(loaded.sink.types == types)
    }

    @Test(.enabled(if: SharedData.has("rfm_fixtures"), noData)) func rfmFixtures() throws {
        let transactions = try importFiles([SharedData.path("rfm_fixtures/transactions.csv")])
        #expect(transactions.sink.types == "identifier int, date date, monetary_value int")
        #expect(transactions.summary.rows == 14)
        for name in try FileManager.default.contentsOfDirectory(atPath: SharedData.path("rfm_fixtures")) where name.hasSuffix(".csv") {
            let loaded = try importFiles([SharedData.path("rfm_fixtures/\(name)")])
            #expect(loaded.summary.rows > 0)
            #expect(loaded.sink.schema[0].type == .int)
        }
    }

    private func counts(_ cells: [String?]) -> [String?: Int] {
        var counts: [String?: Int] = [:]
        for cell in cells { counts[cell, default: 0] += 1 }
        return counts
    }

    private func cents(_ cells: [String?]) -> Int {
        cells.reduce(0) { sum, cell in sum + Int((cell ?? "0").replacingOccurrences(of: ".", with: ""))! }
    }
}
