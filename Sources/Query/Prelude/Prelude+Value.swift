extension Prelude {
    /// What customers are worth, and how it is spread over them.
    static let valueVerbs: [PreludeEntry] = [
        PreludeEntry(
            name: "rfm",
            summary:
                "Recency, frequency and monetary value of every row from the events below it, each scored 1 to k; rows without an event have none.",
            source:
                "A. M. Hughes, Strategic Database Marketing (1994); scores by share strictly below, so that ties never split; recency is scored on the day of the last event.",
            text: """
                verb rfm(time, amount, k: 5, window: 0001-01-01..today) =
                    derive last_event: day(max(time where time in window)), frequency: null_if(count(time where time in window), 0), monetary: sum(amount where time in window)
                    | derive recency: days_between(last_event, today), monetary: if frequency is not null then monetary
                    | derive r: score(last_event, k), f: score(frequency, k), m: score(monetary, k)
                """,
            example: CatalogueEntry.Example(
                "from customers | where customer_id in [1, 2, 7, 8] | rfm(transactions.ts, transactions.amount, k: 3) | select customer_id, recency, frequency, monetary, r, f, m",
                """
                customer_id,recency,frequency,monetary,r,f,m
                1,29,5,20195.00,2,3,3
                2,92,3,2045.24,1,1,2
                7,0,3,520.00,3,1,1
                8,,,,,,

                """)),
        PreludeEntry(
            name: "rfm_cuts",
            summary: "The cut points of `rfm`: how many rows have each score, and the smallest and largest value among them.",
            source: "As rfm.",
            text: """
                verb rfm_cuts(time, amount, k: 5, window: 0001-01-01..today) =
                    rfm(time, amount, k: k, window: window)
                    | expand measure: ["recency", "frequency", "monetary"], score: [r, f, m], _value: [recency, frequency, monetary]
                    | where score is not null
                    | summarize customers: count(), low: min(_value), high: max(_value) by measure, score
                """,
            example: CatalogueEntry.Example(
                "from customers | rfm_cuts(transactions.ts, transactions.amount, k: 3) | where measure = \"frequency\"",
                """
                measure,score,customers,low,high
                frequency,1,3,1.00,2.00
                frequency,2,3,3.00,3.00
                frequency,3,1,5.00,5.00

                """)),
        PreludeEntry(
            name: "pareto",
            summary:
                "The share of the whole that lies with rows strictly above, the share of rows that come this far, and the class: A where less than 80 % lies above, B less than 95 %, else C.",
            source:
                "J. M. Juran's use of V. Pareto (1951) and the ABC analysis of H. F. Dickie (1951), by the share strictly above, so that ties stay together; negative values stand apart.",
            text: """
                verb pareto(x) =
                    derive value: x
                    | derive above: if value >= 0 then ((running_sum(value where value > 0) by value desc) - (sum(value where value > 0) per value)) / sum(value where value > 0),
                        items: if value >= 0 then (running_count(value where value >= 0) by value desc) / count(value where value >= 0)
                    | derive class: if value < 0 then "negative" else if above < 80% then "A" else if above < 95% then "B" else if above is not null then "C"
                """,
            example: CatalogueEntry.Example(
                "from customers | pareto(balance) | sort value desc | select customer_id, value, above, items, class | take 4",
                """
                customer_id,value,above,items,class
                1,1500000.00,0.00000000,0.166667,A
                2,250000.50,0.71455759,0.500000,A
                4,250000.50,0.71455759,0.500000,A
                7,98000.00,0.95274392,0.666667,C

                """)),
    ]
}
