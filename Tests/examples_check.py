"""Checks the answers of examples.crmq with another engine, over a demo bank of 500 customers.

    python Tests/examples_check.py [PATH OF crmq] [--record]

Tests/Examples/examples.sql holds one statement for each query of examples.crmq, in order, each ended by `;`, for DuckDB over the tables that the
program exported; `-- by hand: why` stands where SQL would only say the same again. Tests/Examples/examples.out holds the answers that the tests
expect; --record writes it anew from the program, which is only right where this check then passes. Needs: pip install duckdb
"""
import pathlib
import re
import subprocess
import sys
import tempfile

import duckdb

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import golden_sql

ROOT = pathlib.Path(__file__).parent.parent
FOLDER = ROOT / "Tests/Examples"
ARGUMENTS = [a for a in sys.argv[1:] if not a.startswith("--")]
CRMQ = str(pathlib.Path(ARGUMENTS[0] if ARGUMENTS else ROOT / ".build/debug/crmq").resolve())


def crmq(folder, *arguments):
    done = subprocess.run([CRMQ, *arguments], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def statements(text):
    """Statements end before a line that is not indented and does not start with `|`; comments are left out."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    found = []
    for line in lines:
        if line[0] in " |":
            found[-1] += "\n" + line
        else:
            found.append(line)
    return found


def answers(folder):
    """The program's answer to every query, with the definitions before it."""
    setup, blocks = [], []
    for statement in statements((ROOT / "examples.crmq").read_text()):
        if statement.startswith(("from ", "|")):
            (folder / "one.crmq").write_text("\n".join(setup + [statement]))
            blocks.append("> " + " ".join(line.strip() for line in statement.split("\n")) + "\n" + crmq(folder, "bank", "--read-only", "--quiet", "--format", "csv", "-f", "one.crmq"))
        else:
            setup.append(statement)
    return "\n".join(blocks) + "\n"


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        crmq(folder, "demo", "bank", "--customers", "500")
        said = answers(folder)
        if "--record" in sys.argv:
            FOLDER.mkdir(exist_ok=True)
            (FOLDER / "examples.out").write_text(said)
        elif said != (FOLDER / "examples.out").read_text():
            print("the program's answers differ from Tests/Examples/examples.out")
            return 1
        db = duckdb.connect()
        tables = re.findall(r"^(\w+)$", crmq(folder, "bank", "--quiet", "--format", "csv", "-c", "from tables() | select table"), re.M)[1:]
        for table in tables:
            crmq(folder, "bank", "--quiet", "--read-only", "-c", f'from {table} | to "{table}.csv"')
            db.execute(f"create table {table} as from read_csv('{folder}/{table}.csv', nullstr = '', sample_size = -1)")
        faults = golden_sql.check(FOLDER / "examples.sql", db, ROOT / "Tests")
    for fault in faults:
        print(fault)
    print(f"examples: {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
