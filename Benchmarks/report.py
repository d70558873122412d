"""Keeps the tables of every part, newest of each, and puts them into docs/benchmarks.md between two marker lines."""
import datetime
import json

BEGIN = "<!-- figures: written by Benchmarks/run.py --write -->"
END = "<!-- /figures -->"
ORDER = ("customer", "other", "load", "cold", "memory", "kernels", "appends", "scaling")


class Result:
    def __init__(self, path):
        self.path = path
        self.tables = json.loads(path.read_text()) if path.exists() else {}

    def keep(self, key, title, setting, lines, summary):
        self.tables[key] = dict(title=title, day=datetime.date.today().isoformat(), setting=setting, lines=lines, summary=summary)
        self.save()

    def save(self):
        self.path.write_text(json.dumps(self.tables, indent=1))


def write(document, result):
    text = document.read_text()
    if BEGIN not in text or END not in text:
        raise SystemExit(f"{document} has no lines `{BEGIN}` and `{END}` to write between")
    parts = []
    for key in ORDER:
        if key in result.tables:
            table = result.tables[key]
            parts.append("\n".join([f"### {table['title']}", "", f"{table['day']}. {table['setting']}", "", *table["lines"]] + (["", table["summary"]] if table["summary"] else [])))
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    document.write_text(before + BEGIN + "\n\n" + "\n\n".join(parts) + "\n\n" + END + after)
