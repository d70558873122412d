import Foundation
import Query
import Storage
import Testing

@testable import shell

/// The two executables of a release build: `swift build -c release` makes them, and these tests are skipped where it has not.
@Suite struct HandoverTests {
    private static let release = Crmq.packageRoot.appendingPathComponent(".build/release").path
    private static let golden = Crmq.packageRoot.appendingPathComponent("Tests/Golden")
    private static let areBuilt =
        ["crmq", Handover.fastName].allSatisfy { FileManager.default.isExecutableFile(atPath: release + "/" + $0) }
        && Handover.processorHasAVX2

    private static func run(_ line: String, portable: Bool, folder: URL? = nil) throws -> Crmq.Outcome {
        try Crmq.shell("export CRMQ_PORTABLE=\(portable ? 1 : 0) CRMQ=\(release)/crmq; \(line)", folder: folder)
    }

    @Test(.enabled(if: areBuilt, "needs `swift build -c release` and a processor with AVX2"))
    func theFastOneRuns() throws {
        #expect(try Self.run("$CRMQ --version", portable: false).out.hasSuffix("(AVX2)\n"))
        #expect(try Self.run("$CRMQ --version", portable: true).out.hasSuffix("(portable)\n"))
        // By a link of another name, and found through the PATH.
        #expect(try Self.run("ln -s $CRMQ other; PATH=$PWD:$PATH other --version", portable: false).out.hasSuffix("(AVX2)\n"))
        // By itself, the portable one goes on alone.
        #expect(try Self.run("cp $CRMQ alone; ./alone --version", portable: false).out.hasSuffix("(portable)\n"))
    }

    @Test(.enabled(if: areBuilt, "needs `swift build -c release` and a processor with AVX2"))
    func argumentsStreamsAndExitCodesGoThrough() throws {
        for (line, code) in [
            ("$CRMQ -c 'from tables() | summarize n: count()'", Int32(0)), ("$CRMQ -c 'from nothing'", 1), ("$CRMQ --nonsense", 2),
            ("echo 'from tables() | assert count() = 1' | $CRMQ", 3), ("$CRMQ none --read-only -c 'from t'", 4),
        ] {
            let fast = try Self.run(line, portable: false)
            let slow = try Self.run(line, portable: true)
            #expect(fast.code == code, "\(line): \(fast.err)")
            #expect(fast.code == slow.code && fast.out == slow.out && fast.err == slow.err, "\(line)")
        }
    }

    @Test(.enabled(if: areBuilt, "needs `swift build -c release` and a processor with AVX2"))
    func bothAnswerTheGoldenScriptsAlike() throws {
        let all = FileManager.default.enumerator(atPath: Self.golden.path)?.allObjects as? [String] ?? []
        let scripts = all.filter { $0.hasSuffix(".crmq") && !$0.hasPrefix("data/") }.sorted()
        #expect(!scripts.isEmpty)
        for script in scripts {
            let links = script.hasPrefix("links/") || script.hasPrefix("definitions/") ? "-f data/links.crmq " : ""
            let line = "$CRMQ --as-of 2026-09-30 -f data/load.crmq -f data/more.crmq \(links)-f \(script)"
            let fast = try Self.run(line, portable: false, folder: Self.golden)
            let slow = try Self.run(line, portable: true, folder: Self.golden)
            #expect(fast.code == slow.code && fast.out == slow.out && fast.err == slow.err, "\(script)")
        }
    }
}
