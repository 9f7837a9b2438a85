#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs into a scratch folder, compiles the example program against what is installed, by
# what ckpt.pc says, and runs it; looks whether everything is where it belongs.
command -v pkg-config >/dev/null || exit 77
[ "${SANITIZED-}" = yes ] && exit 77 # the sanitizers' runtime would have to be linked too
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
make -C "$BUILDDIR" -s install DESTDIR="$tmp" >"$tmp/log" 2>&1 || {
	cat "$tmp/log"
	exit 1
}
pc=$(find "$tmp" -name ckpt.pc) so=$(find "$tmp" -name libckpt.so)
[ -n "$pc" ] && [ -n "$so" ] || { echo "ckpt.pc or libckpt.so is not installed"; exit 1; }
PKG_CONFIG_PATH=$(dirname "$pc") PKG_CONFIG_SYSROOT_DIR=$tmp
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
# shellcheck disable=SC2046 # words are wanted
${CC:-cc} -Wall -Wextra -Werror -o "$tmp/example" "$SRCDIR/share/examples/list_and_read.c" \
	$(pkg-config --cflags --libs ckpt) || exit 1
LD_LIBRARY_PATH=$(dirname "$so") "$tmp/example" "$SRCDIR/share/examples/run/model.ckpt-800" \
	head/bias >"$tmp/out" || exit 1
grep -q 'dense1/kernel' "$tmp/out" || { echo "the example lists no tensors"; cat "$tmp/out"; exit 1; }
for f in bin/ckpt-inspect include/ckpt.h share/man/man1/ckpt-inspect.1 \
	share/man/man5/ckpt-inspect-json.5 share/man/man3/ckpt.3 \
	share/ckpt-inspect/schema/list.schema.json \
	share/bash-completion/completions/ckpt-inspect; do
	[ -n "$(find "$tmp" -path "*/$f")" ] || { echo "$f is not installed"; exit 1; }
done
