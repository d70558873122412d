import Foundation
import Glibc
import Testing

/// The program is killed, as a machine kills it, in the middle of a load onto a store that holds data. Whenever that is, the store opens, is
/// sound, holds exactly the old or the new state, and lets the next writer in.
@Suite struct CrashTests {
    private static let moments = 20
    private static let seed: UInt64 = 2026
    private static let oldRows = 5000
    private static let newRows = 300_000

    /// The file to load: its sums are known, so that a state can be told by them.
    private static func csv(rows: Int, from first: Int) -> String {
        var text = "id,amount,name,day\n"
        text.reserveCapacity(rows * 40)
        for id in first..<first + rows {
            text += "\(id),\(id % 1000).\(10 + id % 90),name \(id % 7919),2026-0\(1 + id % 9)-1\(id % 10)\n"
        }
        return text
    }

    private func crmq(_ arguments: [String]) throws -> Crmq.Outcome { try Crmq.run(arguments) }

    /// What a store holds, as text.
    private func state(_ store: String) throws -> String {
        let answer = try crmq([
            store, "--read-only", "-c",
            "from t | summarize n: count(), ids: sum(id), s: sum(amount), names: distinct(name), last: max(day)",
        ])
        #expect(answer.code == 0, "\(answer.err)")
        return answer.out
    }

    @Test(.enabled(if: Crmq.path != nil, "the program is not built beside the tests: swift build")) func killedAtAnyMomentOfALoad() throws {
        let scratch = try Scratch()
        let path = try #require(Crmq.path)
        let store = scratch.path("store")
        try scratch.write(Self.csv(rows: Self.oldRows, from: 0), to: "old.csv")
        try scratch.write(Self.csv(rows: Self.newRows, from: Self.oldRows), to: "new.csv")
        #expect(try crmq([store, "-c", "load t from \"\(scratch.path("old.csv"))\" key id"]).code == 0)
        let load = "append t from \"\(scratch.path("new.csv"))\""
        let old = try state(store)

        // What the load comes to, and how long it takes: the shorter of two times, for a machine may be busy with other things.
        var seconds = Double.infinity
        for attempt in ["first", "whole"] {
            try FileManager.default.copyItem(atPath: store, toPath: scratch.path(attempt))
            let started = ContinuousClock.now
            let whole = try crmq([scratch.path(attempt), "-c", load])
            let taken = (ContinuousClock.now - started).components
            seconds = min(seconds, Double(taken.seconds) + Double(taken.attoseconds) / 1e18)
            #expect(whole.code == 0, "\(whole.err)")
        }
        let new = try state(scratch.path("whole"))
        #expect(old != new)

        var random = Self.seed
        var killed = 0
        for moment in 0..<Self.moments {
            // One moment in each twentieth of the load, and a little beyond its end.
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let share = (Double(moment) + Double(random >> 40) / Double(1 << 24)) / Double(Self.moments) * 1.1
            let about = "seed \(Self.seed), moment \(moment) at \(share) of \(seconds) s"
            let copy = scratch.path("store\(moment)")
            try FileManager.default.copyItem(atPath: store, toPath: copy)
            if try kill(path, [copy, "--quiet", "-c", load], after: share * seconds, scratch) { killed += 1 }

            let verified = try crmq(["verify", copy])
            #expect(verified.code == 0 && verified.out.isEmpty, "\(about): \(verified.out)\(verified.err)")
            let found = try state(copy)
            #expect(found == old || found == new, "\(about): \(found)")
            // The lock of the dead writer is free, and what it left is in nobody's way.
            let again = try crmq([copy, "-c", found == old ? load : "delete t where id >= \(Self.oldRows)"])
            #expect(again.code == 0, "\(about): \(again.err)")
            #expect(try state(copy) == (found == old ? new : old), "\(about)")
            #expect(try crmq([copy, "-c", "vacuum"]).code == 0, "\(about)")
            #expect(try crmq(["verify", copy]).code == 0, "\(about), after vacuum")
            try FileManager.default.removeItem(atPath: copy)
        }
        // Else nothing was tried.
        #expect(killed >= Self.moments / 2, "only \(killed) of \(Self.moments) were still running")
    }

    /// Starts the program and kills it; false if it was done by then.
    private func kill(_ path: String, _ arguments: [String], after seconds: Double, _ scratch: Scratch) throws -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(["HOME": scratch.url.path]) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        usleep(UInt32(seconds * 1_000_000))
        Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        return process.terminationReason == .uncaughtSignal
    }
}
