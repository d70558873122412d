/// Every stage of a pipe. The parser's cases and this list are held together by a test.
enum StageCatalogue {
    static let all: [CatalogueEntry] = [
        make(
            "where", "where CONDITION", "Keeps the rows for which the condition holds.",
            "from customers | where balance > 1m | select customer_id", "customer_id\n1\n"),
        make(
            "derive", "derive [name:] EXPRESSION, …", "Adds columns, read from left to right; a name that is there already is replaced.",
            "from branches | derive n: length(city) | where n > 3 | select city, n | sort city", "city,n\nBerlin,6\nLondon,6\n"),
        make(
            "select", "select [name:] EXPRESSION, …", "Keeps just these columns, in this order; `*` stands for all.",
            "from branches | select manager, where_to: city | sort manager | take 1", "manager,where_to\nJane,London\n"),
        make(
            "drop", "drop column, …", "Leaves columns out.", "from branches | drop manager, region | sort city | take 1", "city\nBerlin\n"),
        make(
            "rename", "rename new: old, …", "Gives columns other names.",
            "from branches | rename town: city | select town | sort town | take 1",
            "town\nBerlin\n"),
        make(
            "summarize", "summarize [name:] AGGREGATE, … [by [key:] EXPRESSION, …]",
            "One row a group, keys first, sorted by them; one row in all without keys.",
            "from customers | summarize customers: count() by tier", "tier,customers\ngold,2\nprivate,1\nsilver,2\nstandard,3\n"),
        make(
            "sort", "sort EXPRESSION [desc], …", "Puts the rows in order; ties by the key, missing values last.",
            "from customers | sort balance desc | select customer_id | take 3", "customer_id\n1\n2\n4\n"),
        make(
            "take", "take n [from first]", "The first n rows.", "from customers | sort customer_id | take 2 from 3 | select customer_id",
            "customer_id\n3\n4\n"),
        make(
            "top", "top n [per k] by EXPRESSION [with others]",
            "The n largest, largest first; `with others` adds one row for all other groups.",
            "from transactions | summarize s: sum(amount) by customer_id | top 2 by s", "customer_id,s\n1,20195.00\n4,5890.00\n"),
        make(
            "distinct", "distinct [EXPRESSION, …]", "The different rows, or the different values of some columns.",
            "from branches | distinct region", "region\nEast\nWest\n"),
        make(
            "expand", "expand LINKS | name: VALUES, …",
            "The rows below along links, each once; or each row once for every value of a range or list, lists of one length side by side.",
            "from branches | where city = \"Berlin\" | expand what: [\"city\", \"region\"], value: [city, region] | select what, value",
            "what,value\ncity,Berlin\nregion,West\n"),
        make(
            "join", "join SOURCE [as name] [on column [= other], …]",
            "Adds the columns of the one row with the same key, or nulls; several rows are an error.",
            "from customers | join branches on city | where customer_id <= 2 | select customer_id, branches.region",
            "customer_id,branches_region\n1,East\n2,West\n"),
        make(
            "union", "union SOURCE", "The rows of both, which have the same columns.",
            "from branches | select name: city | union (from customers | select name) | summarize n: count()", "n\n12\n"),
        make(
            "pivot", "pivot AGGREGATE, … by KEY, … over EXPRESSION [in [values]]", "One row a key and one column a value.",
            "from customers | pivot count() by active over tier in [\"gold\", \"standard\"]",
            "active,gold,standard\nfalse,0,2\ntrue,2,1\n,0,0\n"),
        make(
            "fill", "fill column [per k] [in A..B] [with value]",
            "Adds the missing steps of a day, month or whole number, with null or a stated value.",
            "from transactions | where customer_id = 2 | summarize n: count() by m: month(ts) | fill m with 0",
            "m,n\n2026-02,2\n2026-03,0\n2026-04,0\n2026-05,0\n2026-06,1\n"),
        make(
            "sample", "sample n | share% [seed s]", "A random choice, the same for the same seed.",
            "from customers | sample 100% seed 7 | summarize n: count()",
            "n\n8\n"),
        make(
            "assert", "assert CONDITION [else \"message\"]",
            "Passes the rows on if the condition holds on every one, or over all where it is an aggregate; else the script ends with exit 3.",
            "from transactions | assert count() = 20 | summarize n: count()", "n\n20\n"),
        make(
            "profile", "profile",
            "One row a column: type, missing, distinct, least, quartiles, greatest, mean, most frequent values and the shape of its histogram.",
            "from branches | profile | select column, type, missing, distinct, top",
            "column,type,missing,distinct,top\ncity,text,0,4,\nregion,text,0,2,\"East (2), West (2)\"\nmanager,text,0,4,\n"),
        make(
            "bar", "bar [VALUE, …] [by KEY, KEY]", "Draws bars: of aggregates by keys, of columns, or of rows that are summarized already.",
            "from customers | bar count() by tier", "tier,count\ngold,2\nprivate,1\nsilver,2\nstandard,3\n"),
        make(
            "line", "line [VALUE, …] [by X, KEY]", "Draws lines along a number, a time or names; the second key tells them apart.",
            "from customers | line count() by year: year(opened)", "year,count\n2020,1\n2021,2\n2022,1\n2023,1\n2024,2\n2025,1\n"),
        make(
            "histogram", "histogram VALUE [by KEY]",
            "Draws how many rows lie in each range of a number, a date or a time; `bins: 30` asks for more.",
            "from customers | histogram letters: length(city)",
            "letters,count\n2,3\n3,0\n4,0\n5,1\n6,3\n"),
        make(
            "heatmap", "heatmap [VALUE] [by ROW, COLUMN]",
            "Draws a field of cells, the darker the larger: of a value by two keys, or of a cohort table.",
            "from customers | where tier in [\"gold\", \"standard\"] | heatmap count() by tier, active",
            "tier,active,count\ngold,true,2\nstandard,false,2\nstandard,true,1\n"),
    ]

    /// Understood by the parser, not built yet, or told by where they write.
    static let sinks: [(name: String, signature: String, summary: String)] = [
        ("to", "to \"file\" [raw]", "Writes the rows to a file; its ending says the format.")
    ]

    private static func make(_ name: String, _ signature: String, _ summary: String, _ query: String, _ answer: String) -> CatalogueEntry {
        CatalogueEntry(name: name, signature: signature, summary: summary, example: CatalogueEntry.Example(query, answer))
    }
}
