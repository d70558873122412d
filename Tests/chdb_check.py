"""Compares funnels, retention and cohorts with ClickHouse's on generated events, ties included.

    python Tests/chdb_check.py [PATH OF crmq] [SEED]

Needs: pip install chdb (the engine of ClickHouse as a library; some 100 MB, so this is not part of the ordinary tests).
Events are drawn from few moments, so that most tie with another; half of the funnels have steps that one event can serve twice.
"""
import csv
import io
import itertools
import pathlib
import random
import subprocess
import sys
import tempfile

import chdb

ROOT = pathlib.Path(__file__).parent.parent
CRMQ = str(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / ".build/debug/crmq").resolve())
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 1
KINDS = ["look", "ask", "offer", "buy"]


def generate(folder, users, moments, seed):
    """Users, their events in few moments of some weeks of 2026, and what every event is worth."""
    dice = random.Random(seed)
    people, events = [], []
    for user in range(1, users + 1):
        people.append((user,))
        for _ in range(dice.choice([0, 1, 2, 3, 5, 8, 13])):
            day, hour = dice.randrange(moments), dice.choice([0, 0, 0, 12])
            events.append((len(events) + 1, user, f"2026-{1 + day // 28:02}-{1 + day % 28:02} {hour:02}:00:00", dice.choice(KINDS), dice.randrange(100)))
    for name, head, rows in (("users", ["user"], people), ("events", ["id", "user", "ts", "kind", "points"], events)):
        with open(folder / f"{name}.csv", "w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([head] + rows)
    return len(events)


def crmq(folder, *statements):
    """The rows of the last statement's answer."""
    done = subprocess.run(
        [CRMQ, str(folder / "store"), "--format", "csv", "--quiet", "--as-of", "2026-12-31", *itertools.chain(*(("-c", s) for s in statements))],
        capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    return [row for row in csv.reader(io.StringIO(done.stdout))][1:]


def clickhouse(folder, sql):
    sql = sql.replace("EVENTS", f"file('{folder}/events.csv', CSVWithNames, 'id Int64, user Int64, ts DateTime, kind String, points Int64')")
    return [row for row in csv.reader(io.StringIO(str(chdb.query(sql, "CSV"))))]


def exact(events, steps, window):
    """The longest chain, by trying every one: for the cases in which the two differ."""
    best = 0

    def go(level, last, first, used):
        nonlocal best
        best = max(best, level)
        if level == len(steps):
            return
        for index, (ts, kind, points) in enumerate(events):
            if index not in used and (last is None or ts >= last) and (first is None or ts - first <= window) and steps[level](kind, points):
                go(level + 1, ts, ts if first is None else first, used | {index})

    go(0, None, None, frozenset())
    return best


FUNNELS = [
    # (name, conditions as text of both languages, the same in Python)
    ("apart", ["kind = 'look'", "kind = 'ask'", "kind = 'buy'"], None),
    ("apart, two", ["kind = 'offer'", "kind = 'buy'"], None),
    ("all four", [f"kind = '{k}'" for k in KINDS], None),
    ("overlapping", ["kind in ('look', 'ask')", "kind in ('ask', 'buy')", "points > 50"],
     [lambda k, p: k in ("look", "ask"), lambda k, p: k in ("ask", "buy"), lambda k, p: p > 50]),
    ("twice the same", ["kind = 'look'", "kind = 'look'", "kind = 'look'"], [lambda k, p: k == "look"] * 3),
]


def ours(condition):
    return condition.replace("in (", "in [").replace(")", "]").replace("'", '"')


def check_funnels(folder):
    faults = 0
    for name, conditions, tests in FUNNELS:
        for days in (0, 1, 3, 14):
            mode = ", 'strict_once'" if tests else ""
            mine = crmq(folder, f"from events | summarize level: funnel(ts, {days}d, {', '.join(map(ours, conditions))}) by user")
            theirs = clickhouse(
                folder, f"select user, windowFunnel({days * 86400}{mode})(ts, {', '.join(conditions)}) from EVENTS group by user order by user")
            differ = [(a, b) for a, b in zip(mine, theirs) if a != b]
            assert len(mine) == len(theirs)
            print(f"funnel {name:15} within {days:2}d: {len(mine)} users, {len(differ)} differ")
            if not tests:
                faults += len(differ)
                continue
            # One event, one step: where the two differ, every chain is tried.
            if differ:
                wanted = {row[0] for row, _ in differ}
                rows = clickhouse(folder, f"select user, toUnixTimestamp(ts), kind, points from EVENTS where user in ({', '.join(wanted)})")
                for (user, level), (_, their) in differ:
                    events = [(int(t), k, int(p)) for u, t, k, p in rows if u == user]
                    truth = exact(events, tests, days * 86400)
                    if int(level) != truth:
                        faults += 1
                        print(f"  user {user}: {level}, ClickHouse {their}, every chain tried {truth}")
                print(f"  in all {len(differ)} of them the longest chain, found by trying every one, is ours" if not faults else "  FAULTS")
    return faults


def check_retention(folder):
    """ClickHouse's retention(c1, c2, …): who met c1, and of those who met each of the others."""
    spans = [("2026-01-01", "2026-01-07"), ("2026-01-08", "2026-01-14"), ("2026-01-15", "2026-01-21"), ("2026-01-22", "2026-01-28")]
    conditions = ", ".join(f"toDate(ts) between '{a}' and '{b}'" for a, b in spans)
    theirs = clickhouse(
        folder, f"select sum(r[1]), sum(r[2]), sum(r[3]), sum(r[4]) from (select user, retention({conditions}) as r from EVENTS group by user)")
    members = ", ".join(f"w{i}: exists(events where ts in {a}..{b})" for i, (a, b) in enumerate(spans))
    mine = crmq(folder, f"from users | derive {members} | summarize " + ", ".join(f"r{i}: count(where w0 and w{i})" for i in range(4)))
    print(f"retention: {mine} {theirs}")
    return int(mine != theirs)


def check_cohorts(folder):
    faults = 0
    for step, start in (("1w", "toMonday"), ("1mo", "toStartOfMonth")):
        number = {"1w": "dateDiff('week', {0}, {1})", "1mo": "dateDiff('month', {0}, {1})"}[step]
        theirs = clickhouse(folder, f"""
            with firsts as (select user, {start}(min(ts)) as cohort from EVENTS group by user)
            select toString(cohort), {number.format('cohort', start + '(ts)')} as period, uniqExact(user), sum(points)
            from EVENTS as e join firsts using (user) group by cohort, period having period <= 6 order by cohort, period""")
        mine = crmq(
            folder, f"from users | cohort(events.ts, sum(events.points), every: {step}, periods: 6) | where customers > 0 "
            "| select cohort: start(cohort), period, customers, value")
        print(f"cohorts by {step}: {len(mine)} cells, {'equal' if mine == theirs else 'DIFFERENT'}")
        faults += mine != theirs
        # On or after: who comes in a period or later.
        theirs = clickhouse(folder, f"""
            with firsts as (select user, {start}(min(ts)) as cohort, {start}(max(ts)) as last from EVENTS group by user)
            select toString(cohort), period, count() from firsts array join range(7) as period
            where {number.format('cohort', 'last')} >= period group by cohort, period order by cohort, period""")
        mine = crmq(
            folder, f"from users | cohort(events.ts, every: {step}, periods: 6, after: true) | where customers > 0 | select cohort: start(cohort), period, customers")
        print(f"cohorts by {step}, on or after: {len(mine)} cells, {'equal' if mine == theirs else 'DIFFERENT'}")
        faults += mine != theirs
    return faults


def main():
    faults = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        count = generate(folder, 2000, 84, SEED)
        crmq(
            folder, 'load users from "users.csv" key user', 'load events from "events.csv" key id time ts', "link events.user to users as owner, events",
            "from users | summarize n: count()")
        print(f"seed {SEED}: 2000 users, {count} events")
        faults += check_funnels(folder) + check_retention(folder) + check_cohorts(folder)
    print("all equal, or the difference argued" if not faults else f"{faults} FAULTS")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
