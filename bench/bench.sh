#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# bench.sh — how long and how much memory: ours, the machine's own tools, and TensorFlow.
#
#	bench/bench.sh [BUILD-FOLDER]          default: build
#
# Needs GNU time (/usr/bin/time). TF_PYTHON names a Python with TensorFlow, to compare with
# inspect_checkpoint; without it that line is left out. Each line is the median of RUNS (7)
# runs, warm; the machine's load is part of every figure, so compare lines of one run.
set -eu
build=${1:-build} runs=${RUNS:-7}
here=$(cd "$(dirname "$0")/.." && pwd)
tool=$build/ckpt-inspect tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
[ -x "$build/bench/make_big" ] || make -C "$build" -s bench/make_big
[ -x /usr/bin/time ] || { echo "bench.sh: GNU time is needed" >&2; exit 2; }

# median SECONDS, MiB of a command
measure() {
	label=$1
	shift
	i=0
	while [ $i -lt "$runs" ]; do
		/usr/bin/time -a -o "$tmp/t" -f '%e %M' "$@" >/dev/null 2>&1 || true
		i=$((i + 1))
	done
	grep -v '^Command' "$tmp/t" | sort -n | awk -v label="$label" '{ s[NR] = $1; m[NR] = $2 }
		END { k = int((NR + 1) / 2); printf "%-44s %8.3f s %9.1f MiB\n", label, s[k], m[k] / 1024 }'
	rm -f "$tmp/t"
}

small=$here/share/examples/run/model.ckpt-800
measure "true" true
measure "list, 26 tensors" "$tool" list "$small"
measure "list --json, 26 tensors" "$tool" --json "$small"
measure "verify, 26 tensors" "$tool" verify "$small"
if [ -n "${TF_PYTHON-}" ]; then
	runs_all=$runs runs=3
	measure "TensorFlow inspect_checkpoint, 26 tensors" env TF_CPP_MIN_LOG_LEVEL=3 "$TF_PYTHON" \
		-m tensorflow.python.tools.inspect_checkpoint --file_name="$small" --all_tensor_names
	runs=$runs_all
fi
"$build/bench/make_big" "$tmp/many" 1000000 4
measure "list, 1,000,000 tensors" "$tool" list "$tmp/many"
measure "list --sort none, 1,000,000 tensors" "$tool" list --sort none "$tmp/many"
measure "list --ndjson, 1,000,000 tensors" "$tool" list --ndjson "$tmp/many"
measure "print one of 1,000,000" "$tool" print "$tmp/many" tower_077/layer_0333/kernel_05
measure "verify, 1,000,000 tensors of 4 bytes" "$tool" verify "$tmp/many"
echo "the screen with 1,000,000 tensors, from a key to its frame:"
"$tool" tui --keys "$here/bench/tui.keys" "$tmp/many" 2>&1 | sed 's/^/  /'
rm "$tmp"/many.*
"$build/bench/make_big" "$tmp/large" 64 16777216
cat "$tmp"/large.data-* >/dev/null
measure "cat, 1 GiB" cat "$tmp/large.data-00000-of-00001"
measure "verify, 1 GiB" "$tool" verify "$tmp/large"
measure "stats, 1 GiB" "$tool" stats "$tmp/large"
measure "stats --check, 1 GiB" "$tool" stats --check "$tmp/large"
for end in index data-00000-of-00001; do cp "$tmp/large.$end" "$tmp/same.$end"; done
"$build/bench/make_big" "$tmp/other" 64 16777216 1
cat "$tmp"/same.data-* "$tmp"/other.data-* >/dev/null
measure "cmp, equal, 2 x 1 GiB" cmp "$tmp/large.data-00000-of-00001" "$tmp/same.data-00000-of-00001"
measure "diff, equal, 2 x 1 GiB" "$tool" diff "$tmp/large" "$tmp/same"
measure "diff, all different, 2 x 1 GiB" "$tool" diff "$tmp/large" "$tmp/other"
measure "diff --quick, 64 tensors" "$tool" diff --quick "$tmp/large" "$tmp/other"
measure "log, 3 x 1 GiB" "$tool" log "$tmp/large" "$tmp/same" "$tmp/other"
measure "print --raw, 16 MiB" "$tool" print --raw "$tmp/large" tower_000/layer_0001/kernel_03
measure "cp, 1 GiB" cp "$tmp/large.data-00000-of-00001" "$tmp/copy"
rm "$tmp/copy"
for end in npz safetensors; do
	measure "export as .$end, 1 GiB" "$tool" export "$tmp/large" -f -q -o "$tmp/out.$end"
	rm "$tmp/out.$end"
done
rm "$tmp"/same.* "$tmp"/other.*
measure "export --cast bfloat16, 1 GiB" "$tool" export "$tmp/large" --cast bfloat16 -f -q \
	-o "$tmp/out.safetensors"
rm "$tmp"/out.* "$tmp"/large.*
# A tensor larger than what the program may use of memory, and than 32 bits count.
runs=1
"$build/bench/make_big" "$tmp/one" 1 6442450944
for end in npz safetensors; do
	measure "export as .$end, one tensor of 6 GiB" "$tool" export "$tmp/one" --max-memory 64M \
		-q -o "$tmp/one.$end"
	rm "$tmp/one.$end"
done
