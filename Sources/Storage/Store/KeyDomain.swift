/// The ids of a table's key values: permanent, from 0, whether a row has the value now (a row), not yet (an orphan's parent) or no
/// longer (a deleted row).
public final class KeyDomain: @unchecked Sendable {
    let state: DomainState

    init(state: DomainState) { self.state = state }

    /// Never given twice in the life of a store: what keeps ids beside the store's own data keeps this with them.
    public var id: UInt32 { state.id }
    public var table: String { state.table }
    /// Empty while the parent table and so its key are not known.
    public var columns: [String] { state.columns }
    public var types: [LogicalType] { state.types }
    /// Ids are `0 ..< count`.
    public var count: Int { Int(state.count) }
}
