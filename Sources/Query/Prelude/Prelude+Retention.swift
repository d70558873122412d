extension Prelude {
    /// Who comes, who stays and who goes.
    static let retentionVerbs: [PreludeEntry] = [
        PreludeEntry(
            name: "cohort",
            summary:
                "A row for each cohort (the period of the first event) and period since: its size, how many are active and the measure; periods that are not over are blank, never 0.",
            source: "Cohort tables as in P. Fader, Customer Centricity (2012); `after: true` counts who is active then or later.",
            text: """
                verb cohort(time, measure: count(), every: 1mo, periods: 12, after: false, empty: 0) =
                    derive _cohort: period(min(time), every), _who: row_number()
                    | derive _size: count() per _cohort
                    | expand time
                    | derive _index: period(time, every) - _cohort
                    | expand period: (if after then 0 else _index).._index
                    | where period <= periods
                    | summarize size: max(_size), customers: distinct(_who), value: measure by cohort: _cohort, period
                    | fill period per cohort in 0..periods with empty
                    | derive size: max(size) per cohort, _mature: period(tomorrow, every) - cohort > period
                    | derive customers: if _mature then coalesce(customers, 0), value: if _mature then value
                    | select cohort, period, size, customers, retained: customers / size, value
                """,
            example: CatalogueEntry.Example(
                "from customers | cohort(transactions.ts, sum(transactions.amount), every: 1q, periods: 2) | where cohort = 2026-Q1",
                """
                cohort,period,size,customers,retained,value
                2026-Q1,0,4,4,1.000000,6465.25
                2026-Q1,1,4,2,0.500000,1249.99
                2026-Q1,2,4,3,0.750000,20727.34

                """)),
        PreludeEntry(
            name: "retention",
            summary:
                "The leaky bucket for each period that is over: active at its start, gained, lost, net and active; churn is lost / start, retained 1 - churn; `existing` is the share of the volume by those who came before.",
            source: "F. F. Reichheld, The Loyalty Effect (1996); V. Kumar and W. Reinartz, Customer Relationship Management (2018).",
            text: """
                verb retention(time, amount: 1, every: 1mo) =
                    derive _who: row_number()
                    | expand time
                    | summarize _volume: sum(amount) by _who, _p: period(time, every)
                    | where _p is not null
                    | derive _first: min(_p) per _who, _before: lag(_p) per _who by _p, _next: lead(_p) per _who by _p
                    | expand _step: [0, 1]
                    | where _step = 0 or _next is null or _next - _p > 1
                    | summarize active: count(where _step = 0), gained: count(where _step = 0 and (_before is null or _p - _before > 1)), lost: count(where _step = 1),
                        _known: sum(_volume where _step = 0 and _first < _p), _all: sum(_volume where _step = 0) by period: period(_p, every, _step)
                    | fill period with 0
                    | where period < period(tomorrow, every)
                    | derive start: lag(active) by period
                    | select period, start, gained, lost, net: gained - lost, active, churn: lost / null_if(start, 0), retained: 1 - lost / null_if(start, 0), existing: _known / null_if(_all, 0)
                """,
            example: CatalogueEntry.Example(
                "from customers | retention(transactions.ts, transactions.amount) | where period in 2026-Q2",
                """
                period,start,gained,lost,net,active,churn,retained,existing
                2026-04,3,1,2,-1,2,0.666667,0.333333,0.87688530
                2026-05,2,1,2,-1,1,1.000000,0.000000,0.00000000
                2026-06,1,1,1,0,1,1.000000,0.000000,1.00000000

                """)),
        PreludeEntry(
            name: "lifecycle",
            summary:
                "How many are new, returning, resurrected (active now, not in the period before, but earlier) and dormant (active in the period before, not now) in each period that is over.",
            source: "Growth accounting as in J. Hsu, Diligence at Social Capital (2015).",
            text: """
                verb lifecycle(time, every: 1mo) =
                    derive _who: row_number()
                    | expand time
                    | summarize _n: count() by _who, _p: period(time, every)
                    | where _p is not null
                    | derive _before: lag(_p) per _who by _p, _next: lead(_p) per _who by _p
                    | expand _step: [0, 1]
                    | where _step = 0 or _next is null or _next - _p > 1
                    | summarize new: count(where _step = 0 and _before is null), returning: count(where _step = 0 and _p - _before = 1),
                        resurrected: count(where _step = 0 and _p - _before > 1), dormant: count(where _step = 1) by period: period(_p, every, _step)
                    | fill period with 0
                    | where period < period(tomorrow, every)
                """,
            example: CatalogueEntry.Example(
                "from customers | lifecycle(transactions.ts) | where period in 2026-Q2",
                """
                period,new,returning,resurrected,dormant
                2026-04,1,1,0,2
                2026-05,1,0,0,2
                2026-06,0,0,1,1

                """)),
        PreludeEntry(
            name: "churn_flags",
            summary:
                "Who may be leaving, with the reasons: balance down against its own usual, silent for longer than its own rhythm allows, a complaint open, a product closed.",
            source:
                "House rule of the mission; a rhythm is the mean of days between events, and silence shorter than `quiet` days never counts.",
            text: """
                verb churn_flags(time, balance, usual, complaints, closed, fall: 50%, late: 3, quiet: 14) =
                    derive balance_now: balance, balance_usual: usual, _complaints: complaints, _closed: closed, _events: count(time), _first: day(min(time)), last_event: day(max(time))
                    | derive days_since: days_between(last_event, today), rhythm: days_between(_first, last_event) / null_if(_events - 1, 0)
                    | derive _down: balance_now < fall * balance_usual, _silent: days_since > greatest(late * rhythm, quiet), _unhappy: _complaints > 0, _leaving: _closed > 0
                    | derive flags: (if _down then 1 else 0) + (if _silent then 1 else 0) + (if _unhappy then 1 else 0) + (if _leaving then 1 else 0),
                        reasons: substring(concat(if _down then ", balance down", if _silent then ", silent", if _unhappy then ", complaint open", if _leaving then ", product closed"), 3)
                    | where flags > 0
                    | sort flags desc, balance_usual desc
                """,
            example: CatalogueEntry.Example(
                "from customers | churn_flags(transactions.ts, balance, 100k, 0, count(transactions where type = \"fee\")) | select customer_id, days_since, rhythm, flags, reasons",
                """
                customer_id,days_since,rhythm,flags,reasons
                6,15,153.000000,2,"balance down, product closed"
                3,0,213.000000,1,balance down
                8,,,1,balance down

                """)),
    ]
}
