#!/usr/bin/env bash
# Installs what is missing, builds the release program, makes a demo bank and runs examples.crmq on it.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/requirements.sh
swift build -c release
bank="${1:-.build/demo-bank}"
# Our own bank is made anew each time: one of an earlier version may lack what the examples ask for. Anybody else's is left as it is.
if [ $# -eq 0 ]; then rm -rf "$bank"; fi
if [ ! -d "$bank" ]; then .build/release/crmq demo "$bank" --customers 10000; fi
.build/release/crmq "$bank" --read-only --format table --echo -f examples.crmq
echo
echo "Now try it yourself:  .build/release/crmq $bank"
