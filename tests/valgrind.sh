#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One run of each command under valgrind: no invalid access, no leak.
command -v valgrind >/dev/null || exit 77
[ "${SANITIZED-}" = yes ] && exit 77
fail=0
check() {
	want=$1
	shift
	valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite \
		"$CKPT_INSPECT" "$@" >/dev/null 2>valgrind.$$
	got=$?
	[ "$got" = "$want" ] || { echo "$*: exit $got, wanted $want"; cat valgrind.$$; fail=1; }
	rm -f valgrind.$$
}
cd "${TMPDIR:-/tmp}" || exit 99
d=$SRCDIR/tests/data
check 0 list --json "$d/corpus/object_based"
check 0 list --objects "$d/corpus/object_based"
check 0 info "$d/corpus/saver_v2"
check 0 print --json "$d/corpus/dtypes_v2/all" '**'
check 0 print "$d/corpus/dtypes_v1/v1.ckpt" '**'
check 0 stats --json "$d/corpus/dtypes_v2"
check 2 stats --histogram "$d/corpus/slices_2d_v2"
check 1 verify "$d/corpus/slices_2d_v2/tiles"
check 1 verify "$d/broken/blocks_one_crc/m"
check 2 list "$d/broken/index_half/m"
exit $fail
