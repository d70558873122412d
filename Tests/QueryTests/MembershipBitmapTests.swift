import Storage
import Testing

@testable import Query

@Suite struct MembershipBitmapTests {
    /// Sets that make containers of every form, some of them side by side.
    static func ids(_ shape: Int, _ random: inout SeededGenerator) -> [UInt32] {
        switch shape {
        case 0: return []
        case 1: return [0]
        case 2: return [UInt32.max, 65_535, 65_536]
        case 3: return (0..<200_000).map { UInt32($0) }
        case 4: return (0..<70_000).filter { _ in random.below(2) == 0 }.map { UInt32($0) }
        case 5: return (0..<500).map { _ in UInt32(random.below(1 << 20)) }
        case 6: return (0..<65_536).map { UInt32($0 + 65_536) }
        default:
            return (0..<40).flatMap { _ -> [UInt32] in
                let start = random.below(1 << 19)
                return (start..<start + random.below(3000)).map { UInt32($0) }
            }
        }
    }

    @Test(arguments: 0..<40) func holdsWhatItWasGiven(_ seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let given = Self.ids(seed % 8, &random)
        let expected = Set(given)
        let bitmap = MembershipBitmap(given.shuffled(using: &random) + given.prefix(3))
        #expect(bitmap.count == expected.count, "seed \(seed)")
        #expect(bitmap.ids == expected.sorted(), "seed \(seed)")
        let words = bitmap.words
        for id in (0..<300).map({ _ in UInt32(random.below(1 << 21)) }) + [0, 65_535, 65_536, .max] {
            #expect(bitmap.contains(id) == expected.contains(id), "seed \(seed), id \(id)")
            let word = Int(id >> 6)
            #expect((word < words.count && words[word] >> UInt64(id & 63) & 1 == 1) == expected.contains(id), "seed \(seed), id \(id)")
        }
        let other = MembershipBitmap(Self.ids((seed + 3) % 8, &random))
        #expect(bitmap.common(with: other) == expected.intersection(other.ids).count, "seed \(seed)")
        var sides: Set<UInt32> = []
        bitmap.forEachWithSides(of: other) { id, here, there in
            sides.insert(id)
            if id & 1023 == 0 { #expect(here == expected.contains(id) && there == other.contains(id), "seed \(seed), id \(id)") }
        }
        #expect(sides == expected.union(other.ids), "seed \(seed)")
        let again = try MembershipBitmap(bytes: bitmap.bytes)
        #expect(again == bitmap && again.bytes == bitmap.bytes, "seed \(seed)")
    }

    /// The forms are the smallest: a run of all ids, half of them, a few.
    @Test func isSmall() {
        #expect(MembershipBitmap((0..<1_000_000).map { UInt32($0) }).bytes.count < 200)
        #expect(MembershipBitmap((0..<65_536).filter { $0 % 3 != 0 }.map { UInt32($0) }).bytes.count < 8_300)
        #expect(MembershipBitmap((0..<100).map { UInt32($0 * 611) }).bytes.count < 220)
    }

    /// Bytes that were cut or changed are refused or read as another set, and never end the process.
    @Test(arguments: 0..<60) func survivesDamage(_ seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed) &+ 77)
        var bytes = MembershipBitmap(Self.ids(2 + seed % 6, &random)).bytes
        if bytes.count > 4, seed % 2 == 0 { bytes.removeLast(1 + random.below(bytes.count - 1)) }
        for _ in 0..<(1 + random.below(4)) where !bytes.isEmpty { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
        do {
            let read = try MembershipBitmap(bytes: bytes)
            #expect(read.ids.count == read.count, "seed \(seed)")
        } catch let error as StorageError {
            #expect(error.kind == .corrupt, "seed \(seed)")
        } catch {
            Issue.record("seed \(seed): \(error)")
        }
    }

    @Test func cutBytesAreRefused() {
        let bytes = MembershipBitmap([1, 5, 9, 70_000]).bytes
        for end in bytes.indices { #expect(throws: StorageError.self) { try MembershipBitmap(bytes: bytes[..<end]) } }
    }
}
