/// Every aggregate. Each takes `where` inside its brackets, and `per` behind them outside of `summarize`.
enum AggregateCatalogue {
    static let all: [CatalogueEntry] = AggregateFunction.allCases.map(entry)

    private static func entry(_ function: AggregateFunction) -> CatalogueEntry {
        func make(_ signature: String, _ summary: String, _ query: String, _ answer: String) -> CatalogueEntry {
            CatalogueEntry(name: function.rawValue, signature: signature, summary: summary, example: CatalogueEntry.Example(query, answer))
        }
        switch function {
        case .count:
            return make(
                "count([x])", "Rows, or with x the rows whose x is not missing.",
                "from customers | summarize count(), known: count(balance)", "count,known\n8,7\n")
        case .sum:
            return make(
                "sum(x)", "The exact sum; of nothing it is 0. Keeps the scale of a decimal.", "from customers | summarize sum(balance)",
                "sum_balance\n2099165.90\n")
        case .avg:
            return make(
                "avg(x)", "The mean, with six digits more than x, rounded half to even; of nothing null.",
                "from customers | summarize avg(balance)",
                "avg_balance\n299880.84285714\n")
        case .min:
            return make(
                "min(x)", "The smallest value; text by code point.", "from customers | summarize min(balance)", "min_balance\n-35.10\n")
        case .max:
            return make(
                "max(x)", "The largest value; text by code point.", "from customers | summarize max(opened)", "max_opened\n2025-06-15\n")
        case .median:
            return make(
                "median(x)", "The middle value, or the mean of the two in the middle.", "from customers | summarize median(balance)",
                "median_balance\n98000.00000000\n")
        case .quantile:
            return make(
                "quantile(x, share)",
                "The value below which a share of the values lies, interpolated between the two nearest (type 7 of Hyndman and Fan).",
                "from customers | summarize q1: quantile(balance, 25%)", "q1\n600.00000000\n")
        case .stddev:
            return make(
                "stddev(x)", "The sample standard deviation (squares over n - 1), a float.",
                "from customers | where tier = \"standard\" | summarize s: round(stddev(balance), 6)", "s\n703.171864\n")
        case .variance:
            return make(
                "variance(x)", "The sample variance (squares over n - 1), a float.",
                "from customers | where tier = \"standard\" | summarize v: round(variance(balance), 6)", "v\n494450.67\n")
        case .distinct:
            return make(
                "distinct(x)", "How many different values there are, exactly.", "from customers | summarize distinct(tier)",
                "distinct_tier\n4\n")
        case .first:
            return make(
                "first(x by d)", "The value of the first row in an order that has one; the table's time where no order is written.",
                "from transactions | summarize f: first(amount by ts)", "f\n120.00\n")
        case .last:
            return make(
                "last(x by d)", "The value of the last row in an order that has one; the table's time where no order is written.",
                "from transactions | summarize last(amount)", "last_amount\n12.34\n")
        case .exists:
            return make(
                "exists(where p)", "Whether there is a row for which the condition holds.",
                "from customers | summarize overdrawn: exists(where balance < 0)",
                "overdrawn\ntrue\n")
        case .mode:
            return make(
                "mode(x)", "The most frequent value; of several the smallest.", "from customers | summarize mode(tier)",
                "mode_tier\nstandard\n")
        case .correlation:
            return make(
                "correlation(x, y)", "Pearson's correlation, a float from -1 to 1; null where one side does not vary.",
                "from customers | where customer_id <= 4 | summarize c: round(correlation(customer_id, balance), 6)", "c\n-0.762874\n")
        case .slope:
            return make(
                "slope(y, x)", "The slope of the least-squares line of y over x, a float.",
                "from customers | where customer_id <= 4 | summarize s: round(slope(balance, customer_id), 2)", "s\n-399879.9\n")
        case .weightedAvg:
            return make(
                "weighted_avg(x, weight)", "The sum of x times its weight over the sum of the weights, a float.",
                "from customers | where tier = \"gold\" | summarize w: weighted_avg(balance, customer_id)", "w\n250000.5\n")
        case .list:
            return make(
                "list(x, n)", "The first n values as one text, smallest first or `by` an order, `…` behind them where there are more.",
                "from customers | where tier = \"gold\" | summarize names: list(name, 5)", "names\n\"Anna Müller, 李娜\"\n")
        case .funnel:
            return make(
                FunnelAggregate.signature,
                "How many of the steps are reached one after the other, the last within the window of the first; a row serves one step only, and rows of equal time may stand in any order.",
                "from transactions | summarize steps: funnel(ts, 30d, type = \"deposit\", type = \"purchase\") by customer_id | where steps > 0",
                "customer_id,steps\n1,1\n2,2\n3,1\n4,2\n7,1\n")
        case .funnelTime:
            return make(
                FunnelAggregate.timeSignature,
                "When step n was reached in the longest of those chains, the first to start where there are several.",
                "from transactions | summarize paid_in: funnel_time(ts, 30d, 1, type = \"deposit\", type = \"purchase\"), bought: funnel_time(ts, 30d, 2, type = \"deposit\", type = \"purchase\") by customer_id | where bought is not null",
                "customer_id,paid_in,bought\n2,2026-02-01 00:00:00,2026-02-28 23:59:59\n4,2026-03-31 10:10:10,2026-04-01 10:10:10\n")
        }
    }
}

/// Every window function. `per` names the groups, `by` the order; rows that tie share an answer.
enum WindowCatalogue {
    static let all: [CatalogueEntry] = WindowFunction.allCases.map(entry)

    private static func entry(_ function: WindowFunction) -> CatalogueEntry {
        func make(_ signature: String, _ summary: String, _ expression: String, _ answer: String) -> CatalogueEntry {
            let query = "from customers | where customer_id <= 4 | select customer_id, balance, w: \(expression)"
            return CatalogueEntry(
                name: function.rawValue, signature: signature, summary: summary,
                example: CatalogueEntry.Example(query, "customer_id,balance,w\n" + answer))
        }
        switch function {
        case .rank:
            return make(
                "rank() [per k] by x", "The competition rank: 1, 2, 2, 4.", "rank() by balance desc",
                "1,1500000.00,1\n2,250000.50,2\n3,1200.00,4\n4,250000.50,2\n")
        case .rowNumber:
            return make(
                "row_number() [per k] [by x]", "1, 2, 3 …; ties are numbered in the order of the key.", "row_number() by balance desc",
                "1,1500000.00,1\n2,250000.50,2\n3,1200.00,4\n4,250000.50,3\n")
        case .percentRank:
            return make(
                "percent_rank() [per k] by x", "(rank - 1) / (rows - 1), 0 for a single row.", "percent_rank() by balance",
                "1,1500000.00,1.000000\n2,250000.50,0.333333\n3,1200.00,0.000000\n4,250000.50,0.333333\n")
        case .score:
            return make(
                "score(x, k) [per g]", "1 + floor(k x the share of known values strictly below): equal values get equal scores.",
                "score(balance, 4)",
                "1,1500000.00,4\n2,250000.50,2\n3,1200.00,1\n4,250000.50,2\n")
        case .lag:
            return make(
                "lag(x [, n]) [per k] by d", "The value n rows before (1 where n is not given).", "lag(balance) by customer_id",
                "1,1500000.00,\n2,250000.50,1500000.00\n3,1200.00,250000.50\n4,250000.50,1200.00\n")
        case .lead:
            return make(
                "lead(x [, n]) [per k] by d", "The value n rows behind (1 where n is not given).", "lead(balance, 2) by customer_id",
                "1,1500000.00,1200.00\n2,250000.50,250000.50\n3,1200.00,\n4,250000.50,\n")
        case .runningSum:
            return make(
                "running_sum(x) [per k] by d", "The sum of this row, those before it and those that tie with it.",
                "running_sum(balance) by balance",
                "1,1500000.00,2001201.00\n2,250000.50,501201.00\n3,1200.00,1200.00\n4,250000.50,501201.00\n")
        case .runningCount:
            return make(
                "running_count([x]) [per k] by d", "How many rows there are up to this one and those that tie with it.",
                "running_count() by balance",
                "1,1500000.00,4\n2,250000.50,3\n3,1200.00,1\n4,250000.50,3\n")
        case .movingAvg:
            return make(
                "moving_avg(x, n) [per k] by d", "The mean of the last n rows up to this one and those that tie with it.",
                "moving_avg(balance, 2) by customer_id",
                "1,1500000.00,1500000.00000000\n2,250000.50,875000.25000000\n3,1200.00,125600.25000000\n4,250000.50,125600.25000000\n")
        }
    }
}
