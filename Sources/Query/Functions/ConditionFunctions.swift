import Storage

extension FunctionCatalogue {
    static let conditionFunctions: [ScalarFunction] = [ConditionFunctions.coalesce, ConditionFunctions.nullIf]
}

/// Functions about missing values. `if then else`, `in` and `is null` are words of the language itself.
enum ConditionFunctions {
    static let coalesce = ScalarFunction(
        "coalesce(a, b, …)", .condition, 2...ScalarFunction.argumentsMax, "The first of the arguments that is not missing.",
        [("coalesce(null, 7)", "7"), ("coalesce(null, 1.5, 2)", "1.5")]
    ) { call in
        let (type, arguments) = try call.alike()
        return Bound(.coalesce(arguments), type, call.span)
    }

    static let nullIf = ScalarFunction(
        "null_if(a, b)", .condition, 2...2, "Null where a equals b, else a: turns a spelling of nothing into a missing value.",
        [("null_if(\"n/a\", \"n/a\")", ""), ("null_if(3, 4)", "3")]
    ) { call in
        let (type, arguments) = try call.alike()
        return call.result(type, FunctionInstance("null_if", strict: false, kernel: kernel(type)), arguments)
    }

    private static func kernel(_ type: LogicalType) -> Kernel {
        switch type {
        case .text:
            return { arguments, out, count, _ in
                let a = arguments[0].texts
                let b = arguments[1].texts
                for i in 0..<count {
                    if arguments[0].isNull(i) || (!arguments[1].isNull(i) && a[i] == b[i]) {
                        out.texts[i] = .empty
                        out.setNull(i, of: count)
                    } else {
                        out.setText(i, a[i].buffer)
                    }
                }
            }
        case .float:
            return { arguments, out, count, _ in
                copy(arguments, out, count, arguments[0].doubles, arguments[1].doubles, out.doubles)
            }
        case .bool:
            return { arguments, out, count, _ in
                copy(arguments, out, count, arguments[0].mask, arguments[1].mask, out.mask)
            }
        case .int, .decimal, .date, .timestamp, .week, .month, .quarter, .year, .duration:
            return { arguments, out, count, _ in
                copy(arguments, out, count, arguments[0].integers, arguments[1].integers, out.integers)
            }
        }
    }

    @inline(__always)
    private static func copy<Element: Equatable>(
        _ arguments: [Vector], _ out: Vector, _ count: Int,
        _ a: UnsafeMutablePointer<Element>, _ b: UnsafeMutablePointer<Element>, _ o: UnsafeMutablePointer<Element>
    ) {
        for i in 0..<count {
            o[i] = a[i]
            if arguments[0].isNull(i) || (!arguments[1].isNull(i) && a[i] == b[i]) { out.setNull(i, of: count) }
        }
    }
}
