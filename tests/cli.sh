#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each folder in tests/cli is one test: cmd, and what it must give: out, err, code (absent:
# empty, empty, 0). A command runs in a scratch folder with $DATA, $RUN (copies are its own
# business) and $CKPT_INSPECT, which is ckpt-inspect on its PATH. With --update the
# expectations are written; read the difference before it is committed. CLI_ONLY names one.
fail=0 n=0
tmp=$(mktemp -d) || exit 99
trap 'chmod -R u+rwx "$tmp"; rm -rf "$tmp"' EXIT
mkdir "$tmp/bin"
ln -s "$CKPT_INSPECT" "$tmp/bin/ckpt-inspect"
PATH=$tmp/bin:$PATH DATA=$SRCDIR/tests/data RUN=$SRCDIR/share/examples/run
export PATH DATA RUN
for d in "$SRCDIR"/tests/cli/*/; do
	d=${d%/} name=$(basename "$d") code=0 n=$((n + 1))
	[ -z "${CLI_ONLY-}" ] || [ "$CLI_ONLY" = "$name" ] || continue
	[ -f "$d/code" ] && code=$(cat "$d/code")
	rm -rf "$tmp/here" && mkdir "$tmp/here"
	ln -s "$DATA/corpus" "$tmp/here/corpus"
	ln -s "$DATA/real" "$tmp/here/real"
	ln -s "$DATA/broken" "$tmp/here/broken"
	ln -s "$DATA/graphs" "$tmp/here/graphs"
	ln -s "$DATA/frozen" "$tmp/here/frozen"
	ln -s "$RUN" "$tmp/here/run"
	(cd "$tmp/here" && sh "$d/cmd") >"$tmp/out" 2>"$tmp/err" </dev/null
	got=$?
	if [ "$got" = 77 ]; then
		echo "$name: skipped"
		continue
	fi
	for s in out err; do
		want=$d/$s
		[ -f "$want" ] || want=/dev/null
		if [ "${1-}" = --update ]; then
			if [ -s "$tmp/$s" ]; then cp "$tmp/$s" "$d/$s"; else rm -f "$d/$s"; fi
		elif ! diff -u --label "$name/$s" "$want" --label got "$tmp/$s"; then
			fail=1
		fi
	done
	if [ "${1-}" = --update ]; then
		if [ "$got" = 0 ]; then rm -f "$d/code"; else echo "$got" >"$d/code"; fi
	elif [ "$got" != "$code" ]; then
		echo "$name: exit $got, wanted $code"
		fail=1
	fi
done
[ "$n" -gt 0 ] || fail=1
exit $fail
