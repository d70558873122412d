/// Things that are shared as long as somebody holds them. The caller guards it with its own lock.
struct WeakCache<Key: Hashable> {
    private struct Box {
        weak var object: AnyObject?
    }
    private var boxes: [Key: Box] = [:]

    func find<T>(_ key: Key, as type: T.Type) -> T? { boxes[key]?.object as? T }

    mutating func insert(_ object: AnyObject, _ key: Key) {
        if boxes.count > 64, boxes.count.nonzeroBitCount == 1 { boxes = boxes.filter { $0.value.object != nil } }
        boxes[key] = Box(object: object)
    }
}
