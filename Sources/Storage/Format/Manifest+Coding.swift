/// The bytes of a manifest.
///
/// ```
/// magic 8 | version 4 | zero 4 | number 8 | payload bytes 8 | payload checksum 8 | zero 16 | header checksum 8 | payload
/// ```
extension Manifest {
    /// "crmqMAN1".
    private static let magic: UInt64 = 0x314E_414D_716D_7263
    private static let headerBytes = 64

    func encoded() -> RawBuffer {
        let payload = RawBuffer(capacity: 4096)
        payload.append(committedAt)
        payload.appendText(note)
        payload.append(nextFile)
        payload.append(nextTable)
        payload.append(nextLink)
        payload.append(nextDomain)
        payload.append(UInt32(definitions.count))
        for (name, bytes) in definitions.sorted(by: { $0.key < $1.key }) {
            payload.appendText(name)
            payload.appendBlob(bytes)
        }
        payload.append(UInt32(tables.count))
        for table in tables { table.encode(to: payload) }
        encodeLinks(to: payload)
        payload.padToWord()

        let out = RawBuffer(capacity: payload.count + Manifest.headerBytes)
        out.append(Manifest.magic)
        out.append(SegmentFormat.version)
        _ = out.growZeroed(4)
        out.append(UInt64(number))
        out.append(UInt64(payload.count))
        out.append(payload.checksum(seed: UInt64(number)))
        _ = out.growZeroed(16)
        out.append(out.checksum(seed: UInt64(number)))
        out.append(payload)
        return out
    }

    static func decode(_ file: any File, number: Int) throws -> Manifest {
        let size = try file.size()
        let all = try file.readExactly(size, at: 0)
        func corrupt(_ what: String) -> StorageError { StorageError(.corrupt, "\(file.path): \(what)") }
        guard size >= headerBytes else { throw corrupt("the file ends early") }
        guard all.read(as: UInt64.self) == magic else { throw corrupt("not a manifest") }
        guard all.checksum(headerBytes - 8, seed: UInt64(number)) == all.read(56, as: UInt64.self) else {
            throw corrupt("its header is damaged")
        }
        let version = all.read(8, as: UInt32.self)
        guard version == SegmentFormat.version else {
            throw StorageError(
                .environment, "\(file.path) has format \(version), this program reads format \(SegmentFormat.version)",
                hint: "use the program that wrote it")
        }
        let payload = UnsafeRawBufferPointer(rebasing: all.bytes[headerBytes...])
        guard all.read(16, as: UInt64.self) == UInt64(number),
            all.read(24, as: UInt64.self) == UInt64(payload.count),
            all.read(32, as: UInt64.self) == Checksum.of(payload, seed: UInt64(number))
        else { throw corrupt("it is damaged") }

        var reader = ByteReader(payload, path: file.path)
        defer { withExtendedLifetime(all) {} }
        var manifest = Manifest()
        manifest.number = number
        manifest.committedAt = try reader.number()
        manifest.note = try reader.text()
        manifest.nextFile = try reader.number()
        manifest.nextTable = try reader.number()
        manifest.nextLink = try reader.number()
        manifest.nextDomain = try reader.number()
        for _ in 0..<(try reader.count(bytesEach: 16)) {
            let name = try reader.text()
            manifest.definitions[name] = try reader.blob()
        }
        for _ in 0..<(try reader.count(bytesEach: 24)) { manifest.tables.append(try TableState.decode(&reader)) }
        try manifest.decodeLinks(&reader)
        return manifest
    }
}

extension TableState {
    fileprivate func encode(to out: RawBuffer) {
        out.append(schema.id)
        out.appendText(schema.name)
        out.append(nextColumn)
        out.append(UInt32(schema.columns.count))
        for column in schema.columns {
            out.append(column.id)
            out.appendText(column.name)
            out.append(column.type.storedCode)
            out.append(UInt8(column.type.scale))
        }
        // Keys and time stand as column ids, so that a rename touches one place.
        out.append(UInt32(schema.key.count))
        for name in schema.key { out.append(columnId(name)) }
        out.append(schema.time.map(columnId) ?? SegmentFormat.noColumn)
        out.append(UInt32(segments.count))
        for segment in segments {
            out.append(segment.file)
            out.append(segment.rows)
            out.append(segment.bytes)
            out.append(segment.deletes?.file ?? 0)
            out.append(segment.deletes?.offset ?? 0)
            out.append(segment.deletes?.count ?? 0)
        }
        for pieces in dictionaries { pieces.encode(to: out) }
        out.append(UInt32(hidden.count))
        for column in hidden {
            out.append(column.id)
            out.append(column.role.rawValue)
            out.append(column.domain)
            out.append(column.link)
        }
        out.append(partitionLink ?? 0)
    }

    private func columnId(_ name: String) -> UInt32 {
        guard let index = schema.index(of: name) else { preconditionFailure("the schema of \(schema.name) names no column \(name)") }
        return schema.columns[index].id
    }

    fileprivate static func decode(_ reader: inout ByteReader) throws -> TableState {
        let id: UInt32 = try reader.number()
        var schema = TableSchema(id: id, name: try reader.text(), columns: [])
        let nextColumn: UInt32 = try reader.number()
        for _ in 0..<(try reader.count(bytesEach: 14)) {
            let id: UInt32 = try reader.number()
            let name = try reader.text()
            let code: UInt8 = try reader.number()
            let scale: UInt8 = try reader.number()
            guard let type = LogicalType(storedCode: code, scale: Int(scale)) else { throw reader.fault("unknown column type \(code)") }
            schema.columns.append(ColumnSchema(id: id, name: name, type: type))
        }
        func name(of id: UInt32) throws -> String {
            guard let column = schema.columns.first(where: { $0.id == id }) else { throw reader.fault("no column has id \(id)") }
            return column.name
        }
        for _ in 0..<(try reader.count(bytesEach: 4)) { schema.key.append(try name(of: try reader.number())) }
        let time: UInt32 = try reader.number()
        if time != SegmentFormat.noColumn { schema.time = try name(of: time) }

        var table = TableState(schema: schema, nextColumn: nextColumn, dictionaries: [])
        for _ in 0..<(try reader.count(bytesEach: 48)) {
            var segment = SegmentState(file: try reader.number(), rows: try reader.number(), bytes: try reader.number())
            let deletes = DeletesReference(file: try reader.number(), offset: try reader.number(), count: try reader.number())
            if deletes.file != 0 { segment.deletes = deletes }
            guard segment.rows > 0, segment.rows <= UInt64(UInt32.max), deletes.count <= segment.rows else {
                throw reader.fault("a segment with an impossible number of rows")
            }
            table.segments.append(segment)
        }
        for column in schema.columns {
            let pieces = try [DictionaryPiece].decode(&reader)
            if !pieces.isEmpty, column.type != .text { throw reader.fault("a dictionary of a column that is not text") }
            table.dictionaries.append(pieces)
        }
        for _ in 0..<(try reader.count(bytesEach: 13)) {
            let id: UInt32 = try reader.number()
            let code: UInt8 = try reader.number()
            guard let role = HiddenColumn.Role(rawValue: code) else { throw reader.fault("unknown role \(code) of a hidden column") }
            table.hidden.append(HiddenColumn(id: id, role: role, domain: try reader.number(), link: try reader.number()))
        }
        let link: UInt32 = try reader.number()
        table.partitionLink = link == 0 ? nil : link
        return table
    }
}

extension [DictionaryPiece] {
    func encode(to out: RawBuffer) {
        out.append(UInt32(count))
        for piece in self {
            out.append(piece.file)
            out.append(piece.offset)
            out.append(piece.bytes)
            out.append(piece.firstCode)
            out.append(piece.count)
        }
    }

    static func decode(_ reader: inout ByteReader) throws -> [DictionaryPiece] {
        var pieces: [DictionaryPiece] = []
        var next: UInt32 = 0
        for _ in 0..<(try reader.count(bytesEach: 32)) {
            let piece = DictionaryPiece(
                file: try reader.number(), offset: try reader.number(), bytes: try reader.number(),
                firstCode: try reader.number(), count: try reader.number())
            let (after, overflow) = next.addingReportingOverflow(piece.count)
            guard piece.firstCode == next, !overflow else { throw reader.fault("pieces of a list do not join") }
            next = after
            pieces.append(piece)
        }
        return pieces
    }
}

extension LogicalType {
    /// The type's permanent number on disk.
    var storedCode: UInt8 {
        switch self {
        case .bool: 1
        case .int: 2
        case .decimal: 3
        case .float: 4
        case .text: 5
        case .date: 6
        case .timestamp: 7
        case .week: 8
        case .month: 9
        case .quarter: 10
        case .year: 11
        case .duration: 12
        }
    }

    init?(storedCode: UInt8, scale: Int) {
        guard scale == 0 || (storedCode == 3 && scale <= 18) else { return nil }
        switch storedCode {
        case 1: self = .bool
        case 2: self = .int
        case 3: self = .decimal(scale: scale)
        case 4: self = .float
        case 5: self = .text
        case 6: self = .date
        case 7: self = .timestamp
        case 8: self = .week
        case 9: self = .month
        case 10: self = .quarter
        case 11: self = .year
        case 12: self = .duration
        default: return nil
        }
    }
}
