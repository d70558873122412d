import Storage

/// The rows of several pipelines one after another, none of them held. A text column whose pipelines have different dictionaries comes as
/// plain text.
struct UnionSource: MorselSource {
    private let inputs: [Input]
    /// The first morsel of each input, and how many there are in all.
    private let starts: [Int]
    let layout: Layout

    private struct Input: Sendable {
        let pipeline: Pipeline
        /// Where each column of the union lies in the pipeline's.
        let slots: [Int]
    }

    /// `columns`: for each column of the union its name in each pipeline.
    init(_ pipelines: [Pipeline], _ columns: [(id: ColumnID, type: LogicalType, from: [ColumnID])]) {
        let inputs = pipelines.enumerated().map { index, pipeline in
            Input(pipeline: pipeline, slots: columns.map { pipeline.layout[$0.from[index]] })
        }
        self.inputs = inputs
        starts = pipelines.reduce(into: [0]) { $0.append($0.last! + $1.source.morselCount) }
        layout = Layout(
            columns.enumerated().map { place, column in
                let dictionaries = inputs.map { $0.pipeline.layout.slots[$0.slots[place]].dictionary }
                let shared = dictionaries.first ?? nil
                return Layout.Slot(id: column.id, type: column.type, dictionary: dictionaries.allSatisfy { $0 === shared } ? shared : nil)
            })
    }

    var morselCount: Int { starts.last! }

    func makeReader(_ worker: WorkerContext) throws -> MorselReader { Reader(self, worker) }

    private final class Reader: MorselReader {
        private let source: UnionSource
        private let worker: WorkerContext
        private let batch: UnionBatch
        private var workers: [PipelineWorker?]

        init(_ source: UnionSource, _ worker: WorkerContext) {
            self.source = source
            self.worker = worker
            batch = UnionBatch(source.layout)
            workers = source.inputs.map { _ in nil }
        }

        override func read(_ morsel: Int, whole: (WholeBlock) -> Bool, _ body: (Batch) throws -> Void) throws {
            let index = source.starts.lastIndex { $0 <= morsel }!
            let input = source.inputs[index]
            let inner: PipelineWorker
            if let known = workers[index] {
                inner = known
            } else {
                inner = try PipelineWorker(input.pipeline, worker)
                workers[index] = inner
            }
            try withoutActuallyEscaping(body) { body in
                let relay = Relay { [batch] rows in
                    batch.move(to: rows, input.slots)
                    try body(batch)
                }
                try inner.run(morsel - source.starts[index], into: relay)
            }
        }
    }

    /// Hands a pipeline's batches on.
    private final class Relay: BatchSink {
        private let body: (Batch) throws -> Void
        init(_ body: @escaping (Batch) throws -> Void) { self.body = body }
        func consume(_ batch: Batch, morsel: Int) throws { try body(batch) }
    }
}

/// A batch of one of the inputs under the union's columns.
private final class UnionBatch: Batch {
    private let layout: Layout
    private var parent: Batch?
    private var slots: [Int] = []
    /// For texts that come as codes of different dictionaries.
    private let plain: [Vector?]

    init(_ layout: Layout) {
        self.layout = layout
        plain = layout.slots.map { $0.type == .text && $0.dictionary == nil ? Vector(type: .text) : nil }
        super.init(slotCount: layout.slots.count)
    }

    func move(to parent: Batch, _ slots: [Int]) {
        self.parent = parent
        self.slots = slots
        advance(count: parent.count)
    }

    override func bounds(_ slot: Int) -> ColumnBounds? { parent?.bounds(slots[slot]) }

    override func load(_ slot: Int) throws -> Vector {
        guard let parent else { preconditionFailure("a union without rows was asked for a column") }
        let vector = try parent.vector(slots[slot])
        guard let out = plain[slot], let dictionary = vector.dictionary else { return vector }
        out.reset()
        out.addNulls(of: vector, count: count)
        let (codes, texts) = (vector.codes, out.texts)
        for i in 0..<count { texts[i] = vector.isNull(i) || dictionary.count == 0 ? TextView(base: nil, count: 0) : dictionary[codes[i]] }
        return out
    }
}
