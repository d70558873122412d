/// Comparing rows one by one, for few of them.
enum Sorting {
    static func before(_ a: Int, _ b: Int, _ keys: [KeyColumn]) -> Bool {
        for key in keys {
            let order = key.compare(a, b)
            if order != 0 { return order < 0 }
        }
        return a < b
    }
}
