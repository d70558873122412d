import Storage

extension FunctionCatalogue {
    static let dateFunctions: [ScalarFunction] = []
}
