#!/usr/bin/env bash
# What a Debian machine with a Swift toolchain still needs: the headers of GNU readline.
set -euo pipefail
if ! command -v swift >/dev/null; then
    echo "swift is not on the PATH: install a Swift 6 toolchain first" >&2
    exit 1
fi
if [ ! -e /usr/include/readline/readline.h ]; then
    sudo=""
    if [ "$(id -u)" != 0 ]; then sudo="sudo"; fi
    $sudo apt-get update -qq
    $sudo apt-get install -y -qq libreadline-dev
fi
