/// A stated layout such as `yyMMdd HH:mm:ss`: what each stretch of a value means.
struct DateLayout: Sendable, Equatable {
    enum Part: Sendable, Equatable {
        case year4, year2, month, day, hour, minute, second
        case literal(UInt8)
    }
    let parts: [Part]
    let text: String
    let hasTime: Bool

    /// - Throws: a `.request` error for a layout without year, month and day, or with letters that mean nothing.
    init(_ text: String) throws {
        var parts: [Part] = []
        var rest = Substring(text)
        let words: [(String, Part)] = [
            ("yyyy", .year4), ("yy", .year2), ("MM", .month), ("dd", .day), ("HH", .hour), ("mm", .minute), ("ss", .second),
        ]
        while let next = rest.first {
            if let word = words.first(where: { rest.hasPrefix($0.0) }) {
                parts.append(word.1)
                rest.removeFirst(word.0.count)
            } else {
                guard let ascii = next.asciiValue, !next.isLetter || next == "T" || next == "Z" else {
                    throw StorageError(
                        .request, "a date layout knows yyyy yy MM dd HH mm ss, not \(next) as in \"\(text)\"",
                        hint: "for example yyyy-MM-dd or yyMMdd HH:mm:ss")
                }
                parts.append(.literal(ascii))
                rest.removeFirst()
            }
        }
        let years = parts.filter { $0 == .year4 || $0 == .year2 }.count
        guard years == 1, parts.filter({ $0 == .month }).count == 1, parts.filter({ $0 == .day }).count == 1 else {
            throw StorageError(
                .request, "the date layout \"\(text)\" needs a year, a month MM and a day dd", hint: "for example yyyy-MM-dd")
        }
        self.parts = parts
        self.text = text
        hasTime = parts.contains { $0 == .hour || $0 == .minute || $0 == .second }
    }

    /// Microseconds since 1970. Every part has its full width, but `MM`, `dd` and `HH` may be one digit before something that is no digit.
    func timestamp(_ bytes: UnsafePointer<UInt8>, _ length: Int) -> Int64? {
        var i = 0
        var year: Int64 = 0
        var month: Int64 = 0
        var day: Int64 = 0
        var hour: Int64 = 0
        var minute: Int64 = 0
        var second: Int64 = 0
        for (index, part) in parts.enumerated() {
            func number(_ width: Int) -> Int64? {
                var value: Int64 = 0
                let start = i
                while i < length, i - start < width, NumberParsing.isDigit(bytes[i]) {
                    value = value * 10 + Int64(bytes[i] - 48)
                    i += 1
                }
                if i - start == width { return value }
                var endsPart = index + 1 == parts.count
                if index + 1 < parts.count, case .literal = parts[index + 1] { endsPart = true }
                return endsPart && width == 2 && i - start == 1 ? value : nil
            }
            switch part {
            case .literal(let byte):
                guard i < length, bytes[i] == byte else { return nil }
                i += 1
            case .year4:
                guard let value = number(4) else { return nil }
                year = value
            case .year2:
                guard let value = number(2) else { return nil }
                year = DateParsing.fullYear(value)
            case .month:
                guard let value = number(2) else { return nil }
                month = value
            case .day:
                guard let value = number(2) else { return nil }
                day = value
            case .hour:
                guard let value = number(2), value <= 23 else { return nil }
                hour = value
            case .minute:
                guard let value = number(2), value <= 59 else { return nil }
                minute = value
            case .second:
                guard let value = number(2), value <= 59 else { return nil }
                second = value
            }
        }
        guard i == length, let days = DateParsing.day(year: year, month: month, day: day) else { return nil }
        return days * CivilDate.microsecondsPerDay + ((hour * 60 + minute) * 60 + second) * 1_000_000
    }
}
