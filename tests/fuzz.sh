#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Replays every corpus through its target.
for d in "$SRCDIR"/tests/fuzz/corpus/*/; do
	t=$(basename "$d")
	"$BUILDDIR/tests/fuzz/fuzz_$t" "$d"* >/dev/null 2>"$BUILDDIR/tests/fuzz/$t.err" || {
		tail -n 40 "$BUILDDIR/tests/fuzz/$t.err"
		exit 1
	}
	rm -f "$BUILDDIR/tests/fuzz/$t.err"
done
