import Query
import Storage

/// One segment of the demo bank that is kept with the data, and who was in it at the ends of two quarters: what `diff` and `as of` need to have
/// something to tell. Taken as an analyst would, by statements, so that nothing here can differ from what the language does.
enum DemoMemberships {
    private static let segment = "save segment engaged on customers = count(transactions where ts in last 90d) >= 12"

    static func take(storePath: String, threads: Int) throws {
        for (year, month, day) in [(2026, 6, 30), (2026, 9, 30)] as [(Int64, Int64, Int64)] {
            var options = SessionOptions()
            options.threads = threads
            options.asOf = CivilDate.days(year: year, month: month, day: day)
            let session = try Session(storePath: storePath, options: options)
            defer { session.close() }
            for statement in [segment, "snapshot engaged"] {
                try session.run(SourceText(name: "demo", text: statement), receiver: Silence())
            }
        }
    }

    private final class Silence: ResultReceiver {
        func begin(columns: [ResultColumn]) {}
        func rows(_ batch: ResultBatch) {}
        func end(_ footer: ResultFooter) {}
        func message(_ text: String) {}
        func progress(done: Int, total: Int, unit: String) {}
    }
}
