extension TableSchema {
    /// What a schema must fulfil before anything is written under it.
    func check() throws {
        if name.isEmpty { throw StorageError(.request, "a table needs a name") }
        if columns.isEmpty { throw StorageError(.request, "\(name) needs a column") }
        var seen: Set<String> = []
        for column in columns {
            if column.name.isEmpty { throw StorageError(.request, "\(name) has a column without a name") }
            if !seen.insert(column.name).inserted { throw StorageError(.request, "\(name) has two columns \(column.name)") }
            if !(0...18).contains(column.type.scale) { throw StorageError(.request, "\(column.name): a decimal has 0 to 18 places") }
        }
        for part in key where index(of: part) == nil { throw StorageError(.request, "the key \(part) is no column of \(name)") }
        if Set(key).count != key.count { throw StorageError(.request, "the key of \(name) names a column twice") }
        if let time {
            guard let at = index(of: time) else { throw StorageError(.request, "the time \(time) is no column of \(name)") }
            if columns[at].type != .date, columns[at].type != .timestamp {
                throw StorageError(.request, "the time of \(name) must be a date or a timestamp, \(time) is \(columns[at].type.name)")
            }
        }
    }
}
