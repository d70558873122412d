/// What help says of statements and of matters that are no single word of the language.
enum StatementCatalogue {
    struct Entry: Sendable {
        let name: String
        /// One line for each form.
        let forms: [String]
        let summary: String

        var help: String { forms.joined(separator: "\n") + "\n  \(summary)" }
    }

    /// One for each first word of a statement; a test holds them together.
    static let all: [Entry] = [
        Entry(
            name: "from", forms: ["from TABLE | stage | …", "from \"file.csv\" | …", "from (query) | …", "from _ | …"],
            summary: "A query: a source, then stages. `_` is the last result; a line that starts with `|` goes on from it."),
        Entry(
            name: "explain", forms: ["explain from …", "explain analyze from …"],
            summary: "How a query is run; with `analyze` it is run, and rows, blocks and time of each step are told."),
        Entry(
            name: "load",
            forms: ["load TABLE from \"file.csv\", … [key column, …] [time column] [option: value]", "load TABLE from (query)"],
            summary:
                "A new table from files (csv, tsv, json lines; gzip; patterns; `-` is standard input) or from a query. Options: \(Parser.importWords.joined(separator: ", "))."
        ),
        Entry(
            name: "append", forms: ["append TABLE from \"file.csv\"", "append TABLE from (query)"],
            summary: "Adds rows to a table, in one commit."),
        Entry(
            name: "replace", forms: ["replace TABLE from \"file.csv\"", "replace TABLE from (query)"],
            summary: "Puts other rows in place of all; key and time stay."),
        Entry(
            name: "upsert", forms: ["upsert TABLE from \"file.csv\"", "upsert TABLE from (query)"],
            summary: "Rows with a known key take the place of the old ones, the others are added."),
        Entry(name: "delete", forms: ["delete [from] TABLE where CONDITION"], summary: "Removes rows."),
        Entry(
            name: "create", forms: ["create table TABLE (column: type, …) [key column, …] [time column]"],
            summary: "An empty table. Types: bool, int, decimal(2), float, text, date, timestamp, week, month, quarter, year, duration."),
        Entry(
            name: "drop", forms: ["drop table TABLE", "drop link TABLE.name", "drop segment NAME (metric, verb, query, let, param)"],
            summary: "Removes a table, a link or a definition, unless another definition hangs on it."),
        Entry(
            name: "rename", forms: ["rename table a to b", "rename column TABLE.a to b", "rename segment a to b"],
            summary: "Gives another name; definitions follow."),
        Entry(name: "optimize", forms: ["optimize [TABLE]"], summary: "Stores rows anew, in fewer and better ordered pieces."),
        Entry(name: "vacuum", forms: ["vacuum"], summary: "Removes files that only older versions need; they can then no longer be read."),
        Entry(name: "snapshots", forms: ["snapshots"], summary: "The versions that can be read: `from TABLE as of version N`."),
        Entry(name: "tables", forms: ["tables"], summary: "Every table with its rows, columns, key, time and bytes."),
        Entry(
            name: "describe", forms: ["describe TABLE"], summary: "Every column with its type, role, missing values and how it is stored."),
        Entry(
            name: "as", forms: ["as of DATE"],
            summary: "What \"today\" means from here on; rows of later times are hidden. `--as-of` is the stronger one."),
        Entry(
            name: "link", forms: ["link CHILD.column to PARENT [.key] [latest] [as parent, children]"],
            summary: "Declared once: then `parent.column` reads upward and `sum(children.amount)` downward, with no join to write."),
        Entry(name: "let", forms: ["let NAME = EXPRESSION"], summary: "A value with a name, read as @NAME."),
        Entry(
            name: "param", forms: ["param NAME: TYPE [= DEFAULT] [in VALUES]"],
            summary: "A value that whoever runs the file gives: `--param`, `run … with`, or asked for at the prompt. Read as @NAME."),
        Entry(
            name: "segment", forms: ["segment NAME on TABLE = CONDITION"], summary: "A condition with a name, true or false for every row."),
        Entry(
            name: "metric", forms: ["metric NAME[(x, k: 5)] on TABLE = EXPRESSION"],
            summary: "An expression with a name, with arguments if wanted."),
        Entry(name: "verb", forms: ["verb NAME(x, k: 5) = stage | stage"], summary: "Stages with a name, used as a stage: | NAME(amount)."),
        Entry(name: "query", forms: ["query NAME = from …"], summary: "A query with a name, read like a table: from NAME."),
        Entry(
            name: "save", forms: ["save segment …", "save metric …"], summary: "Keeps a definition with the data; others live for the run."),
        Entry(
            name: "show", forms: ["show NAME", "show segments (metrics, verbs, queries, lets, params, all, prelude)"],
            summary: "A definition with what hangs on it, or a list of them."),
        Entry(
            name: "snapshot", forms: ["snapshot SEGMENT [at DATE]"],
            summary: "Writes down who is in a segment: `SEGMENT as of DATE`, `from diff(SEGMENT, DATE, DATE)`."),
        Entry(
            name: "run", forms: ["run \"file.crmq\" [with name = value, …] [against \"folder\"]"],
            summary:
                "Runs a file's statements, with values for its parameters; `against` keeps the answers in a folder and tells what has changed since the last run."
        ),
        Entry(
            name: "report", forms: ["report \"pack-{month}.html\" [\"Title\"]", "report end"],
            summary:
                "Gathers the answers that follow on one page, HTML or Markdown, until the file ends. A comment that begins with ## opens a section, one directly above a query is the heading of its answer."
        ),
    ]

    /// Matters that people ask about by a word of their own.
    static let topics: [Entry] = [
        Entry(
            name: "formats", forms: OutputFormat.all.map { "\($0.name): \($0.doc)" },
            summary: "`--format`, `.mode`, and the ending of `to \"file\"` and `-o` choose one."),
        Entry(
            name: "types", forms: ["bool int decimal(2) float text", "date timestamp week month quarter year duration"],
            summary:
                "Decimals are exact. A month is a value like any other. A column's type is worked out when it is loaded, or stated: types: (a: text)."
        ),
        Entry(
            name: "time", forms: ["date in 2026-Q3", "date in last 90d", "date in 2026-01..2026-06", "month(date)", "date + 3mo"],
            summary:
                "Spans of time: 2026-09-30 2026-W36 2026-09 2026-Q3 2026, last 90d, this month, previous quarter, mtd, qtd, ytd, today. Durations: 48h 15min 90d 2w 3mo 1q 1y."
        ),
        Entry(
            name: "null", forms: ["x is null", "x is not null", "coalesce(x, 0)"],
            summary: "A comparison with a missing value is false, arithmetic with it is null, aggregates skip it; the sum of nothing is 0."),
        Entry(
            name: "sources", forms: Session.tableFunctions.map { "from \($0)(…)" }, summary: "Functions that answer with rows."),
        Entry(
            name: "keys", forms: ["Tab, Tab Tab", "Ctrl-R", "Ctrl-C, Ctrl-D", "Ctrl-X Ctrl-E"],
            summary:
                "Completion and its list; search in what was typed; end the statement or the line, leave; go on in the editor. All others are GNU readline's, as ~/.inputrc says."
        ),
    ]
}
