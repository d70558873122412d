"""The parts of a run: each measures one thing, prints it and keeps it as a table."""
import csv
import importlib.util
import io
import json
import math
import pathlib
import shutil
import statistics
import subprocess

import machine
from answers import rows_of, same
from engines import DURABLE, text_for
from processes import HERE, Crmq, Peer, crmq_answer, free_file_cache

LINK = "link transactions.customer_id to customers as customer, transactions"
# Asked where every question would take too long: a pruned scan, a group by code, one by link, one by a million keys, a sort, a window.
FEW = ("filter_sum", "by_type", "by_month_channel", "per_customer", "by_customer_city", "by_txn", "row_number", "sort_page")

# One operator each, all rows of the table.
KERNELS = {
    "sum of a decimal": "from transactions | summarize s: sum(amount)",
    "smallest moment": "from transactions | summarize m: min(ts - 1s)",
    "filter on a code": 'from transactions | where channel = "atm" | summarize n: count()',
    "filter on a number": "from transactions | where amount > 1000 | summarize n: count()",
    "two filters and a sum": 'from transactions | where type = "fee" and amount > 100 | summarize s: sum(amount)',
    "groups by a code": "from transactions | summarize n: count() by product",
    "sums by a code": "from transactions | summarize s: sum(amount) by type",
    "sums by a wide code": "from transactions | summarize s: sum(amount) by merchant",
    "sums by month": "from transactions | summarize s: sum(amount) by m: month(ts)",
    "distinct codes": "from transactions | summarize d: distinct(merchant)",
    "text per code": "from transactions | where length(merchant) = 10 | summarize n: count()",
    "look-up along a link": "from transactions | summarize n: count() by customer.tier",
    "sums below a link": "from customers | derive s: sum(transactions.amount) | summarize m: max(s)",
}


def questions_of(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.QUERIES


def milliseconds(value):
    return f"{value * 1000:.1f}" if isinstance(value, float) else "-" if value in (None, "-") else "error"


def megabytes(count):
    return f"{count / 2**20:.0f}"


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


class Run:
    def __init__(self, options, engines, python):
        self.options, self.engines, self.python = options, engines, python
        self.threads = options.threads

    # What a part stands on.

    def data(self, transactions=None):
        """A folder with the data, made where it is not there."""
        if self.options.data and transactions is None:
            return self.options.data.resolve()
        rows = transactions or self.options.transactions
        customers = self.options.customers if self.options.customers and transactions is None else max(1, rows // 20)
        folder = self.options.work / f"data-{customers}-{rows}-{self.options.seed}"
        if not (folder / "complete").exists():
            print(f"making {customers:,} customers and {rows:,} transactions", flush=True)
            subprocess.run([self.python, str(HERE / "data.py"), str(folder), str(customers), str(rows), str(self.options.seed)], check=True)
        return folder

    def peers(self, data):
        folder = data / "peers" if self.options.data is None else self.options.work / f"peers-{data.name}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def load_crmq(self, data, store):
        shutil.rmtree(store, ignore_errors=True)
        return machine.measured([
            str(self.options.crmq), str(store), "--progress", "never", "--threads", str(self.threads), "-c", LINK,
            "-c", f'load customers from "{data}/customers.csv" key customer_id', "-c", f'load transactions from "{data}/transactions.csv" key txn_id time ts'])

    def store(self, data):
        """A store that is loaded from this data by this very program."""
        if self.options.store and data == self.data():
            return self.options.store.resolve()
        store = self.peers(data) / "crmq"
        stamp = self.peers(data) / "crmq.stamp"
        built = str(self.options.crmq.stat().st_mtime_ns)
        if not store.exists() or not stamp.exists() or stamp.read_text() != built:
            self.load_crmq(data, store)
            stamp.write_text(built)
        return store

    def chosen(self, queries):
        return {name: query for name, query in queries.items() if not self.options.only or name in self.options.only.split(",")}

    def start(self, data, engines, writable=False, peers=None):
        started = {}
        for engine in engines:
            try:
                started[engine] = Peer(engine, self.python, data, peers or self.peers(data), self.threads, writable)
            except RuntimeError as error:
                print(error)
        return started

    # Warm questions.

    def customer(self, result):
        path = self.options.queries or HERE / "customer.py"
        return self.questions(result, "customer", f"The customer workload ({path.name})", self.chosen(questions_of(path)))

    def other(self, result):
        return self.questions(result, "other", "What the design does not favour (questions.py)", self.chosen(questions_of(HERE / "questions.py")))

    def questions(self, result, key, title, queries):
        data = self.data()
        engines = self.start(data, self.engines)
        engines["crmq"] = Crmq(self.options.crmq, self.store(data), self.threads)
        figures = self.ask(engines, queries, self.options.runs)
        wrong = self.check(engines.get("duckdb"), self.store(data), queries)
        lines, ratios, slower, failed = self.table(engines, figures, wrong)
        for engine in engines.values():
            engine.close()
        versions = ", ".join(f"{name} {engine.version}" for name, engine in engines.items())
        summary = self.summary(ratios, slower, failed, wrong, queries)
        print(summary)
        result.keep(key, title, f"{self.size(data)}; {machine.description(self.threads)}; {versions}. Warm, interleaved, median of {self.options.runs}, ms.", lines, summary)
        return failed + len(wrong or ())

    def ask(self, engines, queries, runs):
        """Medians of interleaved runs, the order turning so that nobody always follows the same; the first run of each is not counted."""
        print("query".ljust(22) + "".join(name.rjust(18) for name in engines) + "   best peer / crmq", flush=True)
        figures = {}
        for name, query in queries.items():
            times = {engine: [] for engine in engines}
            order = list(engines)
            for turn in range(runs + 1):
                order.append(order.pop(0))
                for engine in order:
                    # Who has failed once, or takes long, is not asked as often.
                    taken = times[engine]
                    if taken and (isinstance(taken[-1], str) or (turn > 3 and taken[-1] > 3)):
                        continue
                    seconds = engines[engine].seconds(query)
                    if turn or isinstance(seconds, str):
                        taken.append(seconds)
            figures[name] = {e: statistics.median(t) if all(isinstance(x, float) for x in t) else next(x for x in t if isinstance(x, str)) for e, t in times.items()}
            best = min((value for engine, value in figures[name].items() if engine != "crmq" and isinstance(value, float)), default=None)
            ours = figures[name].get("crmq")
            print(name.ljust(22) + "".join(milliseconds(value).rjust(18) for value in figures[name].values())
                  + (f"{best / ours:12.2f}" if best and isinstance(ours, float) else f"   {ours}"), flush=True)
        return figures

    def check(self, judge, store, queries, program=None):
        """Names of the questions that crmq answers otherwise than DuckDB; None where there is no DuckDB to ask."""
        if judge is None:
            return None
        wrong = []
        path = self.options.work / "answer.csv"
        for name, query in queries.items():
            ours, noise = crmq_answer(self.options.crmq, store, self.threads, query)
            error = judge.request(rows=query["duckdb"], to=str(path)).get("error")
            theirs = [] if error else rows_of(path.read_text())
            if ours is None or error or not same(rows_of(ours), theirs):
                wrong.append(name)
                print(f"{name}: differs {noise[:200]} {error or ''}\n  ours   {rows_of(ours or '')[:2]}\n  theirs {theirs[:2]}")
        path.unlink(missing_ok=True)
        return wrong

    def table(self, engines, figures, wrong):
        lines = ["| question | " + " | ".join(engines) + " | best peer ÷ crmq |", "|---" * (len(engines) + 2) + "|"]
        ratios, slower, failed = [], [], 0
        for name, times in figures.items():
            best = min((value for engine, value in times.items() if engine != "crmq" and isinstance(value, float)), default=None)
            ours = times["crmq"]
            ratio = best / ours if best and isinstance(ours, float) else None
            failed += not isinstance(ours, float)
            if ratio:
                ratios.append(ratio)
                if ratio < 1:
                    slower.append(name)
            note = f"{ratio:.2f}" if ratio else "-"
            lines.append(f"| {name} | " + " | ".join(milliseconds(times[engine]) for engine in engines) + f" | {note}{' (differs)' if wrong and name in wrong else ''} |")
        return lines, ratios, slower, failed

    def summary(self, ratios, slower, failed, wrong, queries):
        if not ratios:
            return "no peer to compare with"
        answers = "answers not compared" if wrong is None else f"answers equal with DuckDB's: {len(queries) - len(wrong)} of {len(queries)}"
        behind = "; slower than the best peer: " + ", ".join(slower) if slower else ""
        return f"Geometric mean {geometric_mean(ratios):.2f}, lowest {min(ratios):.2f}, {len(ratios) - len(slower)} of {len(ratios)} ahead{behind}; {answers}{f'; {failed} failed' if failed else ''}."

    def size(self, data):
        note = data / "complete"
        return note.read_text().strip() if note.exists() else f"data of {data.name}"

    # Loading.

    def load(self, result):
        """CSV to the durable store and its size: crmq with the link resolved and keys checked; peers with types given, sorted alike."""
        data = self.data()
        folder = self.options.work / "load"
        lines = ["| engine | seconds | processor seconds | peak resident, MB | on disk, MB | seconds ÷ crmq's |", "|---|---|---|---|---|---|"]
        rows = {}
        for engine in ["crmq"] + [engine for engine in self.engines if engine in DURABLE]:
            best = None
            for _ in range(min(3, self.options.runs)):
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir(parents=True)
                try:
                    if engine == "crmq":
                        once = self.load_crmq(data, folder / "store")
                    else:
                        once = machine.measured([self.python, str(HERE / "engines.py"), engine, str(data), str(folder), str(self.threads), "--load"])
                        once["seconds"] = json.loads(once["output"].splitlines()[-1])
                except RuntimeError as error:
                    print(f"{engine}: {error}")
                    break
                once["disk"] = machine.bytes_of(folder)
                if best is None or once["seconds"] < best["seconds"]:
                    best = once
            if best:
                rows[engine] = best
                print(f"load {engine}: {best['seconds']:.2f} s, {best['processor']:.2f} s of processor time, {megabytes(best['resident'])} MB resident, {megabytes(best['disk'])} MB on disk", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        ours = rows["crmq"]
        for engine, best in rows.items():
            lines.append(f"| {engine} | {best['seconds']:.2f} | {best['processor']:.2f} | {megabytes(best['resident'])} | {megabytes(best['disk'])} | {best['seconds'] / ours['seconds']:.2f} |")
        result.keep("load", "From CSV to the durable store", f"{self.size(data)}; {machine.description(self.threads)}. Best of {min(3, self.options.runs)}. crmq: types sniffed, keys checked, link resolved, synced. "
                    "Peers: types given, sorted by customer and time (duckdb_ts by time), checkpointed.", lines, "")
        return 0

    # A fresh process.

    def cold(self, result):
        """The first question of a fresh process. crmq: the whole process, from its start to its end. Peers: from opening to the answer,
        without the start of their interpreter and the reading of their library."""
        data = self.data()
        queries = questions_of(HERE / "customer.py")
        asked = {"count": dict(crmq="from customers | summarize n: count()", duckdb="select count(*) from customers"), "filter_sum": queries["filter_sum"], "segment_tier": queries["segment_tier"]}
        store = self.store(data)
        names = ["crmq"] + [engine for engine in self.engines if engine in DURABLE]
        lines = ["| question | file cache | " + " | ".join(names) + " |", "|---" * (len(names) + 2) + "|"]
        emptied = free_file_cache()
        for cache in ("warm",) + (("empty",) if emptied else ()):
            for name, query in asked.items():
                cells = []
                for engine in names:
                    times = []
                    for _ in range(5):
                        if cache == "empty":
                            free_file_cache()
                        if engine == "crmq":
                            times.append(machine.measured([str(self.options.crmq), str(store), "--read-only", "--progress", "never", "--format", "csv", "--threads", str(self.threads), "-c", query["crmq"]])["seconds"])
                        else:
                            peer = Peer(engine, self.python, data, self.peers(data), self.threads)
                            seconds = peer.seconds(query)
                            peer.close()
                            times.append(seconds + peer.ready if isinstance(seconds, float) else math.inf)
                    cells.append(milliseconds(statistics.median(times)))
                lines.append(f"| {name} | {cache} | " + " | ".join(cells) + " |")
                print("cold " + lines[-1], flush=True)
        result.keep("cold", "The first question of a fresh process", f"{self.size(data)}; {machine.description(self.threads)}. Median of 5, ms. crmq: the whole process; peers: opening and the answer, their interpreter already there.", lines, "")
        return 0

    # Memory.

    def memory(self, result):
        """Peak resident memory of a process that asks one question, with its library and interpreter."""
        data = self.data()
        queries = {**questions_of(HERE / "customer.py"), **questions_of(HERE / "questions.py")}
        store = self.store(data)
        lines = ["| question | crmq | crmq --memory 512MB | duckdb |", "|---|---|---|---|"]
        for name in [name for name in FEW + ("median_product", "rfm_scores", "by_customer_day", "distinct_pairs") if name in self.chosen(queries)]:
            cells = []
            for extra in ([], ["--memory", "512MB"]):
                try:
                    cells.append(megabytes(machine.measured([str(self.options.crmq), str(store), "--read-only", "--progress", "never", "--format", "csv", "--threads", str(self.threads), *extra, "-c", queries[name]["crmq"]])["resident"]))
                except RuntimeError as error:
                    cells.append("refused")
                    print(f"{name}: {error}")
            code = ("import duckdb, sys; db = duckdb.connect(sys.argv[1], read_only=True); db.execute('set threads = ' + sys.argv[2]); db.execute(sys.argv[3]).fetchall()")
            cells.append(megabytes(machine.measured([self.python, "-c", code, str(self.peers(data) / "duckdb.db"), str(self.threads), queries[name]["duckdb"]])["resident"])
                         if (self.peers(data) / "duckdb.db").exists() else "-")
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
            print("memory " + lines[-1], flush=True)
        result.keep("memory", "Peak resident memory", f"{self.size(data)}; {machine.description(self.threads)}. MB of one process that asks one question.", lines, "")
        return 0

    # Appends.

    def appends(self, result):
        """The questions again after ten appends with deletes between, the same in every engine, and nothing optimized since."""
        data = self.data()
        if not (data / "append-1.csv").exists():
            print(f"appends: {data} has no append-1.csv, so they are left out")
            return 0
        queries = self.chosen({**questions_of(HERE / "customer.py"), **questions_of(HERE / "questions.py")})
        source, folder = self.peers(data), self.options.work / "appended"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        # Only engines that have a store that can be changed; copies, so that the other parts find theirs as it was.
        names = [engine for engine in self.engines if engine in DURABLE]
        for engine in self.start(data, [engine for engine in names if engine != "chdb"]).values():
            engine.close()
            shutil.copy(source / f"{engine.engine}.db", folder)
        store = folder / "crmq"
        shutil.copytree(self.store(data), store)
        changes = []
        engines = self.start(data, names, writable=True, peers=folder)
        for number in range(1, 11):
            changes += ["-c", f'append transactions from "{data}/append-{number}.csv"', "-c", f"delete transactions where txn_id mod 1000 = {number * 7}"]
            for name, engine in engines.items():
                for request in (dict(append=str(data / f"append-{number}.csv")), dict(delete=f"txn_id % 1000 = {number * 7}")):
                    if error := engine.request(**request).get("error"):
                        print(f"{name}: {error}")
        for engine in engines.values():
            engine.request(finish=True)
            engine.close()
        ours = machine.measured([str(self.options.crmq), str(store), "--quiet", "--threads", str(self.threads), *changes])
        print(f"ten appends and deletes: {ours['seconds']:.2f} s", flush=True)
        engines = self.start(data, names, peers=folder)
        engines["crmq"] = Crmq(self.options.crmq, store, self.threads)
        figures = self.ask(engines, queries, self.options.runs)
        wrong = self.check(engines.get("duckdb"), store, queries)
        lines, ratios, slower, failed = self.table(engines, figures, wrong)
        for engine in engines.values():
            engine.close()
        summary = self.summary(ratios, slower, failed, wrong, queries)
        print(summary)
        result.keep("appends", "After ten appends with deletes between", f"{self.size(data)}; {machine.description(self.threads)}. Median of {self.options.runs}, ms; only engines with a store.", lines, summary)
        shutil.rmtree(folder, ignore_errors=True)
        return failed + len(wrong or ())

    # Kernels.

    def kernels(self, result):
        """One operator each, on one thread: nanoseconds a row, and the stored bytes that it walks through against the speed at which
        this machine reads memory. What decodes few bits a row cannot come near that speed; what is far below it with many bits should."""
        data = self.data()
        store = self.store(data)
        rows = 0
        lines = ["| kernel | ns a row | stored bits a row | GB a second | of memory's speed |", "|---|---|---|---|---|"]
        memory = machine.memory_bytes_a_second()
        for name, text in KERNELS.items():
            command = [str(self.options.crmq), str(store), "--read-only", "--progress", "never", "--format", "csv", "--threads", "1", "--timing", "json"]
            told = machine.measured(command + ["-c", "explain analyze " + text])
            read = sum(int(row[5]) for row in csv.reader(io.StringIO(told["output"])) if len(row) > 5 and row[5].isdigit())
            rows = rows or int(machine.measured(command + ["-c", "from transactions | summarize n: count()"])["output"].splitlines()[-1])
            timed = machine.measured(command + ["-c", text] * 6)
            seconds = [json.loads(line)["seconds"] for line in timed["errors"].splitlines() if line.startswith('{"statement"')]
            best = min(seconds[1:])
            lines.append(f"| {name} | {best / rows * 1e9:.2f} | {read * 8 / rows:.1f} | {read / best / 1e9:.2f} | {read / best / memory:.0%} |")
            print("kernel " + lines[-1], flush=True)
        result.keep("kernels", "Kernels", f"{self.size(data)}; {machine.description(1)}. Best of 5, one thread; memory is read at {memory / 1e9:.1f} GB a second by one thread.", lines, "")
        return 0

    # Scaling.

    def scaling(self, result):
        """The same questions on 1M, 20M and with --large 100M rows, crmq alone; and the resident memory of a sum with a small cache."""
        sizes = [1_000_000, 20_000_000] + ([100_000_000] if self.options.large else [])
        queries = {**questions_of(HERE / "customer.py"), **questions_of(HERE / "questions.py")}
        queries = {name: queries[name] for name in FEW}
        figures, resident = {}, {}
        for rows in sizes:
            # CSV, Parquet and store of 100M rows take some 13 GB together.
            if shutil.disk_usage(self.options.work).free < rows * 250:
                print(f"scaling: not enough disk for {rows:,} rows")
                break
            data = self.data(rows)
            engine = Crmq(self.options.crmq, self.store(data), self.threads)
            figures[rows] = {name: times["crmq"] for name, times in self.ask({"crmq": engine}, queries, min(5, self.options.runs)).items()}
            engine.close()
            total = machine.measured([str(self.options.crmq), str(self.store(data)), "--read-only", "--progress", "never", "--threads", str(self.threads), "--memory", "256MB",
                                      "-c", "from transactions | summarize s: sum(amount), n: count() by type"])
            resident[rows] = total["resident"]
        sizes = list(figures)
        lines = ["| question | " + " | ".join(f"{rows // 1_000_000}M, ms" for rows in sizes) + " | " + " | ".join(f"{b // 1_000_000}M ÷ {a // 1_000_000}M" for a, b in zip(sizes, sizes[1:])) + " |", "|---" * (2 * len(sizes)) + "|"]
        for name in queries:
            times = [figures[rows][name] for rows in sizes]
            growth = [f"{b / a:.1f}" if isinstance(a, float) and isinstance(b, float) else "-" for a, b in zip(times, times[1:])]
            lines.append(f"| {name} | " + " | ".join(map(milliseconds, times)) + " | " + " | ".join(growth) + " |")
        lines.append("| resident, MB, of a sum with --memory 256MB | " + " | ".join(megabytes(resident[rows]) for rows in sizes) + " | " + " | ".join(f"{resident[b] / resident[a]:.2f}" for a, b in zip(sizes, sizes[1:])) + " |")
        print("\n".join(lines))
        result.keep("scaling", "From 1M rows on", f"{machine.description(self.threads)}. crmq alone, warm.", lines, "")
        return 0
