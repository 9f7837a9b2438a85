#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The screen in a real terminal, which tmux makes: it starts, follows a new size, is
# suspended and goes on, quits, is killed, crashes; each time the terminal's modes are what
# they were before.
command -v tmux >/dev/null || exit 77
tmp=$(mktemp -d) || exit 99
socket=ckpt-inspect-$$
trap 'tmux -L "$socket" kill-server 2>/dev/null; rm -rf "$tmp"' EXIT
cp -R "$SRCDIR/share/examples/run" "$tmp/run"
t() { tmux -L "$socket" "$@"; }
fail() {
	echo "smoke: $*; the screen was:"
	t capture-pane -p
	exit 1
}
# screen PATTERN: waits until a line of the screen matches.
screen() {
	i=0
	while ! t capture-pane -p | grep -q -e "$1"; do
		i=$((i + 1))
		[ "$i" -lt 100 ] || fail "no '$1' in 10 seconds"
		sleep 0.1
	done
}
# prompt: waits until the shell does, on the last line that says anything.
prompt() {
	i=0
	while ! t capture-pane -p | grep -v '^$' | tail -n 1 | grep -qx '% *'; do
		i=$((i + 1))
		[ "$i" -lt 100 ] || fail 'no prompt in 10 seconds'
		sleep 0.1
	done
}
type_in() { t send-keys -l "$1" && t send-keys Enter; }
# modes NAME: what stty says, asked in the terminal itself.
modes() {
	type_in "stty -g >$tmp/$1; echo modes $1"
	screen "^modes $1"
}

TERM=screen t -f /dev/null new-session -d -x 80 -y 24 \
	"env -u NO_COLOR PS1='$ ' LC_ALL=C.UTF-8 sh -i" || exit 77
screen '^\$ *$'
type_in "cd $tmp; PS1='% '; CI=$CKPT_INSPECT"
prompt
modes before

# Start, a new size, too small a one, quit.
type_in '$CI run'
screen '\[checkpoints\] tensors'
t resize-window -x 60 -y 12
screen 'CHECKPOINT'
t resize-window -x 30 -y 5
screen 'terminal too small'
t resize-window -x 80 -y 24
screen '\[checkpoints\] tensors'
t send-keys Enter
screen 'tree · by name'
t send-keys Escape
screen '\[checkpoints\] tensors'
t send-keys q
prompt
modes quit

# Suspended, and on again.
type_in '$CI run@1000'
screen 'tree · by name'
t send-keys C-z
prompt
modes suspended
type_in fg
screen 'tree · by name'
t send-keys Q
prompt
modes resumed

# Killed, politely and by a fault.
for signal in TERM HUP SEGV; do
	type_in "clear; \$CI run@1000"
	screen 'tree · by name'
	pkill -"$signal" -P "$(t display-message -p '#{pane_pid}')" ||
		fail "no process to signal"
	prompt
	modes "$signal"
done

# Keys come from the terminal where standard input is something else.
type_in 'clear; echo x | $CI tui run@1000'
screen 'tree · by name'
t send-keys q
prompt
modes piped

# A terminal that cannot place a cursor gets the list.
type_in 'clear; TERM=dumb $CI run@1000; TERM=dumb $CI tui run@1000'
screen 'cannot place a cursor'
screen 'tensors, .* elements'
prompt
modes dumb

for m in quit suspended resumed TERM HUP SEGV piped dumb; do
	cmp -s "$tmp/before" "$tmp/$m" || fail "the terminal's modes after $m"
done
exit 0
