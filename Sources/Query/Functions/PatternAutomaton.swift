#if canImport(Glibc)
    import Glibc
#endif
import Storage

/// Says whether a pattern matches anywhere in a text, one table look-up a byte: the states of a ``PatternProgram`` that texts lead to are
/// made as they are met. It belongs to one worker.
final class PatternAutomaton {
    enum Answer { case no, yes, askLibrary }

    private let program: PatternProgram
    /// Bytes that no set of the program tells apart are one column of the table.
    private let classes: UnsafeMutablePointer<UInt8>
    private let sets: [ByteSet]
    /// A byte of each class.
    private var examples: [UInt8] = []
    /// For each state and class the number of the next state's first entry, or one of the marks below; the column behind the last class is the
    /// text's end.
    private let table: UnsafeMutablePointer<UInt32>
    private let stride: Int
    private let statesMax: Int
    private var states: [[Int]] = []
    private var numbers: [[Int]: UInt32] = [:]
    private var start = Mark.unknown

    private enum Mark {
        /// Not looked at yet.
        static let unknown: UInt32 = 0
        static let no: UInt32 = 1
        static let yes: UInt32 = 2
        static let askLibrary: UInt32 = 3
        /// Entries from here on are states.
        static let count: UInt32 = 4
    }
    private static let tableBytesMax = 4 << 20

    init(_ program: PatternProgram) {
        self.program = program
        var sets: [ByteSet] = []
        for case .byte(let set, _) in program.nodes where !sets.contains(set) { sets.append(set) }
        self.sets = sets
        classes = .allocate(capacity: 256)
        var known: [[Bool]: UInt8] = [:]
        for byte in UInt8.min...UInt8.max {
            // What is the library's business is a class of its own.
            let asks = program.asksLibrary(at: byte)
            let key = [asks] + sets.map { !asks && $0.contains(byte) }
            if known[key] == nil {
                known[key] = UInt8(examples.count)
                examples.append(byte)
            }
            classes[Int(byte)] = known[key] ?? 0
        }
        stride = max(examples.count + 1, Int(Mark.count))
        statesMax = max(Self.tableBytesMax / (stride * 4), 16)
        // Pages of zeros are made by the system when they are first touched.
        guard let memory = calloc(statesMax * stride, 4) else { fatalError("out of memory") }
        table = memory.bindMemory(to: UInt32.self, capacity: statesMax * stride)
        // State 0 stands for the marks, state 1 for the text's beginning, which is unlike any other.
        states = [[], closure([program.start], atBegin: true, atEnd: false)]
        start = states[1].first == Self.matched ? Mark.yes : UInt32(stride)
    }

    deinit {
        classes.deallocate()
        free(table)
    }

    private static let matched = 0

    @inline(__always)
    func answer(_ text: TextView) -> Answer {
        var state = start
        if state < Mark.count { return Self.answer(of: state) }
        let (table, classes) = (table, classes)
        if let base = text.base {
            for i in 0..<text.count {
                var next = table[Int(state) &+ Int(classes[Int(base[i])])]
                if next < Mark.count {
                    if next == Mark.unknown { next = follow(state, Int(classes[Int(base[i])])) }
                    if next < Mark.count { return Self.answer(of: next) }
                }
                state = next
            }
        }
        let end = table[Int(state) &+ stride &- 1]
        return Self.answer(of: end == Mark.unknown ? finish(state) : end)
    }

    @inline(__always)
    private static func answer(of mark: UInt32) -> Answer { mark == Mark.no ? .no : mark == Mark.yes ? .yes : .askLibrary }

    /// Where a byte of a class leads.
    @inline(never)
    private func follow(_ state: UInt32, _ column: Int) -> UInt32 {
        let byte = examples[column]
        var next = Mark.askLibrary
        if !program.asksLibrary(at: byte) {
            // A match may begin behind this byte as well.
            var reached = [program.start]
            for case .byte(let set, let next) in states[Int(state) / stride].map({ program.nodes[$0] }) where set.contains(byte) {
                reached.append(next)
            }
            next = number(of: closure(reached, atBegin: false, atEnd: false))
        }
        table[Int(state) + column] = next
        return next
    }

    /// What the text's end means.
    @inline(never)
    private func finish(_ state: UInt32) -> UInt32 {
        let place = Int(state) / stride
        let mark = closure(states[place], atBegin: place == 1, atEnd: true).first == Self.matched ? Mark.yes : Mark.no
        table[Int(state) + stride - 1] = mark
        return mark
    }

    private func number(of nodes: [Int]) -> UInt32 {
        if nodes.first == Self.matched { return Mark.yes }
        if nodes.isEmpty { return Mark.no }
        if let known = numbers[nodes] { return known }
        // Where texts lead to ever new states, the library's search is as good.
        guard states.count < statesMax else { return Mark.askLibrary }
        let number = UInt32(states.count * stride)
        states.append(nodes)
        numbers[nodes] = number
        return number
    }

    /// The nodes that wait for a byte or for the text's end, ascending; the node that matches comes first if it is reached.
    private func closure(_ first: [Int], atBegin: Bool, atEnd: Bool) -> [Int] {
        var found: Set<Int> = []
        var seen: Set<Int> = []
        var open = first
        while let node = open.popLast() {
            guard seen.insert(node).inserted else { continue }
            switch program.nodes[node] {
            case .byte: found.insert(node)
            case .either(let a, let b):
                open.append(a)
                open.append(b)
            case .begin(let next): if atBegin { open.append(next) }
            case .end(let next):
                found.insert(node)
                if atEnd { open.append(next) }
            case .match: found.insert(node)
            }
        }
        return found.sorted()
    }
}
