#!/usr/bin/env bash
# Builds both executables and puts them side by side, with the manual and what bash and zsh need to complete: scripts/install.sh [PREFIX],
# /usr/local where none is given.
set -euo pipefail
case "${1:-}" in -*)
    echo "usage: scripts/install.sh [PREFIX]   (both executables go to PREFIX/bin, the manual and completions to PREFIX/share; /usr/local where none is given)" >&2
    exit 2
    ;;
esac
cd "$(dirname "$0")/.."
bash scripts/requirements.sh
env -u CRMQ_PORTABLE_ONLY swift build -c release
folder="${1:-/usr/local}/bin"
sudo=""
if [ ! -w "$(dirname "$folder")" ] && [ "$(id -u)" != 0 ]; then sudo="sudo"; fi
$sudo mkdir -p "$folder"
for program in crmq crmq-avx2; do
    # On arm64 there is only the portable one. Each is put in place whole, also where an older one is running.
    if [ -x ".build/release/$program" ]; then $sudo install -m 755 ".build/release/$program" "$folder/$program"; fi
done
share="${1:-/usr/local}/share"
$sudo install -D -m 644 docs/crmq.1 "$share/man/man1/crmq.1"
$sudo install -D -m 644 completions/crmq.bash "$share/bash-completion/completions/crmq"
$sudo install -D -m 644 completions/_crmq "$share/zsh/site-functions/_crmq"
"$folder/crmq" --version
