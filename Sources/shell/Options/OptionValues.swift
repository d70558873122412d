import Query
import Storage

/// Reads the values that stand behind options. A value that cannot be taken is refused with what would do, never bent.
enum OptionValues {
    static func parameter(_ text: String) throws -> (name: String, value: String) {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
            throw UsageError("--param needs NAME=VALUE, not `\(text)`", hint: "for example --param month=2026-09")
        }
        let name = String(text[..<equals])
        guard !name.unicodeScalars.contains(where: { $0.value <= 0x20 || $0.value == 0x7F }) else {
            throw UsageError("`\(name)` is not the name of a parameter")
        }
        return (name, String(text[text.index(after: equals)...]))
    }

    /// `yyyy-MM-dd`, a day that exists.
    static func day(_ text: String) throws -> Int64 {
        let wrong = UsageError("--as-of needs a date like 2026-09-30, not `\(text)`")
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts.map(\.utf8.count) == [4, 2, 2] else { throw wrong }
        let numbers = parts.compactMap { part in part.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } ? Int64(part) : nil }
        guard numbers.count == 3, numbers[0] >= 1, (1...12).contains(numbers[1]), numbers[2] >= 1,
            numbers[2] <= CivilDate.daysInMonth(year: numbers[0], month: numbers[1])
        else { throw wrong }
        return CivilDate.days(year: numbers[0], month: numbers[1], day: numbers[2])
    }

    static func format(_ text: String) throws -> OutputFormat {
        if let format = OutputFormat.named(text) { return format }
        let names = OutputFormat.all.map(\.name)
        throw UsageError(
            "there is no format `\(text)`",
            hint: nearestName(to: text, among: names).map { "did you mean `\($0)`?" } ?? "formats: \(names.joined(separator: ", "))")
    }

    static func count(_ text: String, option: String, in range: ClosedRange<Int>) throws -> Int {
        guard let number = Int(text), range.contains(number) else {
            throw UsageError("\(option) needs a whole number from \(range.lowerBound) to \(range.upperBound), not `\(text)`")
        }
        return number
    }

    /// `4GB`, `500 MB`, `512m`, `1073741824`: powers of 1024.
    static func bytes(_ text: String) throws -> Int {
        let wrong = UsageError("--memory needs a size like 4GB or 500MB, at least 16MB, not `\(text)`")
        let lower = text.lowercased()
        let digits = lower.prefix { ($0 >= "0" && $0 <= "9") || $0 == "." }
        guard let number = Double(digits), number.isFinite else { throw wrong }
        let unit: Double
        switch lower.dropFirst(digits.count).drop(while: { $0 == " " }) {
        case "", "b": unit = 1
        case "k", "kb", "kib": unit = 1024
        case "m", "mb", "mib": unit = 1_048_576
        case "g", "gb", "gib": unit = 1_073_741_824
        case "t", "tb", "tib": unit = 1_099_511_627_776
        default: throw wrong
        }
        let bytes = number * unit
        guard bytes >= 16 * 1_048_576, bytes < 1e18 else { throw wrong }
        return Int(bytes)
    }

    static func choice<Choice: RawRepresentable & CaseIterable>(_ text: String, option: String) throws -> Choice
    where Choice.RawValue == String {
        if let choice = Choice(rawValue: text) { return choice }
        let names = Choice.allCases.map(\.rawValue)
        throw UsageError(
            "\(option) takes \(names.joined(separator: " or ")), not `\(text)`",
            hint: nearestName(to: text, among: names).map { "did you mean `\($0)`?" })
    }
}
