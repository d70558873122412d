/// Terminal cells of a text: Chinese and other wide characters take two, combining and invisible ones none.
public func displayWidth(_ text: some StringProtocol) -> Int {
    var measure = DisplayMeasure()
    for scalar in text.unicodeScalars { measure.add(scalar) }
    return measure.cells
}

extension Unicode.Scalar {
    /// Control characters, line ends and marks that nobody sees: never to be printed as they are.
    var isInvisible: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: true
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark, .spacingMark,
            .enclosingMark,
            .decimalNumber, .letterNumber, .otherNumber, .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
            .initialPunctuation, .finalPunctuation, .otherPunctuation, .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol,
            .spaceSeparator, .privateUse, .unassigned:
            false
        @unknown default: false
        }
    }
}
