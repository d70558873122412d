/// Where the fields of a stretch of records end, in the order of the bytes.
///
/// An entry is a byte position; its top bit marks a field that ends its record. Room is made for one entry a byte, so that the scanning
/// loops need not ask; pages that are never touched cost nothing.
final class FieldEnds: @unchecked Sendable {
    static let recordFlag: UInt32 = 1 << 31
    static let positionMask: UInt32 = recordFlag &- 1

    private(set) var entries: UnsafeMutablePointer<UInt32>
    private var capacity: Int
    var count = 0

    init(bytesMax: Int) {
        capacity = bytesMax + 128
        entries = .allocate(capacity: capacity)
    }

    deinit { entries.deallocate() }

    func reserve(bytesMax: Int) {
        guard bytesMax + 128 > capacity else { return }
        entries.deallocate()
        capacity = bytesMax + 128
        entries = .allocate(capacity: capacity)
        count = 0
    }
}

/// Finds field and record ends by a state machine over bytes. It always starts at the beginning of a record.
///
/// A quote opens only at the beginning of a field; inside, a doubled quote or an escaped one is text; after the closing quote, and in an
/// unquoted field, quotes are plain bytes (whether that is an error is decided where the field is read).
struct FieldScanner {
    enum State: UInt8 { case fieldStart, unquoted, quoted, closed, stray, escaped }

    struct Result {
        /// Bytes up to the end of the last whole record.
        var consumed = 0
        var records = 0
        /// Line ends inside quoted fields of whole records.
        var innerLines = 0
        var sawQuote = false
        /// Some quote may stand inside a quoted field, doubled, escaped or astray.
        var sawInnerQuote = false
        /// Where the quoted field opened that the bytes end in.
        var openQuote: Int?
    }

    let dialect: Dialect
    private let delimiter: UInt8
    private let width: Int
    private let quote: UInt8
    private let hasQuote: Bool
    private let escape: UInt8
    private let hasEscape: Bool
    private let recordEnd: UInt8
    private let collapses: Bool

    init(_ dialect: Dialect) {
        self.dialect = dialect
        delimiter = dialect.delimiter[0]
        width = dialect.delimiter.count
        quote = dialect.quote ?? 0
        hasQuote = dialect.quote != nil
        escape = dialect.escape ?? 0
        hasEscape = dialect.escape != nil
        recordEnd = dialect.recordEnd
        collapses = dialect.collapsesSpaces
    }

    /// What the machine carries from one stretch of bytes to the next.
    struct Progress {
        var state = State.fieldStart
        var count = 0
        var countAtRecord = 0
        var consumed = 0
        var records = 0
        var innerLines = 0
        var innerLinesAtRecord = 0
        var openQuote = 0
        var sawQuote = false
        var sawInnerQuote = false
    }

    /// Scans `count` bytes; with `atEnd` the last record needs no line end. At least 64 readable bytes follow the last one.
    func scan(_ base: UnsafePointer<UInt8>, count: Int, atEnd: Bool, into ends: FieldEnds) -> Result {
        precondition(count < Int(FieldEnds.recordFlag))
        var progress = Progress()
        if dialect.isPlain {
            scanWide(base, count: count, ends: ends.entries, &progress)
        } else {
            step(base, from: 0, to: count, limit: count, ends: ends.entries, &progress)
        }
        if atEnd, progress.consumed < count, progress.state != .quoted, progress.state != .escaped {
            finishRecord(at: count, ends: ends.entries, &progress)
            progress.consumed = count
        }
        ends.count = progress.countAtRecord
        let isOpen = progress.state == .quoted || progress.state == .escaped
        return Result(
            consumed: progress.consumed, records: progress.records, innerLines: progress.innerLinesAtRecord,
            sawQuote: progress.sawQuote, sawInnerQuote: progress.sawInnerQuote,
            openQuote: isOpen ? progress.openQuote : nil)
    }

    @inline(__always)
    private func finishRecord(at position: Int, ends: UnsafeMutablePointer<UInt32>, _ p: inout Progress) {
        if collapses, p.state == .fieldStart, p.count > p.countAtRecord {
            // Spaces before the line's end part nothing: they belong to the field before them.
            p.count &-= 1
        }
        ends[p.count] = UInt32(truncatingIfNeeded: position) | FieldEnds.recordFlag
        p.count &+= 1
        p.countAtRecord = p.count
        p.consumed = position &+ 1
        p.records &+= 1
        p.innerLinesAtRecord = p.innerLines
        p.state = .fieldStart
    }

    /// The machine itself, over bytes `from ..< to`; a delimiter of several bytes may reach as far as `limit`.
    func step(
        _ base: UnsafePointer<UInt8>, from: Int, to: Int, limit: Int, ends: UnsafeMutablePointer<UInt32>, _ p: inout Progress
    ) {
        var i = from
        while i < to {
            let byte = base[i]
            switch p.state {
            case .quoted:
                if hasEscape, byte == escape {
                    p.state = .escaped
                    p.sawInnerQuote = true
                } else if byte == quote {
                    p.state = .closed
                } else if byte == recordEnd {
                    p.innerLines &+= 1
                }
                i &+= 1
                continue
            case .escaped:
                if byte == recordEnd { p.innerLines &+= 1 }
                p.state = .quoted
                i &+= 1
                continue
            case .closed:
                if byte == quote {
                    p.state = .quoted
                    p.sawInnerQuote = true
                    i &+= 1
                    continue
                }
            case .fieldStart:
                if hasQuote, byte == quote {
                    p.state = .quoted
                    p.openQuote = i
                    p.sawQuote = true
                    i &+= 1
                    continue
                }
                if collapses, byte == 32 || (byte == 13 && recordEnd == 10) {
                    i &+= 1
                    continue
                }
            case .unquoted, .stray:
                if hasQuote, byte == quote { p.sawInnerQuote = true }
            }
            if byte == recordEnd {
                finishRecord(at: i, ends: ends, &p)
                i &+= 1
            } else if byte == delimiter, width == 1 || matchesDelimiter(base, at: i, limit: limit) {
                ends[p.count] = UInt32(truncatingIfNeeded: i)
                p.count &+= 1
                p.state = .fieldStart
                i &+= width
            } else {
                p.state = p.state == .closed || p.state == .stray ? .stray : .unquoted
                i &+= 1
            }
        }
    }

    private func matchesDelimiter(_ base: UnsafePointer<UInt8>, at position: Int, limit: Int) -> Bool {
        guard position + width <= limit else { return false }
        for k in 1..<width where base[position + k] != dialect.delimiter[k] { return false }
        return true
    }
}
