import Storage

/// Upper and lower case of texts, by Unicode's mappings without a locale: `ß` becomes `SS`, a final sigma is not told apart.
enum CaseMapping: Sendable {
    case upper, lower

    /// Latin, Greek, Cyrillic, Armenian, Georgian and their extensions lie below this scalar; they are mapped by a table.
    private static let tableEnd: UInt32 = 0x2000
    /// What stands in the table for a scalar whose mapping is more than one scalar.
    private static let several = UInt32.max

    private static let upperTable = table(.upper)
    private static let lowerTable = table(.lower)

    private static func table(_ mapping: CaseMapping) -> [UInt32] {
        (0..<tableEnd).map { value in
            guard let scalar = Unicode.Scalar(value) else { return value }
            let mapped = mapping.mapped(scalar).unicodeScalars
            return mapped.count == 1 ? mapped.first!.value : several
        }
    }

    private func mapped(_ scalar: Unicode.Scalar) -> String {
        switch self {
        case .upper: scalar.properties.uppercaseMapping
        case .lower: scalar.properties.lowercaseMapping
        }
    }

    /// Appends `text` in this case to `out`.
    func append(_ text: TextView, to out: inout [UInt8]) {
        let first: UInt8 = self == .upper ? UInt8(ascii: "a") : UInt8(ascii: "A")
        var at = 0
        while at < text.count {
            let byte = text.base![at]
            if byte < 0x80 {
                out.append(byte &- first < 26 ? byte ^ 0x20 : byte)
                at += 1
                continue
            }
            let (scalar, width) = text.scalar(at: at)
            append(scalar: scalar, to: &out)
            at += width
        }
    }

    private func append(scalar: UInt32, to out: inout [UInt8]) {
        if scalar < CaseMapping.tableEnd {
            let mapped = (self == .upper ? CaseMapping.upperTable : CaseMapping.lowerTable)[Int(scalar)]
            if mapped != CaseMapping.several { return out.append(scalar: mapped) }
        }
        // Han, kana and Hangul have no case: not worth a look at their properties.
        let isCaseless = (0x2E80...0xA63F).contains(scalar) || (0xAC00...0xD7FF).contains(scalar)
        guard !isCaseless, let full = Unicode.Scalar(scalar) else { return out.append(scalar: scalar) }
        out.append(contentsOf: mapped(full).utf8)
    }
}
