/// What went wrong below the language, by who must act.
public struct StorageError: Error, Sendable, CustomStringConvertible {
    public enum Kind: Sendable, Equatable {
        /// The caller asked for something that cannot be: a name that exists already, a key that is not unique.
        case request
        /// An input file holds something that cannot be read as asked: the user mends the file or the statement.
        case data
        /// An input or output file named by the user is missing or may not be opened.
        case file
        /// The store's own bytes are wrong.
        case corrupt
        /// The disk is full, the store is locked, no permission: the machine's owner acts.
        case environment
        /// The user interrupted.
        case cancelled
    }
    public var kind: Kind
    public var message: String
    /// What the user can do about it, where we know.
    public var hint: String?

    public init(_ kind: Kind, _ message: String, hint: String? = nil) {
        self.kind = kind
        self.message = message
        self.hint = hint
    }
    public var description: String { hint.map { "\(message) (\($0))" } ?? message }
}
