import Storage

/// Where rows come from, cut into morsels that workers take from a shared counter.
protocol MorselSource: Sendable {
    var layout: Layout { get }
    var morselCount: Int { get }
    func makeReader(_ worker: WorkerContext) throws -> MorselReader
    /// Where the rows of each morsel begin among all, and how many there are in all; nil where only reading tells.
    var firstRows: [Int]? { get }
    /// Rows that are read before each morsel, and in all, whatever conditions leave of them: for progress alone.
    var rowsRead: [Int]? { get }
}

extension MorselSource {
    var firstRows: [Int]? { nil }
    var rowsRead: [Int]? { firstRows }
}

/// One worker's view of a source.
class MorselReader {
    /// What has been read since the reader was made.
    final var counts = ScanCounts()
    /// Morsels come by what they promise, and the last one held nothing that is wanted: no other one does.
    final var isDone = false
    /// Calls `body` for every batch of the morsel, in order. A block of which every row goes on is first offered to `whole`, which takes it
    /// by returning true.
    func read(_ morsel: Int, whole: (WholeBlock) -> Bool, _ body: (Batch) throws -> Void) throws {
        preconditionFailure("a reader without a body")
    }
}

/// A step that works on one batch at a time.
protocol PipelineStep: Sendable {
    func outputLayout(_ input: Layout) -> Layout
    /// As many rows go out as come in.
    var keepsRows: Bool { get }
    /// A function that is given the next batch and hands its own on.
    func attach(to input: Batch, layout: Layout, _ worker: WorkerContext) throws -> StepRunner
}

extension PipelineStep {
    var keepsRows: Bool { false }
}

/// One worker's instance of a step.
class StepRunner {
    let output: Batch
    init(output: Batch) { self.output = output }
    /// Looks at the input batch's new rows; false where none go on.
    func advance() throws -> Bool { true }
}

struct WorkerContext {
    let evaluation: EvaluationContext
    let shared: SharedMaps

    func compiler(_ layout: Layout) -> ExpressionCompiler { ExpressionCompiler(layout: layout, context: evaluation, shared: shared) }
}

/// A source and the steps over it.
struct Pipeline: Sendable {
    var source: MorselSource
    var steps: [PipelineStep] = []
    var layout: Layout
    /// Only for `explain analyze`.
    var profile: PipelineProfile?

    init(source: MorselSource) {
        self.source = source
        layout = source.layout
    }

    mutating func append(_ step: PipelineStep) {
        steps.append(step)
        layout = step.outputLayout(layout)
    }
}

/// Receives a worker's batches. One a worker.
protocol BatchSink: AnyObject {
    func consume(_ batch: Batch, morsel: Int) throws
    /// Takes a block by its headers alone; false where its rows are needed.
    func take(_ block: WholeBlock) -> Bool
}

extension BatchSink {
    func take(_ block: WholeBlock) -> Bool { false }
}

/// One worker's copy of a pipeline.
final class PipelineWorker {
    private let reader: MorselReader
    private let pipeline: Pipeline
    private let worker: WorkerContext
    private var runners: [StepRunner] = []
    private var input: Batch?
    private let clock: PipelineClock?

    init(_ pipeline: Pipeline, _ worker: WorkerContext) throws {
        self.pipeline = pipeline
        self.worker = worker
        reader = try pipeline.source.makeReader(worker)
        clock = pipeline.profile.map { PipelineClock($0) }
    }

    /// No other morsel has anything that is wanted.
    var isDone: Bool { reader.isDone }

    /// Says that so many morsels, of one block each, are not read at all.
    func skip(_ morsels: Int) {
        reader.counts.blocksSkipped += morsels
        clock?.flush(reader.counts)
    }

    func run(_ morsel: Int, into sink: BatchSink) throws {
        if let clock { return try run(morsel, into: sink, clock) }
        let takesBlocks = pipeline.steps.isEmpty
        try reader.read(morsel, whole: { takesBlocks && sink.take($0) }) { batch in
            try worker.evaluation.cancellation.check()
            if input !== batch { try attach(to: batch) }
            for runner in runners {
                guard try runner.advance() else { return }
            }
            try sink.consume(runners.last?.output ?? batch, morsel: morsel)
        }
    }

    /// The same with a look at the clock after every operator, once a batch.
    private func run(_ morsel: Int, into sink: BatchSink, _ clock: PipelineClock) throws {
        clock.start()
        let takesBlocks = pipeline.steps.isEmpty
        func whole(_ block: WholeBlock) -> Bool {
            guard takesBlocks, sink.take(block) else { return false }
            clock.passed(0, rows: block.rowCount)
            return true
        }
        try reader.read(morsel, whole: whole) { batch in
            clock.passed(0, rows: batch.count)
            try worker.evaluation.cancellation.check()
            if input !== batch { try attach(to: batch) }
            for (place, runner) in runners.enumerated() {
                let goesOn = try runner.advance()
                clock.passed(place + 1, rows: goesOn ? runner.output.count : 0)
                guard goesOn else { return }
            }
            try sink.consume(runners.last?.output ?? batch, morsel: morsel)
            clock.passedSink()
        }
        clock.flush(reader.counts)
    }

    /// Steps are tied to the reader's batch object, which is the same for the reader's whole life in practice.
    private func attach(to batch: Batch) throws {
        input = batch
        runners = []
        var layout = pipeline.source.layout
        var last = batch
        for step in pipeline.steps {
            let runner = try step.attach(to: last, layout: layout, worker)
            runners.append(runner)
            layout = step.outputLayout(layout)
            last = runner.output
        }
    }
}

struct FilterStep: PipelineStep {
    let condition: Bound
    func outputLayout(_ input: Layout) -> Layout { input }
    func attach(to input: Batch, layout: Layout, _ worker: WorkerContext) throws -> StepRunner {
        Runner(input: input, evaluator: try worker.compiler(layout).compile(condition), layout: layout)
    }

    private final class Runner: StepRunner {
        private let input: Batch
        private let evaluator: Evaluator
        private let filtered: FilteredBatch
        private let mask = UnsafeMutablePointer<UInt8>.allocate(capacity: vectorRowsMax)

        init(input: Batch, evaluator: Evaluator, layout: Layout) {
            self.input = input
            self.evaluator = evaluator
            filtered = FilteredBatch(parent: input, layout: layout)
            super.init(output: filtered)
        }
        deinit { mask.deallocate() }

        override func advance() throws -> Bool {
            let vector = try evaluator.evaluate(input)
            mask.update(from: vector.mask, count: input.count)
            vector.clearNulls(in: mask, count: input.count)
            return filtered.select(mask: mask)
        }
    }
}

struct DeriveStep: PipelineStep {
    let columns: [DerivedColumn]
    /// Columns of the input that go through.
    let kept: [ColumnID]
    let output: Layout
    var keepsRows: Bool { true }

    func outputLayout(_ input: Layout) -> Layout { output }
    func attach(to input: Batch, layout: Layout, _ worker: WorkerContext) throws -> StepRunner {
        let compiler = worker.compiler(layout)
        let evaluators: [Evaluator?] = kept.map { _ in nil } + (try columns.map { try compiler.compile($0.value) })
        return Runner(input: input, parentSlots: kept.map { layout[$0] } + columns.map { _ in -1 }, evaluators: evaluators)
    }

    private final class Runner: StepRunner {
        private let input: Batch
        init(input: Batch, parentSlots: [Int], evaluators: [Evaluator?]) {
            self.input = input
            super.init(output: DerivedBatch(parent: input, parentSlots: parentSlots, evaluators: evaluators))
        }
        override func advance() throws -> Bool {
            output.advance(count: input.count)
            return true
        }
    }
}

struct RelationSource: MorselSource {
    static let rowsPerMorsel = 65_536
    let relation: Relation
    var layout: Layout { relation.layout }
    var morselCount: Int { (relation.rowCount + Self.rowsPerMorsel - 1) / Self.rowsPerMorsel }
    var firstRows: [Int]? { (0...morselCount).map { min($0 * Self.rowsPerMorsel, relation.rowCount) } }
    func makeReader(_ worker: WorkerContext) throws -> MorselReader { Reader(relation) }

    private final class Reader: MorselReader {
        private let batch: RelationBatch
        private let rowCount: Int
        init(_ relation: Relation) {
            batch = RelationBatch(relation)
            rowCount = relation.rowCount
        }
        override func read(_ morsel: Int, whole: (WholeBlock) -> Bool, _ body: (Batch) throws -> Void) throws {
            var first = morsel * RelationSource.rowsPerMorsel
            let end = min(first + RelationSource.rowsPerMorsel, rowCount)
            while first < end {
                let count = min(vectorRowsMax, end - first)
                batch.move(to: first, count: count)
                try body(batch)
                first += count
            }
        }
    }
}
