import Storage

extension FunctionCatalogue {
    static let numberFunctions: [ScalarFunction] = []
}
