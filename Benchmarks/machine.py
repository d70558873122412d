"""What the figures hang on: the machine, and a Python that has the peers."""
import json
import os
import pathlib
import subprocess
import sys

PACKAGES = dict(duckdb="duckdb", duckdb_ts="duckdb", chdb="chdb", polars="polars", polars_streaming="polars", datafusion="datafusion")


def python_with(engines, folder, given):
    """The interpreter for the peers: the one given, else a venv of our own, where what is missing is installed from PyPI."""
    if given:
        return given
    python = folder / "venv" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    # DuckDB also makes the data and checks the answers; pyarrow is what DataFusion and chDB hand rows over with.
    wanted = sorted({"duckdb", "pyarrow"} | {PACKAGES[engine] for engine in engines})
    missing = [name for name in wanted if subprocess.run([str(python), "-c", f"import {name}"], capture_output=True).returncode]
    if missing:
        print(f"installing {', '.join(missing)}", flush=True)
        subprocess.run([str(python), "-m", "pip", "-q", "install", *missing], check=True)
    return str(python)


def description(threads):
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines() if pathlib.Path("/proc/cpuinfo").exists() else []
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), os.uname().machine)
    flags = next((line.split(":", 1)[1].split() for line in lines if line.startswith("flags")), [])
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    cores = len(os.sched_getaffinity(0))
    return f"{model}, {cores} cores, {memory:.0f} GB of memory, {'AVX2' if 'avx2' in flags else 'no AVX2'}, {threads} threads each"


def memory_bytes_a_second():
    """How fast one thread reads memory that is in no cache: a search for a byte that is not there."""
    import time
    # Not zeros: those would all be one page.
    block = b"\x02" * (1 << 28)
    best = 0.0
    for _ in range(5):
        start = time.perf_counter()
        block.find(b"\x01")
        best = max(best, len(block) / (time.perf_counter() - start))
    return best


def busy():
    """How many cores others keep busy, of the last minute."""
    return os.getloadavg()[0]


def bytes_of(path):
    path = pathlib.Path(path)
    if path.is_file():
        return path.stat().st_size
    seen, total = set(), 0
    for file in path.rglob("*"):
        if file.is_file() and not file.is_symlink():
            stat = file.stat()
            if stat.st_ino not in seen:
                seen.add(stat.st_ino)
                total += stat.st_size
    return total


# Started from this process, which may have grown large, a child would seem as large from its start: so a small one starts it.
LAUNCHER = """
import json, os, resource, subprocess, sys, time
start = time.perf_counter()
code = subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL, close_fds=True).returncode
seconds = time.perf_counter() - start
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
os.write(int(sys.argv[1]), json.dumps(dict(code=code, seconds=seconds, processor=usage.ru_utime + usage.ru_stime, resident=usage.ru_maxrss * 1024)).encode())
"""


def measured(command):
    """Runs a command to its end: seconds by the wall, seconds of processor time, peak resident bytes, its output."""
    reading, writing = os.pipe()
    run = subprocess.run([sys.executable, "-I", "-S", "-c", LAUNCHER, str(writing), *command], capture_output=True, text=True, pass_fds=[writing])
    os.close(writing)
    with os.fdopen(reading) as pipe:
        figures = json.loads(pipe.read() or '{"code": -1}')
    if figures["code"]:
        raise RuntimeError(f"{command[0]} ended with {figures['code']}: {run.stderr[-400:]}")
    return figures | dict(output=run.stdout, errors=run.stderr)
