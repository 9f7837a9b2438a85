#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the pictures of README.md again: share/screens/make.sh [CKPT-INSPECT]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
tool=$(realpath "${1:-$here/../../build/ckpt-inspect}")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cp -R "$here/../examples/run" "$tmp/run"
find "$tmp/run" -exec touch -d 2026-01-02T03:04:05Z {} +
cd "$tmp"
export TERM=xterm-256color LC_ALL=C.UTF-8 TZ=UTC
shoot() { # SIZE PATH [PATH], keys on standard input
	size=$1
	shift
	cat >keys
	"$tool" tui --keys keys --size "$size" "$@" | python3 "$here/render.py" "$here"
}
shoot 80x20 run@1000 <<'KEYS'
:wait
jjjjj
:dump-attr browse
/dense1/kernel$<Enter><Enter>
:wait
:dump-attr values
<Tab><Tab>
:wait
:dump-attr histogram
KEYS
shoot 80x16 run@800 run@1000 <<'KEYS'
:wait
:dump-attr diff
KEYS
shoot 92x14 run <<'KEYS'
:wait
cv
:wait
<Tab>/writer/table$<Enter><Tab>
:dump-attr history
KEYS
