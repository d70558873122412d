import Storage

/// Upper and lower case of texts, by Unicode's mappings without a locale: `ß` becomes `SS`, a final sigma is not told apart.
enum CaseMapping: Sendable {
    case upper, lower

    /// Latin, Greek, Cyrillic, Armenian, Georgian and their extensions lie below this scalar; they are mapped by a table.
    private static let tableEnd: UInt32 = 0x2000
    /// What stands in the table for a scalar whose mapping is more than one scalar.
    private static let several = UInt32.max

    // Never changed once made, and kept for the life of the program.
    private nonisolated(unsafe) static let upperTable = table(.upper)
    private nonisolated(unsafe) static let lowerTable = table(.lower)

    private static func table(_ mapping: CaseMapping) -> UnsafePointer<UInt32> {
        let memory = UnsafeMutablePointer<UInt32>.allocate(capacity: Int(tableEnd))
        for value in 0..<tableEnd {
            let mapped = Unicode.Scalar(value).map { mapping.mapped($0).unicodeScalars }
            let only = mapped?.count == 1 ? mapped?.first?.value : nil
            (memory + Int(value)).initialize(to: only ?? several)
        }
        return UnsafePointer(memory)
    }

    private func mapped(_ scalar: Unicode.Scalar) -> String {
        switch self {
        case .upper: scalar.properties.uppercaseMapping
        case .lower: scalar.properties.lowercaseMapping
        }
    }

    /// Writes plain letters in this case to `target`; false, and nothing of use there, where any other byte turns up.
    @inline(__always)
    func mapPlain(_ base: UnsafePointer<UInt8>, _ count: Int, into target: UnsafeMutablePointer<UInt8>) -> Bool {
        let source = UnsafeRawPointer(base)
        let out = UnsafeMutableRawPointer(target)
        let first: UInt64 = self == .upper ? 0x61 : 0x41
        var seen: UInt64 = 0
        var at = 0
        while at &+ 8 <= count {
            let word = source.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            seen |= word
            out.storeBytes(of: CaseMapping.flipped(word, from: first), toByteOffset: at, as: UInt64.self)
            at &+= 8
        }
        if at < count, count >= 8 {
            // The last eight bytes once more: those that were mapped before are mapped from the source again.
            let word = source.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
            seen |= word
            out.storeBytes(of: CaseMapping.flipped(word, from: first), toByteOffset: count &- 8, as: UInt64.self)
            at = count
        }
        while at < count {
            let byte = base[at]
            seen |= UInt64(byte)
            target[at] = UInt64(byte) &- first < 26 ? byte ^ 0x20 : byte
            at &+= 1
        }
        return seen & 0x8080_8080_8080_8080 == 0
    }

    /// Eight plain bytes with the letters from `first` on in their other case.
    @inline(__always)
    private static func flipped(_ word: UInt64, from first: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        // A byte's highest bit: it is at least the first letter, and not beyond the last.
        let reaches = word &+ ones &* (0x80 &- first)
        let passes = word &+ ones &* (0x80 &- first &- 26)
        return word ^ (reaches & ~passes & 0x8080_8080_8080_8080) >> 2
    }

    /// Appends `text` in this case to `out`.
    func append(_ text: TextView, to out: inout TextScratch) {
        guard let base = text.base else { return }
        if mapPlain(base, text.count, into: out.reserve(text.count)) { return out.advance(by: text.count) }
        let table = self == .upper ? CaseMapping.upperTable : CaseMapping.lowerTable
        var at = 0
        while at < text.count {
            let (scalar, width) = text.scalar(at: at)
            at += width
            let mapped = scalar < CaseMapping.tableEnd ? table[Int(scalar)] : CaseMapping.several
            if mapped != CaseMapping.several { out.append(scalar: mapped) } else { appendRare(scalar, to: &out) }
        }
    }

    private func appendRare(_ scalar: UInt32, to out: inout TextScratch) {
        // Han, kana and Hangul have no case: not worth a look at their properties.
        let isCaseless = (0x2E80...0xA63F).contains(scalar) || (0xAC00...0xD7FF).contains(scalar)
        guard !isCaseless, let full = Unicode.Scalar(scalar) else { return out.append(scalar: scalar) }
        out.append(contentsOf: mapped(full).utf8)
    }
}
