#!/usr/bin/env python3
"""Asks crmq and its peers the same questions about the same data, and prints ratios.

    python3 Benchmarks/run.py                                   # 1M customers, 20M transactions, every part but the scaling
    python3 Benchmarks/run.py --transactions 1000000            # a smaller one, in a minute or two
    python3 Benchmarks/run.py --write                           # … and put the tables into docs/benchmarks.md
    python3 Benchmarks/run.py --parts scaling --large           # 1M, 20M and 100M rows

Needs a release build of crmq (`--crmq`, .build/release/crmq where it is not given) and, for the first run, the network: peers are
installed from PyPI into a venv below `--work`. Data, stores and results are kept there and used again. `--data FOLDER` takes CSV and
Parquet files of the same columns instead. Every part names what it measured in docs/benchmarks.md.
"""
import argparse
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import machine
import parts
import report

PARTS = ("customer", "other", "load", "cold", "memory", "kernels", "appends", "scaling")

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--customers", type=int, help="default: a twentieth of the transactions")
parser.add_argument("--transactions", type=int, default=20_000_000)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--data", type=pathlib.Path, help="a folder with customers and transactions as .csv and .parquet, in place of the generator's")
parser.add_argument("--work", type=pathlib.Path, default=HERE.parent / ".build" / "benchmarks", help="where data, peers and results are kept")
parser.add_argument("--crmq", type=pathlib.Path, default=HERE.parent / ".build" / "release" / "crmq")
parser.add_argument("--store", type=pathlib.Path, help="a store with the data loaded and linked, in place of one loaded now")
parser.add_argument("--peers", default="duckdb,duckdb_ts,chdb,polars,polars_streaming,datafusion")
parser.add_argument("--parts", default="customer,other,load,cold,memory,kernels,appends", help=f"of {', '.join(PARTS)}")
parser.add_argument("--queries", type=pathlib.Path, help="a file with QUERIES in place of customer.py")
parser.add_argument("--only", help="names of questions, with commas")
parser.add_argument("--runs", type=int, default=9)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--large", action="store_true", help="scaling goes to 100M rows: some 25 GB of disk")
parser.add_argument("--python", help="an interpreter that has the peers, in place of a venv")
parser.add_argument("--write", action="store_true", help="put the tables into docs/benchmarks.md")

if __name__ == "__main__":
    options = parser.parse_args()
    chosen = [part for part in options.parts.split(",") if part]
    if unknown := set(chosen) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    engines = [engine for engine in options.peers.split(",") if engine]
    if not options.crmq.exists():
        sys.exit(f"there is no {options.crmq}: build it with `swift build -c release`, or name another with --crmq")
    options.work.mkdir(parents=True, exist_ok=True)
    run = parts.Run(options, engines, machine.python_with(engines, options.work, options.python))
    result = report.Result(options.work / "result.json")
    failed = 0
    for part in chosen:
        failed += getattr(run, part)(result)
    result.save()
    if options.write:
        report.write(HERE.parent / "docs" / "benchmarks.md", result)
    sys.exit(1 if failed else 0)
