import Foundation
import Storage
import Testing

@testable import Query

/// Real data beside the project, asked in the language itself. The figures are published ones, or were counted by other tools.
@Suite struct RealDataTests {
    static let folder = packageRoot + "/../shared/data"
    static let absent: Comment = "the folder shared/data is not beside the project"
    static func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: folder + "/" + name) }

    /// A session over a store of its own, with files named from the folder of the data.
    private func withSession(_ body: (Asker) throws -> Void) throws {
        let session = try Session(storePath: nil, options: SessionOptions())
        defer { session.close() }
        session.fileFolder = Self.folder
        try body(Asker(session: session))
    }

    struct Asker {
        let session: Session

        func callAsFunction(_ text: String) throws -> String {
            let transcript = Transcript()
            try session.run(SourceText(name: "t", text: text), receiver: transcript)
            return transcript.text
        }
    }

    // MARK: a Czech bank

    private func loadBerka(_ ask: Asker) throws {
        let missing = "null: \"\", \"?\", \" \""
        let dated = "types: (date: date) date_layout: \"yyMMdd\""
        #expect(
            try ask("load account from \"berka/account.asc\" key account_id time date \(missing) \(dated)")
                == "loaded 4,500 rows into account\n")
        #expect(
            try ask("load card from \"berka/card.asc\" key card_id \(missing) types: (issued: timestamp) date_layout: \"yyMMdd HH:mm:ss\"")
                == "loaded 892 rows into card\n")
        #expect(try ask("load client from \"berka/client.asc\" key client_id \(missing)") == "loaded 5,369 rows into client\n")
        #expect(try ask("load disp from \"berka/disp.asc\" key disp_id \(missing)") == "loaded 5,369 rows into disp\n")
        #expect(try ask("load district from \"berka/district.asc\" key A1 \(missing)") == "loaded 77 rows into district\n")
        #expect(try ask("load loan from \"berka/loan.asc\" key loan_id \(missing) \(dated)") == "loaded 682 rows into loan\n")
        #expect(try ask("load orders from \"berka/order.asc\" key order_id \(missing)") == "loaded 6,471 rows into orders\n")
        #expect(
            try ask("load trans from \"berka/trans.asc\" key trans_id time date \(missing) \(dated)") == "loaded 49,102 rows into trans\n")
    }

    @Test(.enabled(if: has("berka"), absent)) func berka() throws {
        try withSession { (ask: Asker) throws in
            try loadBerka(ask)
            for table in ["", "optimized"] {
                if !table.isEmpty { _ = try ask("optimize") }
                #expect(try ask("from loan | summarize n: count() by status") == "status,n\nA,203\nB,31\nC,403\nD,45\n")
                #expect(try ask("from card | summarize n: count() by type") == "type,n\nclassic,659\ngold,88\njunior,145\n")
                #expect(
                    try ask("from account | summarize n: count() by frequency")
                        == "frequency,n\nPOPLATEK MESICNE,4167\nPOPLATEK PO OBRATU,93\nPOPLATEK TYDNE,240\n")
                // A woman's birth number has 50 added to its month.
                #expect(
                    try ask(
                        "from client | derive woman: birth_number div 100 mod 100 > 50 | summarize n: count(), women: count(where woman) "
                            + "| select n, women, share: round(100 * women / n, 4)") == "n,women,share\n5369,2645,49.2643\n")
                #expect(try ask("from disp | summarize n: count() by type") == "type,n\nDISPONENT,869\nOWNER,4500\n")
                #expect(try ask("from trans | summarize n: count() by type") == "type,n\nPRIJEM,22994\nVYBER,651\nVYDAJ,25457\n")
                #expect(
                    try ask(
                        "from trans | summarize k: count(k_symbol), b: count(bank), first: min(date), last: max(date), debts: count(where balance < 0)"
                    )
                        == "k,b,first,last,debts\n21228,10115,1993-01-01,1994-03-31,93\n")
                #expect(try ask("from district | where A12 is null | select A1, A2, A15") == "A1,A2,A15\n69,Jesenik,\n")
                #expect(
                    try ask(
                        "from loan | join account on account_id | join district on account_district_id = A1 "
                            + "| summarize n: count(), s: sum(amount) by region: district_A3 | sort n desc")
                        == "region,n,s\nsouth Moravia,129,19678848\nnorth Moravia,117,18081312\ncentral Bohemia,90,13985304\n"
                        + "Prague,84,12932412\neast Bohemia,84,13943724\nnorth Bohemia,61,7486620\nsouth Bohemia,60,9374136\nwest Bohemia,57,7779384\n"
                )
            }
        }
    }

    // MARK: a shop

    @Test(.enabled(if: has("cdnow"), absent)) func cdnowMaster() throws {
        try withSession { (ask: Asker) throws in
            _ = try ask("load purchases from \"cdnow/CDNOW_master.txt\" time date types: (date: date)")
            #expect(
                try ask("from purchases | summarize n: count(), total: sum(dollar_value), customers: distinct(customer_id)")
                    == "n,total,customers\n69659,2500315.63,23570\n")
            #expect(
                try ask("from purchases | summarize day: sum(dollar_value) by customer_id, date | summarize days: count(), total: sum(day)")
                    == "days,total\n67591,2500315.63\n")
            #expect(
                try ask("from purchases | take 1") == "customer_id,date,number_of_cds,dollar_value\n00001,1997-01-01,1,11.77\n"
                    + "note: take without sort: rows as they are stored, which optimize may change\n")
        }
    }

    /// The published summary of the sample: 946 come back by the end of September 1997.
    @Test(.enabled(if: has("cdnow"), absent)) func cdnowSample() throws {
        try withSession { (ask: Asker) throws in
            _ = try ask(
                "load sample from \"cdnow/CDNOW_sample.txt\" time date names: (master_id, id, date, cds, value) types: (date: date)")
            _ = try ask("load summary from \"cdnow/cdnow_customers_summary_with_transactions.csv\" key ID")
            let days = "from sample | where date <= 1997-09-30 | summarize day: sum(value) by id, date | derive nth: rank() per id by date"
            #expect(
                try ask(
                    "\(days) | where nth > 1 | summarize spend: avg(day) by id | summarize buyers: count(), mean: avg(spend), sd: stddev(spend), median: median(spend) "
                        + "| select buyers, mean: round(mean, 2), sd: round(sd, 2), median: round(median, 2)")
                    == "buyers,mean,sd,median\n946,35.08,30.28,27.50\n")
            // Every customer against the published table, which rounds to cents and hundredths of weeks.
            #expect(
                try ask(
                    "\(days) | summarize x: count() - 1, first: min(date), last: max(date), z: avg(day where nth > 1) by id: int(id) | join summary on id = ID "
                        + "| derive recency: (last - first) / 7 - summary_t_x, age: (1997-09-30 - first) / 7 - summary_T, spend: coalesce(z, 0) - summary_zbar "
                        + "| summarize n: count(), x: count(where x != summary_x), recency: count(where recency not in -0.005..0.005), "
                        + "age: count(where age not in -0.005..0.005), spend: count(where spend not in -0.005..0.005)")
                    == "n,x,recency,age,spend\n2357,0,0,0,0\n")
        }
    }

    /// The same from the buyers' side, through a link: as of the end of September the later purchases are not there.
    @Test(.enabled(if: has("cdnow"), absent)) func cdnowBuyers() throws {
        try withSession { (ask: Asker) throws in
            _ = try ask(
                "load sample from \"cdnow/CDNOW_sample.txt\" time date names: (master_id, id, date, cds, value) types: (date: date)")
            _ = try ask("load buyers from (from sample | distinct id) key id")
            _ = try ask("link sample.id to buyers as buyer, purchases")
            _ = try ask("load summary from \"cdnow/cdnow_customers_summary_with_transactions.csv\" key ID")
            _ = try ask("as of 1997-09-30")
            // Every customer against the published table, which rounds to cents and hundredths of weeks.
            let differences =
                "derive key: int(id) | join summary on key = ID | summarize n: count(), x: count(where x != summary_x), "
                + "recency: count(where (last - first) / 7 - summary_t_x not in -0.005..0.005), "
                + "age: count(where (today - first) / 7 - summary_T not in -0.005..0.005), "
                + "spend: count(where coalesce(again / null_if(x, 0), 0) - summary_zbar not in -0.005..0.005)"
            #expect(
                try ask(
                    "from buyers | derive first: min(purchases.date), last: max(purchases.date), x: distinct(purchases.date) - 1 "
                        + "| derive again: sum(purchases.value where date > outer.first) | \(differences)")
                    == "n,x,recency,age,spend\n2357,0,0,0,0\n")
            // rfm says the same of frequency (purchases, not days), recency and the whole spend as plain aggregates of the table.
            #expect(
                try ask(
                    "from buyers | rfm(purchases.date, purchases.value) | summarize n: sum(frequency), spend: sum(monetary), last: min(recency), "
                        + "r: avg(r), f: max(f), m: max(m) | select n, spend, last, f, m")
                    == (try ask(
                        "from sample | summarize n: count(), spend: sum(value), last: min(today - date), f: max(5), m: max(5)")))
            let cohorts = try ask(
                "from buyers | cohort(purchases.date, sum(purchases.value), periods: 8) | summarize size: max(size), spend: sum(value) by cohort "
                    + "| summarize buyers: sum(size), spend: sum(spend)")
            #expect(cohorts.hasPrefix(try ask("from sample | summarize buyers: distinct(id), spend: sum(value)")))
        }
    }

    // MARK: a campaign, a music shop, small tables with known scores

    @Test(.enabled(if: has("bank_marketing"), absent)) func bankMarketing() throws {
        try withSession { (ask: Asker) throws in
            #expect(try ask("load calls from \"bank_marketing/bank-full.csv\"") == "loaded 45,211 rows into calls\n")
            #expect(
                try ask(
                    "from calls | summarize n: count(), yes: count(where y = \"yes\"), never: count(where pdays = -1), balance: avg(balance)"
                )
                    == "n,yes,never,balance\n45211,5289,36954,1362.272058\n")
            #expect(
                try ask("from calls | summarize n: count(), yes: count(where y = \"yes\") by poutcome")
                    == "poutcome,n,yes\nfailure,4901,618\nother,1840,307\nsuccess,1511,978\nunknown,36959,3386\n")
        }
    }

    @Test(.enabled(if: has("chinook"), absent)) func chinook() throws {
        try withSession { (ask: Asker) throws in
            let tables = [
                ("albums", 347), ("artists", 275), ("customers", 59), ("employees", 8), ("genres", 25), ("invoice_items", 2240),
                ("invoices", 412),
                ("media_types", 5), ("playlist_track", 8715), ("playlists", 18), ("tracks", 3503),
            ]
            for (table, rows) in tables {
                let keys = table == "invoices" ? "key invoice_id time invoice_date" : table == "customers" ? "key customer_id" : ""
                _ = try ask("load \(table) from \"chinook/\(table).csv\" \(keys)")
                #expect(try ask("from \(table) | summarize n: count()") == "n\n\(rows)\n")
            }
            #expect(
                try ask("from invoices | summarize s: sum(total) by year: year(invoice_date)")
                    == "year,s\n2009,449.46\n2010,481.45\n2011,469.58\n2012,477.53\n2013,450.58\n")
            #expect(
                try ask(
                    "from invoice_items | summarize items: sum(unit_price * quantity) by invoice_id | join invoices on invoice_id "
                        + "| summarize n: count(), wrong: count(where items != invoices_total)") == "n,wrong\n412,0\n")
            #expect(
                try ask(
                    "from invoices | join customers on customer_id | summarize n: count(), total: sum(total) by country: customers_country | top 3 by total"
                )
                    == "country,n,total\nUSA,91,523.06\nCanada,56,303.96\nFrance,35,195.10\n")
            #expect(try ask("from customers | where company is null | summarize n: count()") == "n\n49\n")
            #expect(
                try ask("from customers | where first_name = \"Luís\" | select customer_id, last_name")
                    == "customer_id,last_name\n1,Gonçalves\n")
        }
    }

    /// Published tables of frequency, recency, age and mean spend on the same 14 purchases.
    @Test(.enabled(if: has("rfm_fixtures"), absent)) func rfmFixtures() throws {
        try withSession { (ask: Asker) throws in
            _ = try ask("load t from \"rfm_fixtures/transactions.csv\"")
            let daily = try published("expected_daily_end_2015-02-07.csv")
            let included = try published("expected_daily_include_first.csv")
            let weekly = try published("expected_weekly_end_2015-02-07.csv")
            let days = "from t | summarize day: sum(monetary_value) by identifier, date | derive nth: rank() per identifier by date"
            #expect(
                try ask(
                    "\(days) | summarize frequency: count() - 1, recency: max(date) - min(date), T: 2015-02-07 - min(date), "
                        + "monetary_value: coalesce(avg(day where nth > 1), 0) by customer_id: identifier | derive monetary_value: float(monetary_value)"
                )
                    == daily)
            #expect(
                try ask(
                    "\(days) | summarize frequency: count(), recency_since_last: 2015-02-07 - max(date), monetary_value: avg(day) by customer_id: identifier "
                        + "| derive monetary_value: float(monetary_value)") == included)
            #expect(
                try ask(
                    "from t | summarize frequency: distinct(week(date)) - 1, recency: week(max(date)) - week(min(date)), "
                        + "T: week(2015-02-07) - week(min(date)) by customer_id: identifier") == weekly)
        }
    }

    /// The same tables through a link and with the verb.
    @Test(.enabled(if: has("rfm_fixtures"), absent)) func rfmFixturesByLinks() throws {
        try withSession { (ask: Asker) throws in
            _ = try ask("load t from \"rfm_fixtures/transactions.csv\" time date")
            _ = try ask("load people from (from t | select customer_id: identifier | distinct customer_id) key customer_id")
            _ = try ask("link t.identifier to people as person, purchases")
            _ = try ask("as of 2015-02-07")
            #expect(
                try ask(
                    "from people | derive first: min(purchases.date), frequency: distinct(purchases.date) - 1, recency: max(purchases.date) - min(purchases.date), "
                        + "T: today - min(purchases.date) | derive monetary_value: coalesce(sum(purchases.monetary_value where date > outer.first) / null_if(frequency, 0), 0) "
                        + "| derive monetary_value: float(monetary_value) | drop first | sort customer_id")
                    == (try published("expected_daily_end_2015-02-07.csv")))
            #expect(
                try ask(
                    "from people | rfm(purchases.date, purchases.monetary_value) | derive days: distinct(purchases.date) "
                        + "| select customer_id, frequency: days, recency_since_last: recency, monetary_value: float(monetary / days) | sort customer_id"
                )
                    == (try published("expected_daily_include_first.csv")))
            #expect(
                try ask(
                    "from people | derive first: week(min(purchases.date)), frequency: distinct(week(purchases.date)) - 1 "
                        + "| select customer_id, frequency, recency: week(max(purchases.date)) - first, T: week(today) - first | sort customer_id"
                )
                    == (try published("expected_weekly_end_2015-02-07.csv")))
        }
    }

    private func published(_ name: String) throws -> String {
        let text = try String(contentsOfFile: Self.folder + "/rfm_fixtures/" + name, encoding: .utf8)
        let lines = text.replacingOccurrences(of: "\r", with: "").split(separator: "\n")
        return lines.map { $0 + "\n" }.joined()
    }
}
