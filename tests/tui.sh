#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each folder in tests/tui is one test of the screen: args (what stands behind
# "ckpt-inspect tui --keys FILE"), keys (see src/tui/script.c) and screens, what :dump
# writes. A file env has variables for it, one a line; setup is run before, in the scratch
# folder that the program runs in, with run (the example) and saver_v2, all of whose files
# have one time, corpus, real and broken. With --update the screens are written: look at
# them before they are committed. TUI_ONLY names one.
fail=0 n=0
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
DATA=$SRCDIR/tests/data
for d in "$SRCDIR"/tests/tui/*/; do
	d=${d%/} name=$(basename "$d") n=$((n + 1))
	[ -z "${TUI_ONLY-}" ] || [ "$TUI_ONLY" = "$name" ] || continue
	rm -rf "$tmp/here" && mkdir "$tmp/here"
	for data in corpus real broken; do
		ln -s "$DATA/$data" "$tmp/here/$data"
	done
	for folder in "$SRCDIR/share/examples/run" "$DATA/corpus/saver_v2"; do
		cp -R "$folder" "$tmp/here"
	done
	chmod -R u+w "$tmp/here/run" "$tmp/here/saver_v2"
	[ ! -f "$d/setup" ] || (cd "$tmp/here" && sh "$d/setup")
	find "$tmp/here/run" "$tmp/here/saver_v2" -exec touch -d 2026-01-02T03:04:05Z {} +
	env=
	[ ! -f "$d/env" ] || env=$(cat "$d/env")
	(cd "$tmp/here" &&
		# shellcheck disable=SC2046,SC2086
		env -u NO_COLOR TERM=xterm-256color $env \
			"$CKPT_INSPECT" tui --keys "$d/keys" $(cat "$d/args")) \
		>"$tmp/got" 2>&1 </dev/null
	code=$?
	[ "$code" = 0 ] || echo "exit $code" >>"$tmp/got"
	if [ "${1-}" = --update ]; then
		cp "$tmp/got" "$d/screens"
	elif ! diff -u --label "$name/screens" "$d/screens" --label got "$tmp/got"; then
		fail=1
	fi
done
[ "$n" -gt 0 ] || fail=1
exit $fail
