import Storage

extension FunctionCatalogue {
    static let textFunctions: [ScalarFunction] = []
}
