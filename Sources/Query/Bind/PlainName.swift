extension Expression {
    /// The name of an expression that was given none, where it has a plain one.
    var plainName: String? {
        switch kind {
        case .path(let names): return names.map(\.text).joined(separator: "_")
        case .parameter(let name): return name.text
        case .call(let call):
            guard call.filter == nil, call.per == nil, call.order == nil, call.innerOrder.isEmpty else { return nil }
            var parts = call.link.map(\.text) + [call.name.text]
            for argument in call.arguments {
                switch argument.value.kind {
                case .path(let names): parts += names.map(\.text)
                case .literal: break
                case .call, .parameter, .negate, .not, .binary, .isNull, .membership, .conditional, .list, .range, .query, .period,
                    .memberAsOf, .star:
                    guard let inner = argument.value.plainName else { return nil }
                    parts.append(inner)
                }
            }
            return parts.joined(separator: "_")
        case .literal, .negate, .not, .binary, .isNull, .membership, .conditional, .list, .range, .query, .period, .memberAsOf, .star:
            return nil
        }
    }
}
