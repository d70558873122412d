import Storage
import Synchronization

/// How much memory one statement's rows, groups and tables may take in all; blocks of the store have a cache of their own.
final class MemoryBudget: Sendable {
    let bytesMax: Int
    private let used = Atomic<Int>(0)

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    /// Takes `bytes`, or nothing.
    fileprivate func take(_ bytes: Int) -> Bool {
        let after = used.wrappingAdd(bytes, ordering: .relaxed).newValue
        if bytes <= 0 || after <= bytesMax { return true }
        used.wrappingSubtract(bytes, ordering: .relaxed)
        return false
    }

    var bytesUsed: Int { used.load(ordering: .relaxed) }

    func shortage(_ holder: String, _ bytes: Int) -> QueryError {
        QueryError(
            .memory,
            "\(holder) needs \(Self.size(bytes)) more memory, and \(Self.size(bytesUsed)) of the \(Self.size(bytesMax)) for rows are in use",
            hint: "give more with --memory (half of it is for rows), or leave out rows and columns before (where, select, summarize)")
    }

    static func size(_ bytes: Int) -> String {
        let units = ["bytes", "KB", "MB", "GB", "TB"]
        var value = Double(max(bytes, 0))
        var unit = 0
        while value >= 1024, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        let tenths = Int((value * 10).rounded(.up))
        return unit == 0 || tenths >= 100 ? "\(Int(value.rounded())) \(units[unit])" : "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }
}

/// What one holder has taken of a budget, given back when the holder goes. Several threads may add to it.
final class MemoryLease: Sendable {
    private let budget: MemoryBudget
    private let holder: String
    private let held = Atomic<Int>(0)

    init(_ budget: MemoryBudget, _ holder: String) {
        self.budget = budget
        self.holder = holder
    }
    deinit { _ = budget.take(-held.load(ordering: .relaxed)) }

    var bytes: Int { held.load(ordering: .relaxed) }

    /// Takes more; throws a ``QueryError`` of kind `memory` where there is not as much.
    func add(_ bytes: Int) throws {
        if !tryAdd(bytes) { throw budget.shortage(holder, bytes) }
    }

    func tryAdd(_ bytes: Int) -> Bool {
        guard budget.take(bytes) else { return false }
        held.wrappingAdd(bytes, ordering: .relaxed)
        return true
    }

    /// Holds as much as `bytes` in all; for one thread.
    func set(_ bytes: Int) throws { try add(bytes - self.bytes) }
}
