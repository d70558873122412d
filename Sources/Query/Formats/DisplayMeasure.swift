/// Counts the cells that characters take on a terminal: Chinese, Japanese, Korean and emoji two, combining marks none, a joined emoji as
/// much as its first.
struct DisplayMeasure {
    private(set) var cells = 0
    private var joins = false

    /// Cells of characters that join nothing.
    mutating func addPlain(cells count: Int) {
        cells += count
        joins = false
    }

    mutating func add(_ scalar: Unicode.Scalar) {
        if scalar.value == 0x200D {
            joins = true
            return
        }
        if joins {
            // What follows a joiner is drawn into the character before it.
            joins = false
            if scalar.properties.isEmoji { return }
        }
        cells += DisplayMeasure.cells(of: scalar)
    }

    static func cells(of text: String) -> Int {
        var measure = DisplayMeasure()
        for scalar in text.unicodeScalars { measure.add(scalar) }
        return measure.cells
    }

    static func cells(of scalar: Unicode.Scalar) -> Int {
        let value = scalar.value
        switch value {
        case 0x20..<0x7F: return 1
        case 0..<0xA0: return 0
        case 0xA0..<0x300: return value == 0xAD ? 0 : 1
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x3247, 0x3250...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3,
            0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18CFF, 0x1AFF0...0x1B2FF, 0x1F200...0x1F265,
            0x20000...0x3FFFD:
            // The tone and sound marks among them hang on the letter before.
            return (0x302A...0x302D).contains(value) || (0x3099...0x309A).contains(value) ? 0 : 2
        // Halves of a flag: each takes one, so that a flag takes two.
        case 0x1F1E6...0x1F1FF: return 1
        // Skin tones colour the emoji before them.
        case 0x1F3FB...0x1F3FF: return 0
        default: break
        }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .spacingMark, .decimalNumber,
            .letterNumber,
            .otherNumber, .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation, .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol, .spaceSeparator,
            .lineSeparator, .paragraphSeparator, .control, .surrogate, .privateUse, .unassigned:
            return scalar.properties.isEmojiPresentation ? 2 : 1
        @unknown default: return 1
        }
    }
}
