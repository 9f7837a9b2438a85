#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The shared library exports the functions that ckpt.h declares, and nothing else.
so=$BUILDDIR/.libs/libckpt.so
nm -D --defined-only "$so" >/dev/null 2>&1 || { echo "no nm, or no $so"; exit 77; }
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
nm -D --defined-only "$so" | awk '$2 ~ /[A-Z]/ && $2 != "A" { print $3 }' | sort >"$tmp/exported"
# Without comments, a name before a parenthesis is a declaration: ckpt.h has no macros.
sed 's|/\*.*\*/||' "$SRCDIR/src/ckpt.h" | sed '/\/\*/,/\*\//d' |
	grep -o 'ckpt_[a-z0-9_]*(' | tr -d '(' | sort -u >"$tmp/declared"
[ -s "$tmp/declared" ] || { echo "ckpt.h declares no functions?"; exit 1; }
diff -u "$tmp/declared" "$tmp/exported"
