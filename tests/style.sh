#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What HACKING.md asks of the source and a search can tell.

# plain FILE: its lines without comments and without the text of strings.
plain() {
	LC_ALL=C awk '{
		out = ""
		n = length($0)
		for (i = 1; i <= n; i++) {
			c = substr($0, i, 1)
			two = substr($0, i, 2)
			if (comment) {
				if (two == "*/") { comment = 0; i++ }
			} else if (quote != "") {
				if (c == "\\") i++
				else if (c == quote) { quote = ""; out = out c }
			} else if (two == "/*") {
				comment = 1; i++
			} else if (two == "//") {
				break
			} else {
				if (c == "\"" || c == "\047") quote = c
				out = out c
			}
		}
		quote = ""
		print out
	}' "$1"
}

# calls FILE NAMES WHY: complains of each call of one of the functions, a|b|c.
calls() {
	plain "$1" | grep -nE "(^|[^A-Za-z0-9_])($2)[ 	]*\(" >"$tmp/hits" || return 0
	while IFS=: read -r line text; do
		echo "$1:$line: $3: $text"
	done <"$tmp/hits"
	return 1
}

check_file() {
	file=$1 name=$(basename "$1") r=0
	calls "$file" 'strcpy|stpcpy|strcat|sprintf|vsprintf|atoi|atol|atoll|strtok|sscanf|gets' \
		'has no limit or no error' || r=1
	case $file in
	*/src/base/*) ;;
	*) calls "$file" 'malloc|calloc|realloc|reallocarray|free|strdup|strndup|alloca' \
		'memory is the arena'"'"'s' || r=1 ;;
	esac
	case $file in
	*/src/base/* | */src/model/* | */src/format/* | */src/report/* | */src/make/*)
		calls "$file" 'v?f?printf|v?dprintf|f?puts|f?putc|putchar|fwrite|perror' \
			'only out/ and above print' || r=1 ;;
	esac
	# A character of UTF-8 counts once.
	LC_ALL=C tr -d '\200-\277' <"$file" | expand -t 8 |
		LC_ALL=C awk -v f="$file" -v most="$columns" 'length > most {
			print f ":" NR ": " length " columns, " most " at most"; bad = 1
		} END { exit bad }' || r=1
	lines=$(wc -l <"$file")
	[ "$lines" -le 500 ] || { echo "$file: $lines lines, 500 at most"; r=1; }
	sed -n 1p "$file" | grep -q "^/\* $name — .*[.:]\( \*/\)\{0,1\}$" ||
		{ echo "$file:1: is not '/* $name — purpose.'"; r=1; }
	sed -n 2p "$file" | grep -q '^ \* SPDX-License-Identifier: Apache-2.0\( \*/\)\{0,1\}$' ||
		{ echo "$file:2: is not the SPDX line"; r=1; }
	return $r
}

check() {
	bad=0
	for f in "$1"/src/*.[ch] "$1"/src/*/*.[ch]; do
		[ ! -f "$f" ] || check_file "$f" || bad=1
	done
	return $bad
}

columns=$(sed -n 's/^ColumnLimit: *//p' "$SRCDIR/.clang-format")
[ "$columns" -gt 70 ] || { echo "no ColumnLimit in .clang-format"; exit 99; }
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
check "$SRCDIR" || exit 1

# It must see what is planted, and nothing else.
planted() {
	rm -rf "$tmp/src"
	mkdir -p "$tmp/src/$1"
	{
		printf '%s\n' "/* x.c — a file to test a test." \
			' * SPDX-License-Identifier: Apache-2.0 */'
		printf '%s\n' "$2"
	} >"$tmp/src/$1/x.c"
	check "$tmp" >"$tmp/said"
	[ $? = "$3" ] || { echo "src/$1: $2: expected $3"; cat "$tmp/said"; exit 1; }
}
planted base '	p = malloc(3);' 0
planted model '	p = malloc(3);' 1
planted model '	match_free(m);' 0
planted model '	/* free(p) */ f("free(p)"); /* as' 0
planted cli '	free (p);' 1
planted format '	printf("x");' 1
planted format '	snprintf(a, sizeof a, "x");' 0
planted out '	printf("x");' 0
planted out '	sprintf(a, "x");' 1
planted base '	n = atoi(p);' 1
planted out "$(printf "\t%0$((columns - 8))d" 0)" 0
planted out "$(printf "\t%0$((columns - 7))d" 0)" 1
planted out "$(printf "/* %0$((columns - 7))d” */" 0)" 0
planted out "$(printf "/* %0$((columns - 6))d” */" 0)" 1
planted out "$(yes '' | head -n 499)x" 0
planted out "$(yes x | head -n 499)" 1
planted out "$(yes x | head -n 498)" 0
sed -i.old 1s/x.c/y.c/ "$tmp/src/out/x.c"
! check "$tmp" >/dev/null || { echo "a wrong first line was not noticed"; exit 1; }
