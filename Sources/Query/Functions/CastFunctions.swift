import Storage

extension FunctionCatalogue {
    static let castFunctions: [ScalarFunction] = []
}
