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

    /// Appends `text` in this case to `out`.
    func append(_ text: TextView, to out: inout TextScratch) {
        guard let base = text.base else { return }
        let first: UInt8 = self == .upper ? UInt8(ascii: "a") : UInt8(ascii: "A")
        // Plain letters are mapped in one go; should any other byte turn up, the result is thrown away.
        let target = out.reserve(text.count)
        var seen: UInt8 = 0
        for at in 0..<text.count {
            let byte = base[at]
            seen |= byte
            target[at] = byte &- first < 26 ? byte ^ 0x20 : byte
        }
        if seen < 0x80 { return out.advance(by: text.count) }
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
