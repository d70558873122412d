import Foundation
import Storage
import Testing

@testable import Query

/// The longest ordered chain of steps, against every chain there is.
@Suite struct FunnelTests {
    private struct Event {
        var time: Int64
        var bits: Int64
    }

    /// All chains, tried one after another; the best by length, then by times.
    private static func best(_ events: [Event], steps: Int, within: Int64?) -> [Int64] {
        var best: [Int64] = []
        var used = Array(repeating: false, count: events.count)
        func go(_ times: [Int64]) {
            if times.count > best.count || (times.count == best.count && times.lexicographicallyPrecedes(best)) { best = times }
            guard times.count < steps else { return }
            for (index, event) in events.enumerated() where !used[index] && event.bits >> Int64(times.count) & 1 == 1 {
                if let last = times.last, event.time < last { continue }
                if let first = times.first, let within, event.time - first > within { continue }
                used[index] = true
                go(times + [event.time])
                used[index] = false
            }
        }
        go([])
        return best
    }

    private static func answer(_ events: [Event], _ window: FunnelReducer.Window, steps: Int, wanted: Int?) throws -> Int64? {
        let times = ColumnBuffer(type: .timestamp)
        let bits = ColumnBuffer(type: .int)
        for event in events {
            times.append(integer: event.time)
            bits.append(integer: event.bits)
        }
        let out = ColumnBuffer(type: .int)
        let reducer = FunnelReducer(window: window, steps: steps, wanted: wanted, isTimestamp: true)
        // A funnel's rows come by time.
        let rows = events.indices.sorted { events[$0].time < events[$1].time }.map { UInt32($0) }
        try rows.withUnsafeBufferPointer { try reducer.reduce($0, [times, bits], into: out) }
        return out.isNull(0) ? nil : out.integers[0]
    }

    @Test(arguments: 0..<4) func everyChain(_ part: Int) throws {
        var random = SeededGenerator(seed: 71 + UInt64(part))
        for round in 0..<400 {
            let steps = Int.random(in: 1...4, using: &random)
            let count = Int.random(in: 0...6, using: &random)
            // Few different times, so that most events tie with another; half of them serve several steps.
            let events = (0..<count).map { _ in
                Event(time: Int64.random(in: 0...4, using: &random), bits: Int64.random(in: 0..<(1 << Int64(steps)), using: &random))
            }
            let within = Bool.random(using: &random) ? nil : Int64.random(in: 0...3, using: &random)
            let window: FunnelReducer.Window = within.map { .microseconds($0) } ?? .none
            let expected = Self.best(events, steps: steps, within: within)
            let what = "seed \(71 + part), round \(round): \(events), \(steps) steps within \(String(describing: within))"
            #expect(try Self.answer(events, window, steps: steps, wanted: nil) == Int64(expected.count), "\(what)")
            for step in 1...steps {
                let time = step <= expected.count ? expected[step - 1] : nil
                #expect(try Self.answer(events, window, steps: steps, wanted: step) == time, "step \(step), \(what)")
            }
        }
    }

    @Test func monthsClamp() throws {
        func day(_ month: Int64, _ day: Int64) -> Int64 { CivilDate.days(year: 2026, month: month, day: day) }
        let times = ColumnBuffer(type: .date)
        let bits = ColumnBuffer(type: .int)
        for (time, mask) in [(day(1, 31), Int64(1)), (day(2, 28), 2), (day(3, 1), 4)] {
            times.append(integer: time)
            bits.append(integer: mask)
        }
        let out = ColumnBuffer(type: .int)
        let reducer = FunnelReducer(window: .months(1), steps: 3, wanted: nil, isTimestamp: false)
        try [0, 1, 2].withUnsafeBufferPointer { try reducer.reduce($0, [times, bits], into: out) }
        #expect(out.integers[0] == 2)
    }

    @Test func wrongCallsTeach() throws {
        let session = try CatalogueTests.bank()
        defer { session.close() }
        for (call, message) in [
            ("funnel(ts, 30d)", "funnel needs a time, a window and the conditions of the steps"),
            ("funnel(amount, 30d, true)", "funnel needs the date or timestamp of an event first, this is a decimal(2)"),
            ("funnel(ts, 30, true)", "the window of funnel is a constant length of time such as 30d, 48h or 3mo, or null for no limit"),
            ("funnel(ts, 30d, amount)", "a step is a condition, this is a decimal(2)"),
            ("funnel(when: ts, 30d, true)", "only the window (within:) and the steps of funnel have names"),
            ("funnel_time(ts, 30d, 3, true, false)", "the number of a step lies in 1..2"),
            ("funnel(ts, 30d, true by ts)", "funnel does not depend on an order"),
            ("(funnel(ts, 30d, true) per customer_id by ts)", "funnel has no running form"),
        ] {
            let text = "from transactions | derive x: \(call)"
            do {
                _ = try CatalogueTests.csv(text, session)
                Issue.record("\(text) went through")
            } catch let error as QueryError { #expect(error.message == message, "\(text)") }
        }
    }
}
