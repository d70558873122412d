import Storage

extension FunctionCatalogue {
    static let conditionFunctions: [ScalarFunction] = []
}
