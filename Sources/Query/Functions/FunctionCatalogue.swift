import Storage

/// Every scalar function, by family. One line here for each family's list.
enum FunctionCatalogue {
    static let all: [ScalarFunction] = textFunctions + numberFunctions + dateFunctions + conditionFunctions + castFunctions

    static let byName: [String: ScalarFunction] = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
}
