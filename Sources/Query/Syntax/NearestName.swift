/// The candidate that was most likely meant, or nil where none is near.
///
/// A shared beginning counts as near however long the rest is; otherwise one slip in three letters is allowed (a wrong, missing, extra or
/// swapped letter). Case does not matter. Among equals the first in code point order wins, so that messages never change.
public func nearestName(to name: String, among candidates: some Sequence<String>) -> String? {
    let wanted = Array(name.lowercased().unicodeScalars)
    guard !wanted.isEmpty, wanted.count <= 100 else { return nil }
    var best: (score: Int, name: String)?
    for candidate in candidates where candidate != name {
        let letters = Array(candidate.lowercased().unicodeScalars)
        guard !letters.isEmpty, letters.count <= 100, let score = nearness(wanted, letters) else { continue }
        if let found = best, (found.score, found.name) <= (score, candidate) { continue }
        best = (score, candidate)
    }
    return best?.name
}

/// Smaller is nearer; nil is far.
private func nearness(_ wanted: [Unicode.Scalar], _ letters: [Unicode.Scalar]) -> Int? {
    let distance = editDistance(wanted, letters)
    let longer = max(wanted.count, letters.count)
    // Two characters of Chinese say as much as a word, so one slip in two is near enough there.
    let isWide = wanted.contains { $0.value >= 0x2E80 }
    let allowed = isWide ? longer / 2 : max(longer / 3, longer >= 2 && wanted.count >= 2 ? 1 : 0)
    if distance <= allowed, distance < longer { return distance * 2 }
    let shorter = min(wanted.count, letters.count)
    if shorter >= 3, wanted.starts(with: letters) || letters.starts(with: wanted) { return 2 * allowed + 1 + (longer - shorter) }
    // `amt` for `total_amount`-like names: the word is one of the name's parts.
    if wanted.count >= 4, letters.split(separator: "_").contains(where: { $0.elementsEqual(wanted) }) { return 100 + letters.count }
    return nil
}

/// Damerau-Levenshtein distance (optimal string alignment): a swap of neighbours is one slip.
func editDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in 0..<a.count {
        var row = [Int](repeating: i + 1, count: b.count + 1)
        for j in 0..<b.count {
            row[j + 1] = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { row[j + 1] = min(row[j + 1], beforeLast[j - 1] + 1) }
        }
        beforeLast = last
        last = row
    }
    return last[b.count]
}
