#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# share/completions holds what "ckpt-inspect completion" prints, and the shells can read it.
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
bad=0
for shell in bash zsh fish; do
	case $shell in
	bash) name=ckpt-inspect ;;
	zsh) name=_ckpt-inspect ;;
	fish) name=ckpt-inspect.fish ;;
	esac
	"$CKPT_INSPECT" completion $shell >"$tmp/$shell" || bad=1
	diff -u "$SRCDIR/share/completions/$shell/$name" "$tmp/$shell" || bad=1
	if command -v $shell >/dev/null; then
		$shell -n "$tmp/$shell" || bad=1
	fi
done
command -v bash >/dev/null || exit $bad

# complete WORD...: what bash offers for the last word, one a line.
cat >"$tmp/complete" <<'BASH'
compopt() { :; }
. "$1"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
_ckpt_inspect
((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}"
BASH
offers() {
	want=$1
	shift
	got=$(cd "$tmp/run" && bash "$tmp/complete" "$tmp/bash" ckpt-inspect "$@" | tr '\n' '|')
	[ "$got" = "$want" ] || { echo "bash offers '$got' for '$*', wanted '$want'"; bad=1; }
}
mkdir "$tmp/run"
: >"$tmp/run/model.ckpt-5.index"
offers 'list|' li
offers '--sort=|' list --so
offers '--sort=|' --so
offers '' info --so
offers '--slice=|' print --sl
offers '--version|' verify --ver
offers 'model.ckpt-5.index|' verify mod
offers 'model.ckpt-5.index|' print -s 0 model.ckpt-5.i
exit $bad
