#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A file of src/ includes its own floor and those below it; report and make stand side by
# side. ckpt.h is the ground and includes nothing of ours.
floors='base model proto format report|make out tui cli'

# allowed FLOOR: what a file of this floor may include from.
allowed() {
	below=
	for f in $floors; do
		case "|$f|" in
		*"|$1|"*) echo "$below $1"; return ;;
		esac
		below="$below $(echo "$f" | tr '|' ' ')"
	done
}

# check TREE: names each include that leads upwards; 1 if there is one.
check() {
	bad=0
	for folder in "$1"/src/*/; do
		floor=$(basename "$folder")
		if [ -z "$(allowed "$floor")" ]; then
			echo "src/$floor is no floor: see HACKING.md"
			bad=1
			continue
		fi
		may=$(allowed "$floor")
		for file in "$folder"*.[ch]; do
			[ -f "$file" ] || continue
			for h in $(sed -n 's/^[ 	]*#[ 	]*include[ 	]*"\([^"]*\)".*/\1/p' "$file"); do
				case $h in
				ckpt.h | config.h) continue ;;
				*/*) in=${h%%/*} ;;
				*) in=none ;;
				esac
				case " $may " in
				*" $in "*) ;;
				*) echo "$file includes $h; $floor may include:$may"; bad=1 ;;
				esac
			done
		done
	done
	if grep -n '^[ 	]*#[ 	]*include[ 	]*"' "$1/src/ckpt.h"; then
		echo "src/ckpt.h includes a file of ours"
		bad=1
	fi
	return $bad
}

check "$SRCDIR" || exit 1

# It must see what is planted.
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
planted() {
	rm -rf "$tmp/src"
	mkdir -p "$tmp/src/base" "$tmp/src/report" "$tmp/src/$(dirname "$1")"
	: >"$tmp/src/ckpt.h"
	printf '%s\n' "$2" >"$tmp/src/$1"
	if check "$tmp" >/dev/null; then
		echo "$2 in src/$1 was not noticed"
		exit 1
	fi
}
planted base/arena.c '#include "model/dtype.h"'
planted base/arena.h '# include	"proto/state.pb-c.h"'
planted model/dtype.c '#include "format/wire.h"'
planted report/list.c '#include "make/freeze.h"'
planted report/list.h '#include "out/json.h"'
planted out/json.c '#include "cli/opt.h"'
planted cli/main.c '#include "cmd.h"'
planted ckpt.h '#include "base/arena.h"'
planted common/common.h '#include <stdio.h>'
