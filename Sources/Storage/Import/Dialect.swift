/// How the fields of a delimited file are told apart: everything resolved, nothing left to guess.
struct Dialect: Equatable, Sendable {
    var delimiter: [UInt8] = [UInt8(ascii: ",")]
    /// nil: quotes mean nothing.
    var quote: UInt8? = UInt8(ascii: "\"")
    /// A byte that takes the meaning from the next one inside quotes; nil: only a doubled quote does.
    var escape: UInt8?
    /// `\n` (a `\r` before it is dropped) or a lone `\r`.
    var recordEnd: UInt8 = 10

    /// A single space parts fields in runs: such files are aligned for the eye.
    var collapsesSpaces: Bool { delimiter == [32] }

    /// One byte of delimiter, no escape, no runs: what the wide scanner understands.
    var isPlain: Bool { delimiter.count == 1 && escape == nil && !collapsesSpaces }

    /// For messages.
    var delimiterName: String {
        switch delimiter {
        case [9]: "tab"
        case [32]: "space"
        case let other: "`\(String(decoding: other, as: UTF8.self))`"
        }
    }
}
