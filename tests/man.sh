#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The manuals: mandoc finds nothing to say; they name each option, column, finding, JSON key,
# function and struct that there is, and no other; their examples run.
man=$SRCDIR/man
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
bad=0
skipped=0

complain() {
	echo "$*"
	bad=1
}
# same WHAT: $tmp/manual and $tmp/program hold the same words.
same() {
	sort -u "$tmp/manual" -o "$tmp/manual"
	sort -u "$tmp/program" -o "$tmp/program"
	[ -s "$tmp/program" ] || complain "$1: nothing was found to compare"
	diff "$tmp/program" "$tmp/manual" >"$tmp/diff" ||
		complain "$1 (< the program, > the manual):
$(cat "$tmp/diff")"
}
needs() {
	for p; do
		command -v "$p" >/dev/null || { echo "$p is not there"; skipped=77; return 1; }
	done
}

# --- mandoc --------------------------------------------------------------------------------

if needs mandoc; then
	mandoc -Tlint -W warning "$man"/* || bad=1
fi

# --- options, columns, findings ------------------------------------------------------------

# options SECTION: ".It Fl x , -exclude Ns = Ns Ar PATTERN" as "-x, --exclude=PATTERN".
options() {
	awk -v section="$1" '
		/^\.S[sh] / { inside = substr($0, 5) == section }
		inside && /^\.It Fl / {
			sub(/^\.It Fl /, "-")
			gsub(/ Ns = Ns Ar /, "=")
			gsub(/ , /, ", -")
			print
		}' "$man/ckpt-inspect.1"
}
# helped [COMMAND]: the options that its --help shows.
helped() {
	"$CKPT_INSPECT" "$@" --help |
		sed -n 's/^ *\(-[A-Za-z], --[^ ]*\) .*/\1/p; s/^ *\(--[^ ]*\) .*/\1/p'
}
commands=$("$CKPT_INSPECT" --help | sed -n '/^Commands/,/^$/s/^  \([a-z]*\) .*/\1/p')
[ -n "$commands" ] || complain "no commands in --help"
for c in $commands; do
	{ options "$c"; options 'Options of every command'; } >"$tmp/manual"
	helped "$c" >"$tmp/program"
	same "options of $c"
done
options 'Options of every command' >"$tmp/manual"
helped >"$tmp/program"
same "options of every command"
awk '/^\.Sh / { inside = /COMMANDS/ } inside && /^\.Ss [a-z]/ { print $2 }' \
	"$man/ckpt-inspect.1" >"$tmp/manual"
echo "$commands" >"$tmp/program"
same "commands"

# words SECTION AFTER: those of ".It Cm a , b" behind a line that matches, to the end of the
# list.
words() {
	awk -v section="$1" -v after="$2" '
		/^\.S[sh] / { inside = substr($0, 5) == section; list = 0 }
		inside && !seen && $0 ~ after { list = seen = 1 }
		inside && list && /^\.El/ { list = 0 }
		inside && list && /^\.It Cm / {
			gsub(/^\.It Cm | Pq .*|,/, "")
			for (i = 1; i <= NF; i++) print $i
		}' "$man/ckpt-inspect.1"
}
cp -R "$SRCDIR/share/examples/run" "$tmp/run"
chmod -R u+w "$tmp/run"
cp "$SRCDIR/share/examples/frozen.pb" "$tmp/"
# columned COMMAND [OPTION]: the columns of one of its tables, as --help lists them.
columned() {
	"$CKPT_INSPECT" "$1" --help | awk -v option="$2" '
		/^Columns/ { inside = option == "" ? !/ of --/ : $0 ~ " of " option ":" ; next }
		/^$/ { inside = 0 }
		inside { print $1 }'
}
for table in 'list ' 'list --tree' 'list --objects' 'stats ' 'diff ' 'diff --tree' 'diff --show' \
	'log ' 'log --depth'; do
	command=${table%% *} option=${table#* }
	columned $command $option >"$tmp/program"
	words Columns "^[.]Cm $command ${option:+Fl -}${option#--}" >"$tmp/manual"
	[ -n "$option" ] || words Columns "^[.]Cm $command\$" >"$tmp/manual"
	same "columns of $table"
done
for table in Inputs 'Likely outputs' Signatures Variables 'Nodes, --json' Hazards; do
	"$CKPT_INSPECT" graph --help | awk -v title="$table:" '
		inside && /^$/ { exit }
		inside { print $1 }
		$0 == title { inside = 1 }' >"$tmp/program"
	what=$(echo "${table%,*}" | tr A-Z a-z)
	words Columns "^Of the $what of\$" >"$tmp/manual"
	same "columns of graph: $table"
done
"$CKPT_INSPECT" graph --scan | awk 'NR > 1 { print $1, $2 }' >"$tmp/program"
awk '/^\.Sh / { inside = /HAZARDS/ }
	inside && /^\.It Cm / {
		for (i = 3; $i != "Pq"; i++)
			if ($i != ",") print $i, $NF
	}' "$man/ckpt-inspect.1" >"$tmp/manual"
same "hazards"
tr '\n\t' '  ' <"$SRCDIR/src/format/finding.c" |
	grep -o '\[FOUND_[A-Z0-9_]*\] = { *"[a-z0-9_]*", *CKPT_[A-Z]*' |
	sed 's/.*"\(.*\)", *CKPT_\(.*\)/\1 \2/' | tr A-Z a-z >"$tmp/program"
awk '/^\.Sh / { inside = /FINDINGS/ } inside && /^\.It Cm / { print $3, $5 }' \
	"$man/ckpt-inspect.1" >"$tmp/manual"
same "findings"

# --- JSON ----------------------------------------------------------------------------------

if needs jq; then
	jq -r '.. | objects | .properties? // empty | keys[]' "$SRCDIR"/share/schema/*.json |
		grep -v '_b64$' >"$tmp/program"
	# Keys stand in lines of Va, many of them within others: {path, exists}.
	sed -n 's/^\(\.It \|\.Pq \|\.Brq \|\.Ql \)\{0,1\}\.\{0,1\}Va //p' "$man/ckpt-inspect-json.5" |
		tr -c 'a-z0-9_\n' '\n' | grep . | grep -v '_b64$' >"$tmp/manual"
	same "JSON keys"
fi

# --- libckpt -------------------------------------------------------------------------------

# The header without its comments, one blank for many.
awk '{
	while (match($0, /\/\*/)) {
		rest = substr($0, RSTART + 2)
		$0 = substr($0, 1, RSTART - 1)
		while (!(end = index(rest, "*/")))
			if ((getline rest) <= 0) exit
		$0 = $0 substr(rest, end + 2)
	}
	print
}' "$SRCDIR/src/ckpt.h" | sed 's/[ 	][ 	]*/ /g; s/^ //; s/ $//' >"$tmp/header"
grep -o 'ckpt_[a-z0-9_]*(' "$tmp/header" | tr -d '(' >"$tmp/program"
sed -n 's/^\.Nm \(ckpt_[a-z_]*\).*/\1/p' "$man/ckpt.3" >"$tmp/manual"
same "functions in NAME"
sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/s/^\.Fn \(ckpt_[a-z_]*\).*/\1/p' "$man/ckpt.3" \
	>"$tmp/manual"
same "functions in SYNOPSIS"
# Arguments as they are declared, one declaration a line.
tr '\n' ' ' <"$tmp/header" | tr ';' '\n' | sed -n 's/.*[ *]\(ckpt_[a-z_]*\)(\(.*\))$/\1 \2/p' |
	sed 's/, */,/g; s/  */ /g' >"$tmp/program"
sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/s/^\.Fn \(ckpt_[a-z_]*\) /\1 /p' "$man/ckpt.3" |
	sed 's/" "/,/g; s/"//g' >"$tmp/manual"
same "arguments of functions"
sed -n '/^struct ckpt_[a-z]* {$/,/^};$/p' "$tmp/header" | grep . >"$tmp/program"
sed 's/^ *//' "$man/ckpt.3" | sed -n '/^struct ckpt_[a-z]* {$/,/^};$/p' >"$tmp/manual"
same "members of structs"
grep -o 'CKPT_[A-Z0-9_]*' "$tmp/header" | grep -v '^CKPT_H$' >"$tmp/program"
sed -n 's/^\.\(It \)\{0,1\}Dv \(CKPT_[A-Z0-9_]*\).*/\2/p' "$man/ckpt.3" >"$tmp/manual"
same "constants"

# --- examples ------------------------------------------------------------------------------

# What stands between ".\" example [WORD]" and .Ed, as it is shown: WORD, tab, line.
examples() {
	awk '
		/^\.\\" example/ { word = $3 == "" ? "0" : $3; next }
		/^\.Ed/ { word = "" }
		word != "" && !/^\.Bd/ {
			gsub(/\\\(aq/, "\047"); gsub(/\\e/, "\\"); gsub(/\\\(em/, "—")
			print word "\t" $0
		}' "$1"
}
sed -n '/^\.Bd -literal$/,/^\.Ed/p' "$man/ckpt.3" | sed '1d;$d' |
	sed 's/\\e/\\/g; s/\\(em/—/g' >"$tmp/shown.c"
expand -t 8 "$SRCDIR/share/examples/list_and_read.c" >"$tmp/example.c"
diff "$tmp/example.c" "$tmp/shown.c" || complain "ckpt.3: share/examples/list_and_read.c differs"
so=$BUILDDIR/.libs/libckpt.so
if [ ! -f "$so" ] || nm -D "$so" 2>/dev/null | grep -q __asan; then
	echo "the program in ckpt.3 was not linked"
elif needs cc; then
	cc -Wall -Wextra -Werror -I"$SRCDIR/src" "$SRCDIR/share/examples/list_and_read.c" \
		-o "$tmp/list_and_read" "$so" -Wl,-rpath,"$BUILDDIR/.libs" || bad=1
	got=$("$tmp/list_and_read" "$tmp/run" dense1/bias) || complain "list_and_read failed"
	[ "$(echo "$got" | tail -n 1)" = 'dense1/bias: 1.27011' ] ||
		complain "list_and_read says: $got"
	! "$tmp/list_and_read" "$tmp/run" no-such-tensor >"$tmp/out" 2>&1 ||
		complain "list_and_read found no-such-tensor"
fi

mkdir "$tmp/bin"
printf '#!/bin/sh\nexec "%s" "$@"\n' "$CKPT_INSPECT" >"$tmp/bin/ckpt-inspect"
chmod +x "$tmp/bin/ckpt-inspect"
PATH=$tmp/bin:$PATH
cd "$tmp" || exit 99

# Exit code 0, or the one behind the mark.
run_examples() {
	examples "$1" | grep -v '^git' >"$tmp/examples"
	[ -s "$tmp/examples" ] || complain "$1: no examples"
	while IFS='	' read -r want line; do
		case $line in
		'$ '*) ;;
		*) complain "$1: an example without \$: $line"; continue ;;
		esac
		case $want-$line in
		1-*verify* | 1-*'stats --check'* | 1-*'log --check run' | 1-*'ckpt-inspect diff'* | 2-*) ;;
		*) want=0 ;;
		esac
		sh -c "${line#??}" >"$tmp/out" 2>"$tmp/err" </dev/null
		got=$?
		[ $got = "$want" ] || complain "$1: $line: exit code $got
$(cat "$tmp/err")"
		[ "$want" != 0 ] || [ ! -s "$tmp/err" ] || complain "$1: $line: $(cat "$tmp/err")"
	done <"$tmp/examples"
}
if needs jq; then
	run_examples "$man/ckpt-inspect.1"
	run_examples "$man/ckpt-inspect-json.5"
fi

# The recipe for git: a changed snapshot is shown as changed lines of its listing.
if needs git; then
	mkdir "$tmp/repository" && cd "$tmp/repository" || exit 99
	export HOME="$tmp" GIT_CONFIG_NOSYSTEM=1 GIT_CEILING_DIRECTORIES="$tmp"
	git init -q . && cp ../run/model.ckpt-800.index model.index
	examples "$man/ckpt-inspect.1" | sed -n 's/^git	\$ //p' >"$tmp/recipe"
	sed '$d' "$tmp/recipe" | sh || complain "the recipe for git failed"
	git add . && git -c user.name=a -c user.email=a@example.org commit -qm a ||
		complain "git commit failed"
	cp ../run/model.ckpt-1000.index model.index
	tail -n 1 "$tmp/recipe" | sh | cat >"$tmp/diff"
	grep -q '^-dense1/kernel .*float32' "$tmp/diff" && grep -q '^+dense1/kernel ' "$tmp/diff" &&
		! grep -q '^[-+]features/kernel' "$tmp/diff" || complain "git diff shows:
$(cat "$tmp/diff")"
	cd "$tmp" || exit 99
fi

[ $bad = 0 ] || exit 1
exit $skipped
