@testable import Storage

/// A disk in memory that remembers what is durable and what is not, and fails or stops at a chosen operation.
///
/// After a crash nothing works until ``rebooted(seed:)``, whose disk has everything that was synced and any part of what was not: each
/// unsynced name on its own, each file's unsynced end cut anywhere or overwritten with zeros.
final class FaultyFileSystem: FileSystem, @unchecked Sendable {
    enum Fault: Equatable { case none, fail(at: Int), crash(at: Int) }

    final class Inode {
        var bytes: [UInt8] = []
        var durableCount = 0
    }

    struct Crashed: Error {}

    private var names: [String: Inode] = [:]
    private var durableNames: [String: Inode] = [:]
    private var folders: Set<String> = []
    private var durableFolders: Set<String> = []
    fileprivate var locks: Set<String> = []
    var fault = Fault.none
    private(set) var operations = 0
    private(set) var hasCrashed = false

    /// Counts an operation that changes the disk; says whether it is the one to be torn.
    fileprivate func step(_ what: String) throws {
        if hasCrashed { throw Crashed() }
        operations += 1
        switch fault {
        case .none: return
        case .fail(let at): if operations == at { throw StorageError(.environment, "\(what) failed as the test asked") }
        case .crash(let at):
            if operations == at {
                hasCrashed = true
                throw Crashed()
            }
        }
    }

    /// The disk after the power came back.
    func rebooted(seed: UInt64) -> FaultyFileSystem {
        var random = SeededGenerator(seed: seed)
        let next = FaultyFileSystem()
        next.folders = durableFolders.union(folders.filter { _ in Bool.random(using: &random) })
        var kept = durableNames
        for (name, inode) in names.sorted(by: { $0.key < $1.key }) where durableNames[name] !== inode && Bool.random(using: &random) {
            kept[name] = inode
        }
        for name in durableNames.keys.sorted() where names[name] == nil && Bool.random(using: &random) { kept[name] = nil }
        var copies: [ObjectIdentifier: Inode] = [:]
        for (name, inode) in kept.sorted(by: { $0.key < $1.key }) where next.folders.contains(FaultyFileSystem.folder(of: name)) {
            if copies[ObjectIdentifier(inode)] == nil {
                let copy = Inode()
                let end = Int.random(in: inode.durableCount...inode.bytes.count, using: &random)
                copy.bytes = Array(inode.bytes[..<end])
                if Bool.random(using: &random) {
                    for i in inode.durableCount..<end where Bool.random(using: &random) { copy.bytes[i] = 0 }
                }
                copy.durableCount = end
                copies[ObjectIdentifier(inode)] = copy
            }
            next.names[name] = copies[ObjectIdentifier(inode)]
        }
        next.durableNames = next.names
        next.durableFolders = next.folders
        return next
    }

    /// An independent disk with the same contents, all durable.
    func copy() -> FaultyFileSystem {
        let next = FaultyFileSystem()
        next.folders = folders
        for (name, inode) in names {
            let copy = Inode()
            copy.bytes = inode.bytes
            copy.durableCount = inode.bytes.count
            next.names[name] = copy
        }
        next.durableNames = next.names
        next.durableFolders = folders
        return next
    }

    var fileNames: [String] { names.keys.sorted() }
    func bytes(_ name: String) -> [UInt8] { names[name]?.bytes ?? [] }
    func setBytes(_ name: String, _ bytes: [UInt8]) { names[name]?.bytes = bytes }

    private static func folder(of path: String) -> String { String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) }

    // MARK: FileSystem

    func makeFolder(_ path: String) throws -> Bool {
        if folders.contains(path) { return false }
        try step("make folder")
        folders.insert(path)
        return true
    }

    func removeFolder(_ path: String) {
        if !hasCrashed, !names.keys.contains(where: { FaultyFileSystem.folder(of: $0) == path }) { folders.remove(path) }
    }

    func open(_ path: String) throws -> (any File)? {
        if hasCrashed { throw Crashed() }
        return names[path].map { FaultyFile(path: path, inode: $0, disk: self) }
    }

    func create(_ path: String) throws -> any File {
        try step("create")
        if names[path] != nil { throw StorageError(.environment, "\(path) exists") }
        let inode = Inode()
        names[path] = inode
        return FaultyFile(path: path, inode: inode, disk: self)
    }

    func link(_ path: String, to newPath: String) throws -> Bool {
        try step("link")
        if names[newPath] != nil { return false }
        names[newPath] = names[path]
        return true
    }

    func unlink(_ path: String) throws {
        try step("unlink")
        names[path] = nil
    }

    func list(_ folder: String) throws -> [String]? {
        if hasCrashed { throw Crashed() }
        if !folders.contains(folder) { return nil }
        return names.keys.filter { FaultyFileSystem.folder(of: $0) == folder }.map { String($0.dropFirst(folder.count + 1)) }
    }

    func syncFolder(_ path: String) throws {
        try step("sync folder")
        for folder in folders where FaultyFileSystem.folder(of: folder) == path { durableFolders.insert(folder) }
        for name in durableNames.keys where FaultyFileSystem.folder(of: name) == path && names[name] == nil { durableNames[name] = nil }
        for (name, inode) in names where FaultyFileSystem.folder(of: name) == path { durableNames[name] = inode }
    }

    func lock(_ path: String) throws -> any FileLock {
        if hasCrashed { throw Crashed() }
        if !locks.insert(path).inserted { throw StorageError(.environment, "locked") }
        return FaultyLock(path: path, disk: self)
    }
}

private final class FaultyLock: FileLock, @unchecked Sendable {
    let path: String
    let disk: FaultyFileSystem
    init(path: String, disk: FaultyFileSystem) {
        self.path = path
        self.disk = disk
    }
    deinit { disk.locks.remove(path) }
}

private final class FaultyFile: File, @unchecked Sendable {
    let path: String
    let inode: FaultyFileSystem.Inode
    unowned let disk: FaultyFileSystem

    init(path: String, inode: FaultyFileSystem.Inode, disk: FaultyFileSystem) {
        self.path = path
        self.inode = inode
        self.disk = disk
    }

    func size() throws -> Int { inode.bytes.count }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws -> Int {
        let count = max(0, min(buffer.count, inode.bytes.count - offset))
        inode.bytes.withUnsafeBytes { if count > 0 { buffer.copyMemory(from: .init(rebasing: $0[offset..<offset + count])) } }
        return count
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws {
        do {
            try disk.step("write")
        } catch {
            // A write that fails may have written some of it.
            inode.bytes.append(contentsOf: bytes.prefix(bytes.count / 2))
            throw error
        }
        inode.bytes.append(contentsOf: bytes)
    }

    func sync() throws {
        try disk.step("sync")
        inode.durableCount = inode.bytes.count
    }
}
