#!/usr/bin/env bash
# Runs every test. The golden answers are checked with DuckDB too where python3 can install it into a venv.
set -euo pipefail
cd "$(dirname "$0")/.."
# One executable is enough for tests: they compile everything once.
export CRMQ_PORTABLE_ONLY=1
bash scripts/requirements.sh
venv=".build/venv"
if [ ! -x "$venv/bin/python" ]; then python3 -m venv "$venv" 2>/dev/null || rm -rf "$venv"; fi
if [ -x "$venv/bin/python" ] && { "$venv/bin/python" -c 'import duckdb' 2>/dev/null || "$venv/bin/pip" -q install duckdb; }; then
    "$venv/bin/python" Tests/golden_sql.py
else
    echo "golden SQL: skipped, no python3 venv with duckdb on this machine"
fi
swift build --build-tests
if [ -x "$venv/bin/python" ] && "$venv/bin/python" -c 'import duckdb' 2>/dev/null; then "$venv/bin/python" Tests/examples_check.py; fi
swift test --skip-build
