import Storage

/// Any keys: one word a key and one for the nulls, in an open-addressing table at most half full.
final class HashGroups: GroupIndex {
    private let evaluators: [Evaluator]
    private let width: Int
    private let interners: [TextInterner?]
    private var table: GroupTable
    private let scratch: UnsafeMutablePointer<UInt64>

    private var trial: GroupTrial?

    init(_ evaluators: [Evaluator], trial: GroupTrial? = nil) {
        self.evaluators = evaluators
        self.trial = trial
        width = evaluators.count + 1
        interners = evaluators.map { $0.type == .text && $0.dictionary == nil ? TextInterner() : nil }
        table = GroupTable(width: evaluators.count + 1)
        scratch = .allocate(capacity: vectorRowsMax * (evaluators.count + 1))
    }
    deinit {
        scratch.deallocate()
        table.free()
    }

    override var groupCount: Int { table.count }
    override var numbersAreOwn: Bool { true }
    override var bytes: Int { table.bytes + interners.reduce(0) { $0 + ($1?.byteCount ?? 0) } }

    override func assign(_ batch: Batch, into groups: UnsafeMutablePointer<UInt32>) throws {
        let rows = batch.count
        let width = width
        let scratch = scratch
        for i in 0..<rows { scratch[i &* width &+ width &- 1] = 0 }
        for (index, evaluator) in evaluators.enumerated() {
            let vector = try evaluator.evaluate(batch)
            let words = scratch + index
            switch vector.form {
            case .integers:
                let values = vector.integers
                for i in 0..<rows { words[i &* width] = UInt64(bitPattern: values[i]) }
            case .doubles:
                // +0 and -0 are one value.
                let values = vector.doubles
                for i in 0..<rows { words[i &* width] = (values[i] + 0.0).bitPattern }
            case .mask:
                let mask = vector.mask
                for i in 0..<rows { words[i &* width] = UInt64(mask[i]) }
            case .codes:
                let codes = vector.codes
                for i in 0..<rows { words[i &* width] = UInt64(codes[i]) }
            case .texts:
                guard let interner = interners[index] else { preconditionFailure("plain texts have an interner") }
                interner.codes(
                    of: vector.texts, nulls: vector.hasNulls ? UnsafePointer(vector.nulls) : nil, count: rows, into: words, stride: width)
            }
            if vector.hasNulls {
                let bit = UInt64(1) << UInt64(index)
                let nulls = vector.nulls
                for i in 0..<rows where nulls[i] != 0 {
                    words[i &* width] = 0
                    scratch[i &* width &+ width &- 1] |= bit
                }
            }
        }
        table.assign(scratch, rows, into: groups)
        try trial?.check(rows, groups: table.count)
    }

    override func merge(_ other: GroupIndex) -> [UInt32] {
        guard let other = other as? HashGroups else { preconditionFailure("workers of one query index alike") }
        // Codes of the other worker's own texts mean something else here.
        var translations: [[UInt32]?] = []
        for index in evaluators.indices {
            guard let theirs = other.interners[index] else {
                translations.append(nil)
                continue
            }
            translations.append((0..<theirs.count).map { code in theirs.withView(UInt32(code)) { interners[index]!.code(of: $0) } })
        }
        var map: [UInt32] = []
        map.reserveCapacity(other.table.count)
        for group in 0..<other.table.count {
            let key = other.table.key(group)
            for j in 0..<width {
                var word = key[j]
                if j < width - 1, let translation = translations[j], key[width - 1] >> UInt64(j) & 1 == 0 {
                    word = UInt64(translation[Int(word)])
                }
                scratch[j] = word
            }
            map.append(table.group(of: scratch))
        }
        return map
    }

    override func keys(_ held: [UInt8]?) -> (groups: [Int], columns: [ColumnBuffer]) {
        let count = table.count
        let columns = evaluators.indices.map { index -> ColumnBuffer in
            let evaluator = evaluators[index]
            let column = ColumnBuffer(type: evaluator.type, dictionary: evaluator.dictionary, capacity: count)
            for group in 0..<count {
                let key = table.key(group)
                let word = key[index]
                if key[width - 1] >> UInt64(index) & 1 != 0 {
                    column.appendNull()
                    continue
                }
                switch column.form {
                case .integers, .mask: column.append(integer: Int64(bitPattern: word))
                case .doubles: column.append(double: Double(bitPattern: word))
                case .codes: column.append(code: UInt32(word))
                case .texts: interners[index]!.withView(UInt32(word)) { column.append(text: $0) }
                }
            }
            return column
        }
        return (Array(0..<count), columns)
    }
}
