import Storage

/// Runs plans. One a statement: it collects what the footer says.
final class Executor: @unchecked Sendable {
    struct Limits: Sendable {
        var threads: Int
        var memoryBytesMax: Int
        /// A table of this many groups fills about the L2 cache; tests set less.
        var groupsInCacheMax = 1 << 16
        /// Where rows go that do not fit the memory, unless `TMPDIR` says otherwise.
        var spillFolder: String?
    }
    let limits: Limits
    let cancellation: Cancellation
    let shared = SharedMaps()
    /// Half of the memory is for rows, groups and tables; the other half caches the store's blocks.
    let budget: MemoryBudget
    /// What is being run, for whoever finds that the memory does not do. Set where plans become pipelines, by one thread.
    private(set) var holder = "a query"
    private(set) var divisionsByZero = 0
    private(set) var undefinedResults = 0
    private(set) var notes: [String] = []
    private let lock = Mutex()
    /// Set for `explain analyze` before anything runs.
    var profile: QueryProfile?
    /// Called with what is done and in all of the pipeline that runs: rows where the source knows its own, else morsels.
    var progress: ((_ done: Int, _ total: Int, _ unit: String) -> Void)?

    init(limits: Limits, cancellation: Cancellation) {
        var limits = limits
        // Where the memory is smaller than caches are, so are tables.
        limits.groupsInCacheMax = min(limits.groupsInCacheMax, (limits.memoryBytesMax / max(1, limits.threads)) >> 10)
        self.limits = limits
        self.cancellation = cancellation
        budget = MemoryBudget(bytesMax: limits.memoryBytesMax / 2)
    }

    func holding<R>(_ name: String, _ body: () throws -> R) rethrows -> R {
        let outer = holder
        holder = name
        defer { holder = outer }
        return try body()
    }

    func note(_ text: String) { lock.locked { if !notes.contains(text) { notes.append(text) } } }

    /// Runs what may be given up and begun again: what was counted until then does not count.
    func attempt<R>(_ body: () throws -> R) throws -> R {
        let before = lock.locked { (divisionsByZero, undefinedResults) }
        do {
            return try body()
        } catch {
            lock.locked { (divisionsByZero, undefinedResults) = before }
            throw error
        }
    }

    func absorb(_ context: EvaluationContext) {
        lock.locked {
            divisionsByZero += context.divisionsByZero
            undefinedResults += context.undefinedResults
        }
        context.divisionsByZero = 0
        context.undefinedResults = 0
    }

    /// Runs every morsel through a worker's copy of the pipeline into that worker's sink; returns the sinks. The first error of the
    /// earliest morsel is the one that is thrown, so that an error does not depend on how workers took turns. What a repeated run divides by zero has been counted.
    func run<Sink: BatchSink & SendableMetatype>(
        _ pipeline: Pipeline, morsels: Range<Int>? = nil, threads: Int? = nil, isRepeated: Bool = false, crew: Crew<Sink> = Crew(),
        _ makeSink: @escaping @Sendable (WorkerContext) throws -> Sink
    ) throws -> [Sink] {
        let morsels = morsels ?? 0..<pipeline.source.morselCount
        let workerCount = max(1, min(threads ?? limits.threads, morsels.count))
        var pipeline = pipeline
        pipeline.profile?.sink = profile?.current
        let queue = MorselQueue(morsels)
        // A source that is run a few morsels at a time has come as far as its last one.
        let starts = progress == nil ? nil : pipeline.source.rowsRead
        let total = starts?.last ?? pipeline.source.morselCount
        let told: @Sendable (Int) -> Void = { [self] done in
            progress?(starts.map { $0[min(done, $0.count - 1)] } ?? done, total, starts == nil ? "morsels" : "rows")
        }
        let outcomes = WorkerOutcomes(crew, count: workerCount)
        let body: @Sendable (Int) -> Void = { [self, pipeline] index in
            var at = morsels.lowerBound
            do {
                // A worker that comes when all is done makes nothing; the first one's sink there always is.
                var given = queue.next()
                if given == nil, index > 0 { return }
                let member = try outcomes.member(index) {
                    let context = EvaluationContext(cancellation: cancellation)
                    context.threads = limits.threads
                    context.groupsInCacheMax = limits.groupsInCacheMax
                    let worker = WorkerContext(evaluation: context, shared: shared)
                    return Crew<Sink>.Member(worker, sink: try makeSink(worker), try PipelineWorker(pipeline, worker))
                }
                defer { if !isRepeated { absorb(member.worker.evaluation) } }
                while let morsel = given {
                    at = morsel
                    try member.copy.run(morsel, into: member.sink)
                    if member.copy.isDone { member.copy.skip(queue.stop()) }
                    given = queue.next()
                    if index == 0 { told(morsel + 1) }
                }
            } catch {
                outcomes.fail(error, morsel: at)
                queue.stop()
            }
        }
        let work = { WorkerThreads.run(workerCount, body) }
        if let profile { profile.waiting(work) } else { work() }
        if let error = outcomes.error { throw error }
        return outcomes.sinks
    }
}

/// Morsel numbers, handed out in order.
final class MorselQueue: @unchecked Sendable {
    private let lock = Mutex()
    private var rest: Range<Int>
    init(_ morsels: Range<Int>) { rest = morsels }
    func next() -> Int? { lock.locked { rest.isEmpty ? nil : rest.removeFirst() } }
    /// Nothing more is handed out; how many were left.
    @discardableResult
    func stop() -> Int {
        lock.locked {
            let left = rest.count
            rest = rest.upperBound..<rest.upperBound
            return left
        }
    }
}

/// The workers of a pipeline, kept where it is run a few morsels at a time.
final class Crew<Sink>: @unchecked Sendable {
    /// What one worker has for itself.
    final class Member {
        let worker: WorkerContext
        let sink: Sink
        let copy: PipelineWorker
        init(_ worker: WorkerContext, sink: Sink, _ copy: PipelineWorker) {
            self.worker = worker
            self.sink = sink
            self.copy = copy
        }
    }
    fileprivate var members: [Member?] = []
}

private final class WorkerOutcomes<Sink>: @unchecked Sendable {
    private let lock = Mutex()
    private let crew: Crew<Sink>
    private var failure: (morsel: Int, error: any Error)?

    init(_ crew: Crew<Sink>, count: Int) {
        self.crew = crew
        while crew.members.count < count { crew.members.append(nil) }
    }
    /// Made by the worker's own thread when it is first asked for.
    func member(_ index: Int, _ make: () throws -> Crew<Sink>.Member) rethrows -> Crew<Sink>.Member {
        if let known = lock.locked({ crew.members[index] }) { return known }
        let made = try make()
        lock.locked { crew.members[index] = made }
        return made
    }
    func fail(_ error: any Error, morsel: Int) {
        lock.locked { if failure == nil || morsel < failure!.morsel { failure = (morsel, error) } }
    }
    var error: (any Error)? { failure?.error }
    var sinks: [Sink] { crew.members.compactMap { $0?.sink } }
}

/// Keeps every row, a relation for each morsel, so that they can be put in order.
final class CollectSink: BatchSink {
    private let layout: Layout
    private let slots: [Int]
    private let rowsMax: Int
    private(set) var byMorsel: [(morsel: Int, relation: Relation)] = []
    private let lease: MemoryLease?

    /// - Parameter rowsMax: of a morsel; batches that come when it has as many are left alone, and so never decoded.
    init(layout: Layout, slots: [Int], lease: MemoryLease? = nil, rowsMax: Int = .max) {
        self.lease = lease
        self.layout = layout
        self.slots = slots
        self.rowsMax = rowsMax
    }

    func consume(_ batch: Batch, morsel: Int) throws {
        if byMorsel.last?.morsel != morsel {
            // The next morsel is about as long as the last.
            byMorsel.append((morsel, Relation(layout: layout, capacity: byMorsel.last?.relation.rowCount ?? 1024)))
        }
        let rows = byMorsel[byMorsel.count - 1].relation
        if rows.rowCount >= rowsMax { return }
        let bytes = try rows.append(batch, slots: slots)
        try lease?.add(bytes)
    }

    private func drained() -> [(morsel: Int, relation: Relation)] {
        defer { byMorsel = [] }
        return byMorsel
    }

    /// The rows of all sinks, which then hold none.
    static func merge(_ sinks: [CollectSink], layout: Layout, threads: Int) throws -> Relation {
        let parts = sinks.flatMap { $0.drained() }.sorted { $0.morsel < $1.morsel }.map(\.relation)
        if parts.isEmpty { return Relation(layout: layout) }
        if parts.count == 1 { return parts[0] }
        let columns = try layout.slots.indices.map { slot in try ColumnBuffer.joined(parts.map { $0.columns[slot] }, threads: threads) }
        return Relation(layout: layout, columns: columns, rowCount: parts.reduce(0) { $0 + $1.rowCount })
    }
}
