"""Compares two answers that were written as csv."""
import csv
import io
import math


def rows_of(text):
    """The rows behind the header; numbers as numbers, a moment at midnight as its day."""
    def value(cell):
        try:
            return float(cell)
        except ValueError:
            return cell.removesuffix(" 00:00:00")
    return [[value(cell) for cell in row] for row in csv.reader(io.StringIO(text))][1:]


def same(ours, theirs):
    """The same rows in the same order. A peer's averages are doubles, ours decimals rounded to six more digits, so they may differ in
    the last; a month is written 2026-09 here and as its first day there."""
    def cell(a, b):
        if isinstance(a, float) and isinstance(b, float):
            return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-6)
        return a == b or (isinstance(a, str) and len(a) == 7 and b == a + "-01")
    return len(ours) == len(theirs) and all(len(x) == len(y) and all(map(cell, x, y)) for x, y in zip(ours, theirs))
