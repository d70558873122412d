import Glibc
import Storage

/// What a source counted while it was read. Kept by the reader, a few additions for a block or a vector.
struct ScanCounts {
    var blocksRead = 0
    var blocksSkipped = 0
    /// Of the blocks whose columns were asked for, as they are stored.
    var bytes = 0

    static func - (a: ScanCounts, b: ScanCounts) -> ScanCounts {
        ScanCounts(blocksRead: a.blocksRead - b.blocksRead, blocksSkipped: a.blocksSkipped - b.blocksSkipped, bytes: a.bytes - b.bytes)
    }
}

/// What `explain analyze` knows of one operator. Nanoseconds are of all threads together, and only of this operator: what it asks its
/// input for is computed lazily, so decoding a column counts where the column is first needed.
final class OperatorProfile: @unchecked Sendable {
    /// Nil for the answer, which takes the last operator's rows.
    let plan: Plan?
    private(set) var inputs: [OperatorProfile] = []
    private let lock = Mutex()
    private(set) var rows = 0
    private(set) var nanoseconds = 0
    private(set) var scan: ScanCounts?
    fileprivate var startedAt = 0
    /// Time within this operator that is told elsewhere: its inputs', and that of its workers.
    fileprivate var elsewhere = 0
    /// It found nothing to do: its rows are its input's.
    fileprivate(set) var passesThrough = false

    init(_ plan: Plan?) { self.plan = plan }

    fileprivate func add(_ input: OperatorProfile) { inputs.append(input) }

    func add(rows: Int, nanoseconds: Int, scan: ScanCounts? = nil) {
        lock.locked {
            self.rows += rows
            self.nanoseconds += nanoseconds
            guard let scan else { return }
            var sum = self.scan ?? ScanCounts()
            sum.blocksRead += scan.blocksRead
            sum.blocksSkipped += scan.blocksSkipped
            sum.bytes += scan.bytes
            self.scan = sum
        }
    }
}

/// The operators of a statement as they ran. An executor has one only for `explain analyze`; operators are entered and left by the thread
/// that runs the statement.
final class QueryProfile: @unchecked Sendable {
    private(set) var roots: [OperatorProfile] = []
    private var path: [OperatorProfile] = []

    static func now() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec &* 1_000_000_000 &+ time.tv_nsec
    }

    var current: OperatorProfile? { path.last }

    func enter(_ plan: Plan?) -> OperatorProfile {
        let node = OperatorProfile(plan)
        if let last = path.last { last.add(node) } else { roots.append(node) }
        path.append(node)
        node.startedAt = Self.now()
        return node
    }

    func leave() {
        let node = path.removeLast()
        let elapsed = Self.now() - node.startedAt
        node.add(rows: 0, nanoseconds: max(0, elapsed - node.elsewhere))
        path.last?.elsewhere += elapsed
    }

    /// The current operator waits for its workers, who count for themselves.
    func waiting<R>(_ body: () throws -> R) rethrows -> R {
        let startedAt = Self.now()
        defer { path.last?.elsewhere += Self.now() - startedAt }
        return try body()
    }
}

/// Which operators the parts of a pipeline belong to.
struct PipelineProfile: Sendable {
    var source: OperatorProfile
    /// A relation's rows are counted before they are read.
    var rowsAreKnown = false
    /// One for each step; of several steps of one operator the last one's rows are the operator's.
    var steps: [OperatorProfile] = []
    /// Whoever takes the rows.
    var sink: OperatorProfile?
}

extension Executor {
    /// The plan as a source and streaming steps; whatever cannot stream is run here and becomes the source.
    func pipeline(_ plan: Plan, required: Set<ColumnID>) throws -> Pipeline {
        guard let profile else { return try unprofiledPipeline(plan, required: required) }
        let node = profile.enter(plan)
        defer { profile.leave() }
        var pipeline = try unprofiledPipeline(plan, required: required)
        if pipeline.profile == nil {
            pipeline.profile = PipelineProfile(source: node)
            if let source = pipeline.source as? RelationSource {
                node.add(rows: source.relation.rowCount, nanoseconds: 0)
                pipeline.profile?.rowsAreKnown = true
            }
        }
        let known = pipeline.profile?.steps.count ?? 0
        node.passesThrough = pipeline.profile?.source !== node && known == pipeline.steps.count
        for _ in known..<max(known, pipeline.steps.count) { pipeline.profile?.steps.append(node) }
        return pipeline
    }
}

/// One worker's clock and counters over a pipeline; handed to the operators after every morsel.
final class PipelineClock {
    private let profile: PipelineProfile
    private var rows: [Int]
    private var nanoseconds: [Int]
    private var mark = 0
    private var told = ScanCounts()

    init(_ profile: PipelineProfile) {
        self.profile = profile
        rows = Array(repeating: 0, count: profile.steps.count + 2)
        nanoseconds = rows
    }

    func start() { mark = QueryProfile.now() }

    /// The place at hand (0 is the source, then the steps, the sink last) has done its part and hands on so many rows.
    func passed(_ place: Int, rows count: Int) {
        let now = QueryProfile.now()
        nanoseconds[place] += now - mark
        rows[place] += count
        mark = now
    }

    func passedSink() { passed(rows.count - 1, rows: 0) }

    func flush(_ counts: ScanCounts?) {
        // What the source did after its last batch.
        passed(0, rows: 0)
        let isScan: Bool
        if case .scan = profile.source.plan { isScan = true } else { isScan = false }
        profile.source.add(
            rows: profile.rowsAreKnown ? 0 : rows[0], nanoseconds: nanoseconds[0], scan: isScan ? counts.map { $0 - told } : nil)
        if let counts { told = counts }
        for (place, node) in profile.steps.enumerated() {
            let isLast = place + 1 == profile.steps.count || profile.steps[place + 1] !== node
            node.add(rows: isLast ? rows[place + 1] : 0, nanoseconds: nanoseconds[place + 1])
        }
        profile.sink?.add(rows: 0, nanoseconds: nanoseconds[rows.count - 1])
        for place in rows.indices {
            rows[place] = 0
            nanoseconds[place] = 0
        }
    }
}
