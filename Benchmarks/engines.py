"""A peer in a process of its own, on its native format, tuned as its users would tune it.

    python engines.py ENGINE DATA PEERS THREADS [--writable | --load]

Reads one request a line as JSON and answers with one line: `{"ask": TEXT}` with seconds, `{"rows": TEXT, "to": FILE}` after writing
the answer as csv, `append`, `delete` and `finish` after a change; what goes wrong as `{"error": …}`. With `--load` it loads from CSV
into an empty store once and prints the seconds.
"""
import json
import os
import pathlib
import shutil
import sys
import time

from data import COLUMNS, DICTIONARIES

CHDB_TYPES = dict(bigint="Int64", integer="Int32", varchar="String", date="Date32", timestamp="DateTime")


def chdb_columns(table):
    def type_of(name, declared):
        base = "Decimal" + declared[7:] if declared.startswith("decimal") else CHDB_TYPES[declared]
        if name in ("merchant", "referred_by"):
            base = f"Nullable({base})"
        return f"LowCardinality({base})" if name in DICTIONARIES[table] else base
    return ", ".join(f"{name} {type_of(name, declared)}" for name, declared in COLUMNS[table].items())


def duckdb_order(engine, table):
    return "customer_id" if table == "customers" else "ts" if engine == "duckdb_ts" else "customer_id, ts"


def duckdb_csv(path, table):
    types = "{" + ", ".join(f"'{name}': '{declared}'" for name, declared in COLUMNS[table].items()) + "}"
    return f"read_csv('{path}', header = true, columns = {types})"


class DuckDB:
    """A database file; texts of few values as ENUM, sorted by customer and time, or as duckdb_ts by time."""

    def __init__(self, engine, data, peers, threads, read_only=True):
        import duckdb
        path = peers / f"{engine}.db"
        if not path.exists():
            building = path.with_suffix(".building")
            building.unlink(missing_ok=True)
            db = duckdb.connect(str(building))
            db.execute(f"set threads = {threads}")
            for table, texts in DICTIONARIES.items():
                source = f"'{data / table}.parquet'"
                # An ENUM takes no value later on, so those of the appends are in it from the start.
                later = [duckdb_csv(path, table) for path in sorted(data.glob("append-*.csv"))] if table == "transactions" else []
                for column in texts:
                    values = " union ".join(f"select {column}::varchar as v from {rows} where {column} is not null" for rows in [source, *later])
                    db.execute(f"create type {table}_{column} as enum (select v from (select distinct v from ({values})) order by v)")
                typed = ", ".join(f"{column}::{table}_{column} as {column}" for column in texts)
                db.execute(f"create table {table} as select * replace ({typed}) from {source} order by {duckdb_order(engine, table)}")
            db.execute("checkpoint")
            db.close()
            building.rename(path)
        self.opened = time.perf_counter()
        self.db = duckdb.connect(str(path), read_only=read_only)
        self.db.execute(f"set threads = {threads}")

    @staticmethod
    def load(engine, data, folder, threads):
        """Types given; no ENUM, whose values would have to be read first: DuckDB makes dictionaries of its own."""
        import duckdb
        start = time.perf_counter()
        db = duckdb.connect(str(folder / "load.db"))
        db.execute(f"set threads = {threads}")
        for table in COLUMNS:
            db.execute(f"create table {table} as select * from {duckdb_csv(data / (table + '.csv'), table)} order by {duckdb_order(engine, table)}")
        db.execute("checkpoint")
        db.close()
        return time.perf_counter() - start

    def ask(self, text):
        return self.db.execute(text).fetchall()

    def rows(self, text, path):
        self.db.execute(f"copy ({text}) to '{path}' (header)")

    def append(self, path):
        self.db.execute(f"insert into transactions select * from {duckdb_csv(path, 'transactions')}")

    def delete(self, condition):
        self.db.execute(f"delete from transactions where {condition}")

    def finish(self):
        self.db.execute("checkpoint")


class ChDB:
    """ClickHouse in the process: MergeTree sorted by customer and time, LowCardinality texts, no cache of answers or conditions."""

    def __init__(self, engine, data, peers, threads, read_only=True):
        from chdb import session
        path = peers / "chdb"
        if not (path / "complete").exists():
            shutil.rmtree(path, ignore_errors=True)
        fresh = not path.exists()
        self.opened = time.perf_counter()
        self.db = session.Session(str(path))
        if fresh:
            self.create(self.db, data, "parquet", threads)
            (path / "complete").touch()
        self.db.query("use bank")
        self.settings = f" settings max_threads = {threads}, use_query_condition_cache = 0"

    @staticmethod
    def create(db, data, ending, threads):
        db.query("create database bank engine = Atomic")
        for table, order in (("customers", "customer_id"), ("transactions", "(customer_id, ts)")):
            db.query(f"create table bank.{table} ({chdb_columns(table)}) engine = MergeTree order by {order}")
            form = ", CSVWithNames" if ending == "csv" else ""
            db.query(f"insert into bank.{table} select * from file('{data}/{table}.{ending}'{form}) settings max_threads = {threads}")
            db.query(f"optimize table bank.{table} final")

    @staticmethod
    def load(engine, data, folder, threads):
        from chdb import session
        start = time.perf_counter()
        db = session.Session(str(folder / "load.chdb"))
        ChDB.create(db, data, "csv", threads)
        db.close()
        return time.perf_counter() - start

    def ask(self, text):
        return self.db.query(text + self.settings, "CSV").bytes()

    def append(self, path):
        self.db.query(f"insert into bank.transactions select * from file('{path}', CSVWithNames)")

    def delete(self, condition):
        self.db.query(f"delete from bank.transactions where {condition}")

    def finish(self):
        pass


class Polars:
    """In memory, Categorical texts, sorted by customer and time; both of its engines."""

    def __init__(self, engine, data, peers, threads, read_only=True):
        os.environ["POLARS_MAX_THREADS"] = str(threads)
        import polars as pl
        from datetime import datetime
        self.opened = time.perf_counter()
        frames = {}
        for table, order in (("customers", ["customer_id"]), ("transactions", ["customer_id", "ts"])):
            frame = pl.read_parquet(data / f"{table}.parquet").with_columns(pl.col(*DICTIONARIES[table]).cast(pl.Categorical))
            frames[table] = frame.sort(order).lazy()
        self.names = dict(t=frames["transactions"], c=frames["customers"], pl=pl, D=datetime)
        self.how = "streaming" if engine == "polars_streaming" else "in-memory"

    def ask(self, text):
        return eval(text, self.names).collect(engine=self.how)


class DataFusion:
    """In memory."""

    def __init__(self, engine, data, peers, threads, read_only=True):
        from datafusion import SessionConfig, SessionContext
        self.opened = time.perf_counter()
        self.db = SessionContext(SessionConfig().with_target_partitions(threads))
        for table in COLUMNS:
            self.db.register_parquet(table + "_file", str(data / f"{table}.parquet"))
            self.db.sql(f"create table {table} as select * from {table}_file").collect()

    def ask(self, text):
        return self.db.sql(text).collect()


CLASSES = dict(duckdb=DuckDB, duckdb_ts=DuckDB, chdb=ChDB, polars=Polars, polars_streaming=Polars, datafusion=DataFusion)
MODULES = dict(duckdb="duckdb", duckdb_ts="duckdb", chdb="chdb", polars="polars", polars_streaming="polars", datafusion="datafusion")
DURABLE = ("duckdb", "duckdb_ts", "chdb")


def text_for(engine, query):
    """A question in an engine's words, None where it has none."""
    if engine.startswith("polars"):
        return query.get("polars")
    if engine == "chdb":
        return query.get("clickhouse", query.get("duckdb"))
    return query.get(engine, query.get("duckdb"))


def serve(engine, data, peers, threads, read_only):
    from importlib.metadata import version
    peer = CLASSES[engine](engine, data, peers, threads, read_only)
    print(json.dumps(dict(ready=time.perf_counter() - peer.opened, version=version(MODULES[engine]))), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        answer = {}
        try:
            start = time.perf_counter()
            if "ask" in request:
                kept = peer.ask(request["ask"])
                answer["seconds"] = time.perf_counter() - start
                del kept
            elif "rows" in request:
                peer.rows(request["rows"], request["to"])
            elif "append" in request:
                peer.append(request["append"])
            elif "delete" in request:
                peer.delete(request["delete"])
            elif "finish" in request:
                peer.finish()
        except BaseException as error:
            answer["error"] = str(error)[:200]
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    engine, data, peers, threads = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), int(sys.argv[4])
    if "--load" in sys.argv:
        print(json.dumps(CLASSES[engine].load(engine, data, peers, threads)))
    else:
        serve(engine, data, peers, threads, "--writable" not in sys.argv)
