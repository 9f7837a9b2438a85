#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What README.md shows is so. Blocks of "console" are commands behind "$ " with all that they
# print, where a line "..." stands for any lines; blocks of "sh" are run if they begin with
# ckpt-inspect; the block of git commands and that of C are tried. "# exit N" is an exit code.
readme=$SRCDIR/README.md
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
bad=0
skipped=0
complain() {
	echo "README.md: $*"
	bad=1
}
# blocks LANGUAGE: the lines of its blocks.
blocks() {
	awk -v fence='```' -v of="$1" '
		inside && $0 == fence { inside = 0; next }
		inside { print }
		$0 == fence of { inside = 1 }' "$readme"
}
exit_code() {
	case $1 in
	*'# exit '*) echo "${1##*# exit }" ;;
	*'ckpt-inspect diff '*) echo 1 ;; # those that are shown differ
	*) echo 0 ;;
	esac
}

mkdir "$tmp/bin" "$tmp/here"
printf '#!/bin/sh\nexec "%s" "$@"\n' "$CKPT_INSPECT" >"$tmp/bin/ckpt-inspect"
chmod +x "$tmp/bin/ckpt-inspect"
PATH=$tmp/bin:$PATH
cp -R "$SRCDIR/share/examples/run" "$SRCDIR/share/examples/weights.safetensors" "$tmp/here"
chmod -R u+w "$tmp/here/run"
cp "$SRCDIR/share/examples/frozen.pb" "$tmp/here/"
cd "$tmp/here" || exit 99

# --- console -------------------------------------------------------------------------------

if command -v jq >/dev/null; then
	blocks console >"$tmp/console"
	grep -q '^\$ ckpt-inspect' "$tmp/console" || complain "no block of console"
	: >"$tmp/got"
	while IFS= read -r line; do
		case $line in
		'$ '*) ;;
		*) continue ;;
		esac
		printf '%s\n' "$line" >>"$tmp/got"
		sh -c "${line#??}" >>"$tmp/got" 2>&1 </dev/null
		got=$?
		[ $got = "$(exit_code "$line")" ] || complain "$line: exit code $got"
	done <"$tmp/console"
	awk '
		NR == FNR { got[n++] = $0; next }
		$0 == "..." { any = 1; next }
		{
			while (any && i < n && got[i] != $0) i++
			any = 0
			if (got[i++] != $0) {
				print "README.md shows: " $0
				print "but there is:    " got[i - 1]
				bad = 1
				exit
			}
		}
		END {
			if (!bad && i < n && !any) {
				print "README.md does not show: " got[i]
				bad = 1
			}
			exit bad
		}' "$tmp/got" "$tmp/console" || bad=1
else
	echo "jq is not there"
	skipped=77
fi

# --- sh ------------------------------------------------------------------------------------

blocks sh | grep '^ckpt-inspect' >"$tmp/lines" || complain "no block of sh"
while IFS= read -r line; do
	sh -c "$line" >"$tmp/out" 2>"$tmp/err" </dev/null
	got=$?
	[ $got = "$(exit_code "$line")" ] && [ ! -s "$tmp/err" ] ||
		complain "$line: exit code $got
$(cat "$tmp/err")"
	[ -s "$tmp/out" ] || [ "$line" != "${line#*>}" ] || [ "$line" != "${line#* -q }" ] ||
		complain "$line: prints nothing"
done <"$tmp/lines"

# --- git -----------------------------------------------------------------------------------

if command -v git >/dev/null; then
	mkdir "$tmp/repository" && cd "$tmp/repository" || exit 99
	export HOME="$tmp" GIT_CONFIG_NOSYSTEM=1 GIT_CEILING_DIRECTORIES="$tmp"
	git init -q . && cp ../here/run/model.ckpt-200.index m.index || exit 99
	blocks sh | grep '^git config\|^echo' >"$tmp/recipe"
	sh -e "$tmp/recipe" || complain "the recipe for git failed"
	git add . && git -c user.name=a -c user.email=a@example.org commit -qm a || exit 99
	cp ../here/run/model.ckpt-400.index m.index
	git diff >"$tmp/diff"
	grep -q '^+dense1/kernel .*\[136,40\]' "$tmp/diff" || complain "git diff shows no tensors"
	cd "$tmp/here" || exit 99
else
	echo "git is not there"
	skipped=77
fi

# --- C -------------------------------------------------------------------------------------

so=$BUILDDIR/.libs/libckpt.so
if command -v cc >/dev/null && [ -f "$so" ] && ! nm -D "$so" 2>/dev/null | grep -q __asan; then
	blocks c >step.c
	cc -Wall -Wextra -I"$SRCDIR/src" step.c -o step "$so" -Wl,-rpath,"$BUILDDIR/.libs" || bad=1
	[ "$(./step)" = 'step 1000' ] || complain "its C program does not say the step"
else
	echo "its C program was not linked"
fi
[ $bad = 0 ] || exit 1
exit $skipped
