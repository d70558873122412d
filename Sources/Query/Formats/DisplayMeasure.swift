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

    /// What a character takes after another: unlike ``displayWidth(_:)`` on a lone scalar, a skin tone takes nothing, and signs that are
    /// drawn as emoji take two.
    private static func cells(of scalar: Unicode.Scalar) -> Int {
        switch scalar.value {
        case 0x1F3FB...0x1F3FF: 0
        // Halves of a flag: each takes one, so that a flag takes two.
        case 0x1F1E6...0x1F1FF: 1
        case 0x231A...0x2B55, 0x1F000...0x1FAFF: scalar.properties.isEmojiPresentation ? 2 : displayWidth(scalar)
        default: displayWidth(scalar)
        }
    }
}
