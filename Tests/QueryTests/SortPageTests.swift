import Foundation
import Storage
import Testing

@testable import Query

/// Pages deep in an order, which are found by counting: the rows that sorting everything gives.
@Suite struct SortPageTests {
    private static let rows = 130_000

    private static func store(_ folder: String) throws -> String {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var csv = "id,v,kind,name,day\n"
        var state: UInt64 = 0x0F1E_2D3C_4B5A_6978
        for id in 0..<rows {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let word = Int(state >> 33)
            // Many ties, a heavy value, negative ones, and some missing.
            let v = word % 5 == 0 ? "7.50" : "\(word / 8 % 40_000 - 9_000).\(10 + word % 90)"
            csv += "\(id),\(word % 41 == 3 ? "" : v),\(word % 3),n\(word % 500),2026-0\(1 + word % 9)-11\n"
        }
        try csv.write(toFile: folder + "/t.csv", atomically: true, encoding: .utf8)
        let session = try Session(storePath: folder + "/store", options: SessionOptions())
        defer { session.close() }
        try session.run(SourceText(name: "t", text: "load t from \"\(folder)/t.csv\" key id"), receiver: Transcript())
        try session.run(SourceText(name: "t", text: "delete t where id mod 50 = 1"), receiver: Transcript())
        return folder + "/store"
    }

    private static let paged = [
        "from t | sort v desc, id | take 10 from 110_001", "from t | sort v | take 12 from 100_100",
        "from t | sort v desc | take 5 from 100_000",
        // Where the heavy value lies, at the edge of what is missing, and behind it.
        "from t | sort v, name desc, id | take 3000 from 99_000", "from t | sort v | take 400 from 124_000",
        "from t | sort v desc | take 30 from 127_360", "from t | sort v desc | take 30 from 129_990",
        "from t | where kind = 1 or name != \"n7\" | sort v desc, id desc | take 7 from 100_001", "from t | sort id | take 3 from 120_000",
        "from t | derive w: v | sort w desc, kind | take 9 from 101_001 | select w, kind, name",
        "from t | sort day desc, v | take 20 from 100_300", "from t | sort v | take 100_500 | summarize n: count(), s: sum(v), k: max(id)",
    ]

    @Test func pagesAreThoseOfTheSortedWhole() throws {
        let folder = NSTemporaryDirectory() + "crmq-pages-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = try Self.store(folder)
        func session(_ threads: Int, _ rewrites: [Rewrite]) throws -> Session {
            var options = SessionOptions()
            options.threads = threads
            let session = try Session(storePath: store, options: options)
            session.rewrites = rewrites
            return session
        }
        func answer(_ query: String, _ session: Session) throws -> String {
            let transcript = Transcript()
            try session.run(SourceText(name: "t", text: query), receiver: transcript)
            return transcript.text
        }
        let plain = try session(2, [])
        defer { plain.close() }
        let others = try (1...3).map { try session($0, Planner.rewrites) }
        defer { for other in others { other.close() } }
        for query in Self.paged {
            let expected = try answer(query, plain)
            for (index, other) in others.enumerated() {
                #expect(try answer(query, other) == expected, "threads: \(index + 1): \(query)")
                // Behind the last row nothing is counted.
                let isPage = try answer("explain " + query, other).contains("sort and take is a page")
                #expect(isPage != query.contains("129_990"), "\(query)")
            }
        }
    }
}
