import Foundation
import Storage
import Testing

@testable import Query

/// Few rows of a block are read one by one, and are what unpacking their frames gives.
@Suite struct SparseScanTests {
    @Test func fewRowsAreReadAsAllAre() throws {
        let folder = NSTemporaryDirectory() + "crmq-sparse-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var csv = "id,one,bit,small,some,far,near,money,day,moment,kind,named,flag,rate,rare\n"
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        for id in 0..<75_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let word = Int(state >> 33)
            csv += "\(id * 3),7,\(word & 1),\(word % 200),\(word % 5 == 0 ? "" : "\(word % 3000)"),"
            csv += "\(word % 11 == 0 ? "" : "\(word &* 4_000_000_007)"),\(id / 300 * 100_000 + word % 50),\(word % 1_000_000).25,"
            csv += "202\(word % 6)-0\(1 + word % 9)-1\(word % 10),2025-03-0\(1 + word % 9) 1\(word % 10):05:0\(word % 7),"
            csv += "\(word % 13 == 0 ? "" : "k\(word % 300)"),\(word % 17 == 0 ? "" : "name \(id) \(word % 10_000)"),"
            csv += "\(word % 2 == 0),\(word % 1000).5e0,\(id % 9000 == 0 ? "\(id)" : "")\n"
        }
        try csv.write(toFile: folder + "/t.csv", atomically: true, encoding: .utf8)
        let session = try Session(storePath: folder + "/store", options: SessionOptions())
        defer { session.close() }
        func answer(_ query: String) throws -> String {
            let transcript = Transcript()
            try session.run(SourceText(name: "t", text: query), receiver: transcript)
            return transcript.text
        }
        _ = try answer("load t from \"\(folder)/t.csv\" key id")
        // The encodings that are read row by row, and those that are not, are all there.
        let encodings = try answer("describe t")
        for name in ["constant", "packed", "packed by frame", "plain text"] { #expect(encodings.contains(name), "\(name) in \(encodings)") }
        for condition in [
            "id mod 291 = 0", "small = 3 and kind = \"k103\"", "rare is not null", "money < 500", "far is null and bit = 1 and small < 4",
        ] {
            let few = try answer("from t | where \(condition) | sort id")
            let all = try answer("from t | sort money, id | where \(condition) | sort id")
            #expect(few == all, "\(condition)")
            #expect(few.split(separator: "\n").count > 3, "\(condition)")
            let sums =
                "summarize n: count(), a: sum(small), b: sum(some), c: max(far), d: min(near), e: sum(money), f: max(named), g: max(kind) by flag"
            let fewSums = try answer("from t | where \(condition) | \(sums)")
            let allSums = try answer("from t | sort money, id | where \(condition) | \(sums)")
            #expect(fewSums == allSums, "\(condition)")
        }
    }
}
