/// Things that are shared as long as somebody holds them. The caller guards it with its own lock.
struct WeakCache<Key: Hashable, Object: AnyObject> {
    private struct Box {
        weak var object: Object?
    }
    private var boxes: [Key: Box] = [:]

    func find(_ key: Key) -> Object? {
        guard let box = boxes[key] else { return nil }
        return box.object
    }

    mutating func insert(_ object: Object, _ key: Key) {
        if boxes.count > 64, boxes.count.nonzeroBitCount == 1 { boxes = boxes.filter { $0.value.object != nil } }
        boxes[key] = Box(object: object)
    }
}
