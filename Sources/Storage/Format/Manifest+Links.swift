/// Links, key domains and blobs in the manifest's payload, behind the tables.
extension Manifest {
    private static let latestFlag: UInt8 = 1

    func encodeLinks(to out: RawBuffer) {
        out.append(UInt32(links.count))
        for link in links {
            out.append(link.id)
            out.append(link.isLatest ? Manifest.latestFlag : 0)
            out.appendText(link.child)
            out.appendTexts(link.childColumns)
            out.appendText(link.parent)
            out.appendTexts(link.parentColumns)
            out.appendText(link.parentName)
            out.appendText(link.childrenName)
        }
        out.append(UInt32(domains.count))
        for domain in domains {
            out.append(domain.id)
            out.appendText(domain.table)
            out.appendTexts(domain.columns)
            out.append(UInt32(domain.types.count))
            for type in domain.types {
                out.append(type.storedCode)
                out.append(UInt8(type.scale))
            }
            domain.pieces.encode(to: out)
        }
        out.append(UInt32(blobs.count))
        for (name, blob) in blobs.sorted(by: { $0.key < $1.key }) {
            out.appendText(name)
            out.append(blob.file)
            out.append(blob.offset)
            out.append(blob.bytes)
        }
    }

    mutating func decodeLinks(_ reader: inout ByteReader) throws {
        for _ in 0..<(try reader.count(bytesEach: 45)) {
            let id: UInt32 = try reader.number()
            let flags: UInt8 = try reader.number()
            guard flags & ~Manifest.latestFlag == 0 else { throw reader.fault("a link with unknown flags") }
            let link = LinkSchema(
                id: id, child: try reader.text(), childColumns: try reader.texts(), parent: try reader.text(),
                parentColumns: try reader.texts(), parentName: try reader.text(), childrenName: try reader.text(),
                isLatest: flags & Manifest.latestFlag != 0)
            guard !link.childColumns.isEmpty else { throw reader.fault("a link without columns") }
            links.append(link)
        }
        for _ in 0..<(try reader.count(bytesEach: 24)) {
            var domain = DomainState(id: try reader.number(), table: try reader.text(), columns: try reader.texts(), types: [])
            for _ in 0..<(try reader.count(bytesEach: 2)) {
                let code: UInt8 = try reader.number()
                let scale: UInt8 = try reader.number()
                guard let type = LogicalType(storedCode: code, scale: Int(scale)) else { throw reader.fault("unknown key type \(code)") }
                domain.types.append(type)
            }
            guard !domain.types.isEmpty, domain.columns.isEmpty || domain.columns.count == domain.types.count else {
                throw reader.fault("a key domain of an impossible shape")
            }
            domain.pieces = try .decode(&reader)
            domains.append(domain)
        }
        for _ in 0..<(try reader.count(bytesEach: 32)) {
            let name = try reader.text()
            blobs[name] = BlobReference(file: try reader.number(), offset: try reader.number(), bytes: try reader.number())
        }
        try checkHidden(reader)
    }

    /// That hidden columns name domains and links that are there.
    private func checkHidden(_ reader: ByteReader) throws {
        for table in tables {
            for column in table.hidden {
                let isKnown: Bool
                switch column.role {
                case .own: isKnown = domain(column.domain) != nil
                case .parent: isKnown = domain(column.domain) != nil && links.contains { $0.id == column.link }
                case .retired: isKnown = true
                }
                guard isKnown, !table.schema.columns.contains(where: { $0.id == column.id }) else {
                    throw reader.fault("\(table.schema.name) has a hidden column of nothing")
                }
            }
        }
    }
}

extension RawBuffer {
    fileprivate func appendTexts(_ texts: [String]) {
        append(UInt32(texts.count))
        for text in texts { appendText(text) }
    }
}

extension ByteReader {
    fileprivate mutating func texts() throws -> [String] {
        var texts: [String] = []
        for _ in 0..<(try count(bytesEach: 8)) { texts.append(try text()) }
        return texts
    }
}
