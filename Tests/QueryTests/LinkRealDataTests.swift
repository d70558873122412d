import Foundation
import Storage
import Testing

@testable import Query

/// Links over real data: every row of each answer against another engine's. The digests come from `Tests/real_links.py`.
@Suite struct LinkRealDataTests {
    static let folder = RealDataTests.folder
    static let absent = RealDataTests.absent

    struct Figure {
        let rows: Int
        let digest: UInt64
        let query: String
    }

    private func check(_ session: Session, _ figures: [Figure], _ about: String) throws {
        for figure in figures {
            let transcript = Transcript()
            try session.run(SourceText(name: "t", text: figure.query), receiver: transcript)
            let lines = transcript.text.split(separator: "\n").dropFirst()
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325
            for byte in lines.map({ $0 + "\n" }).joined().utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            #expect(lines.count == figure.rows, "\(about): \(figure.query)")
            #expect(
                hash == figure.digest, "\(about): \(figure.query)\n\(lines.prefix(3).joined(separator: "\n"))\n\(String(hash, radix: 16))")
        }
    }

    private func run(_ statements: String, _ figures: [Figure]) throws {
        for threads in [1, 2] {
            var options = SessionOptions()
            options.threads = threads
            let session = try Session(storePath: nil, options: options)
            defer { session.close() }
            session.fileFolder = Self.folder
            for statement in StatementSplitter.splitFile(statements, name: "t") { try session.run(statement, receiver: Transcript()) }
            try check(session, figures, "\(threads) thread(s)")
            try session.run(SourceText(name: "t", text: "optimize"), receiver: Transcript())
            try check(session, figures, "optimized")
        }
    }

    /// Client, disposition, account, transaction: a client may hold several accounts, and an account have several holders.
    @Test(.enabled(if: RealDataTests.has("berka"), absent)) func berka() throws {
        try run(
            """
            link disp.client_id to client as client, disps
            link disp.account_id to account as acct, disps
            link trans.account_id to account as acct, transactions
            load trans from "berka/trans.asc" key trans_id time date null: "", "?", " " types: (date: date) date_layout: "yyMMdd"
            load account from "berka/account.asc" key account_id null: "", "?", " " types: (date: date) date_layout: "yyMMdd"
            load client from "berka/client.asc" key client_id null: "", "?", " "
            load disp from "berka/disp.asc" key disp_id null: "", "?", " "
            load district from "berka/district.asc" key A1 null: "", "?", " "
            load loan from "berka/loan.asc" key loan_id null: "", "?", " " types: (date: date) date_layout: "yyMMdd"
            link loan.account_id to account as acct, loans
            link client.district_id to district as home, clients
            link account.district_id to district as place, accounts
            let wanted = type = "VYDAJ" and operation = "VYBER" and amount > 500 and date in 1993-07..1994-02 and
                acct.place.A3 in ["Prague", "south Moravia"]
            """,
            [
                Figure(
                    rows: 5369, digest: 0x7EAE_7C30_E20D_60D9,
                    query: "from client | select client_id, n: count(disps.acct.transactions), s: sum(disps.acct.transactions.amount) "
                        + "| sort client_id"),
                Figure(
                    rows: 5369, digest: 0x236E_8421_A464_4F4C,
                    query: "from client | select client_id, n: count(disps.acct.transactions where @wanted), "
                        + "s: sum(disps.acct.transactions.amount where @wanted), m: max(disps.acct.transactions.amount where @wanted) "
                        + "| sort client_id"),
                Figure(
                    rows: 5369, digest: 0x4B2E_9931_9A69_C341,
                    query: "from client | select client_id, l: last(disps.acct.transactions.balance by date), "
                        + "a: min(disps.acct.transactions.date), b: max(disps.acct.transactions.date), "
                        + "k: distinct(disps.acct.transactions.k_symbol) | sort client_id"),
                Figure(
                    rows: 8, digest: 0xEA41_118A_903B_388D,
                    query: "from client | summarize n: count(), accounts: distinct(disps.account_id), t: count(disps.acct.transactions), "
                        + "s: sum(disps.acct.transactions.amount), loans: count(disps.acct.loans) by region: home.A3"),
                Figure(
                    rows: 1, digest: 0xB9C4_C43D_BABD_6822,
                    query: "from client | where sum(disps.acct.transactions.amount) > 50k and exists(disps where type = \"OWNER\") "
                        + "and not exists(disps.acct.loans where status = \"D\") and home.A3 != \"Prague\" | summarize n: count()"),
            ])
    }

    /// Employee, customer, invoice, item; item, track, album, artist; and tracks in playlists.
    @Test(.enabled(if: RealDataTests.has("chinook"), absent)) func chinook() throws {
        try run(
            """
            load employees from "chinook/employees.csv" key employee_id
            load customers from "chinook/customers.csv" key customer_id
            load invoices from "chinook/invoices.csv" key invoice_id time invoice_date
            load invoice_items from "chinook/invoice_items.csv" key invoice_line_id
            load tracks from "chinook/tracks.csv" key track_id
            load albums from "chinook/albums.csv" key album_id
            load artists from "chinook/artists.csv" key artist_id
            load playlists from "chinook/playlists.csv" key playlist_id
            load playlist_track from "chinook/playlist_track.csv"
            link employees.reports_to to employees as boss, reports
            link customers.support_rep_id to employees as rep, customers
            link invoices.customer_id to customers as customer, invoices
            link invoice_items.invoice_id to invoices as invoice, items
            link invoice_items.track_id to tracks as track, sold
            link tracks.album_id to albums as album, tracks
            link albums.artist_id to artists as artist, albums
            link playlist_track.playlist_id to playlists as playlist, entries
            link playlist_track.track_id to tracks as track, entries
            """,
            [
                Figure(
                    rows: 8, digest: 0x8224_8542_984B_7A5D,
                    query: "from employees | sort employee_id | select last_name, boss.last_name, r: count(reports), c: count(customers), "
                        + "i: count(customers.invoices), t: sum(customers.invoices.total), "
                        + "s: sum(customers.invoices.items.unit_price * customers.invoices.items.quantity), "
                        + "q: sum(customers.invoices.items.quantity)"),
                Figure(
                    rows: 165, digest: 0x1103_1154_97A8_DAE4,
                    query:
                        "from invoice_items | summarize n: count(), s: sum(unit_price * quantity), c: distinct(invoice.customer.country) "
                        + "by artist: track.album.artist.name"),
                Figure(
                    rows: 18, digest: 0x1806_F1FD_660E_93EE,
                    query: "from playlists | sort playlist_id | select playlist_id, n: count(entries), "
                        + "ms: sum(entries.track.milliseconds), sold: count(entries.track.sold)"),
            ])
    }
}
