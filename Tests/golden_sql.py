"""Checks golden answers with another engine: runs the SQL beside each golden script on DuckDB and compares it with the `.out`.

    python Tests/golden_sql.py [NAME ...]

`stages/where.sql` holds one statement for each statement of `stages/where.crmq`, in order, each ended by `;`. A line `-- by hand: why`
stands in the place of a statement that SQL cannot express (an error, a message); its answer was worked out by hand. A `create view` makes
what later statements read.
Needs: pip install duckdb
"""
import csv
import io
import pathlib
import re
import sys
from decimal import Decimal, InvalidOperation

import duckdb

FOLDER = pathlib.Path(__file__).parent / "Golden"


def statements(text):
    """SQL statements and `-- by hand` lines, in order."""
    found, current = [], []
    for line in text.splitlines():
        if line.startswith("-- by hand"):
            found.append(None)
        elif line.startswith("--"):
            continue
        else:
            current.append(line)
            if line.rstrip().endswith(";"):
                found.append("\n".join(current).strip().rstrip(";"))
                current = []
    assert not "".join(current).strip(), "the last statement lacks its `;`"
    return found


def answers(text):
    """The blocks of an `.out` file: the statement and its csv lines, without notes and messages."""
    blocks = re.split(r"^> ", text, flags=re.M)[1:]
    return [block.split("\n", 1) for block in blocks]


def cell(value):
    """Numbers compare as numbers, everything else as text; null and the empty field are the same."""
    text = "" if value is None else str(value)
    if text in ("True", "False"):
        return text.lower()
    text = text.removesuffix(" 00:00:00") if re.fullmatch(r"\d{4}-\d\d-\d\d 00:00:00", text) else text
    try:
        number = Decimal(text)
        return number.quantize(Decimal("1e-6")).normalize() if number.is_finite() else text
    except InvalidOperation:
        return text


def rows_of(body):
    lines = [line for line in body.rstrip("\n").split("\n") if not line.startswith("note: ")]
    return [[cell(value) for value in row] for row in csv.reader(io.StringIO("\n".join(lines)))][1:]


def check(path, db, folder=FOLDER):
    sql = statements(path.read_text())
    blocks = answers(path.with_suffix(".out").read_text())
    if len(sql) != len(blocks):
        return [f"{path.name}: {len(sql)} statements of SQL for {len(blocks)} of crmq"]
    faults = []
    for query, (title, body) in zip(sql, blocks):
        if query is None:
            continue
        if query.startswith("create "):
            db.execute(query)  # A view for the statements behind it; what crmq says there is a message.
            continue
        theirs = [[cell(value) for value in row] for row in db.execute(query).fetchall()]
        ours = rows_of(body)
        # A month prints as 2026-09 here and as its first day there.
        same = len(ours) == len(theirs) and all(
            len(a) == len(b) and all(x == y or (isinstance(x, str) and re.fullmatch(r"\d{4}-\d\d", x) and str(y).startswith(x + "-01")) for x, y in zip(a, b))
            for a, b in zip(ours, theirs))
        if not same:
            faults.append(f"{path.relative_to(folder)}: {title}\n  crmq   {[row for row in ours if row not in theirs][:4] or ours[:4]}\n  duckdb {[row for row in theirs if row not in ours][:4] or theirs[:4]}")
    return faults


def main():
    names = sys.argv[1:]
    passed, faults = 0, []
    for path in sorted(FOLDER.rglob("*.sql")):
        if names and not any(name in str(path) for name in names):
            continue
        db = duckdb.connect()
        for table in (FOLDER / "data").glob("*.csv"):
            db.execute(f"create table {table.stem} as from read_csv('{table}', nullstr = '', all_varchar = false)")
        wrong = check(path, db)
        faults += wrong
        passed += not wrong
    for fault in faults:
        print(fault)
    print(f"golden SQL: {passed} passed, {len(faults)} failed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
