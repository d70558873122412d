extension Prelude {
    /// What changed.
    static let comparisonVerbs: [PreludeEntry] = [
        PreludeEntry(
            name: "compare",
            summary:
                "A measure in a period, the period before and the same one a year before, with changes and growth; where the period is not over, the others count as many days.",
            source: "Common practice of reports; like for like days as in retail sales.",
            text: """
                verb compare(measure, time, split: "all", at: previous month, every: 1mo) =
                    derive _p: period(time, every), _current: period(at, every), _before: period(at, every, -1), _year: period(add_months(start(period(at, every)), -12), every)
                    | where _p in [_current, _before, _year]
                    | expand _which: ["current", "before", "year_before"], _span: [_current, _before, _year]
                    | where _p = _span and (period(tomorrow, every) > _current or days_between(start(_p), time) <= days_between(start(_current), today))
                    | pivot measure by split: split over _which in ["current", "before", "year_before"]
                    | derive change: current - before, growth: current / null_if(before, 0) - 1, year_change: current - year_before, year_growth: current / null_if(year_before, 0) - 1
                """,
            example: CatalogueEntry.Example(
                "from transactions | compare(sum(amount), ts, split: channel, at: 2026-09) | select channel, current, before, change",
                """
                channel,current,before,change
                branch,20400.00,0.00,20400.00
                mobile,12.34,0.00,12.34
                online,0.00,10.00,-10.00
                pos,0.00,640.00,-640.00
                ,35.10,0.00,35.10

                """)),
        PreludeEntry(
            name: "movers",
            summary:
                "The n values of a split whose measure changed most against the period before, up or down, with their share of the whole change.",
            source: "As compare.",
            text: """
                verb movers(measure, time, split, n: 10, at: previous month, every: 1mo) =
                    compare(measure, time, split: split, at: at, every: every)
                    | derive contribution: change / null_if(sum(change), 0)
                    | top n by abs(change)
                """,
            example: CatalogueEntry.Example(
                "from transactions | movers(sum(amount), ts, channel, n: 1, at: 2026-09) | select channel, current, before, change, contribution",
                """
                channel,current,before,change,contribution
                branch,20400.00,0.00,20400.00,1.03043626

                """)),
    ]
}
