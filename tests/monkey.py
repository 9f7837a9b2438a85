#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random keys and sizes: the screen must neither crash, nor hang, nor complain.

Each session is a script of keys made from a seed, so that what fails can be run again:
MONKEY_SEED names one. With sanitizers there are 20,000 keys in all, else a tenth of that.
"""
import os
import random
import shutil
import subprocess
import sys
import tempfile

SRC = os.environ["SRCDIR"]
TOOL = os.environ["CKPT_INSPECT"]
DATA = os.path.join(SRC, "tests", "data")
SANITIZED = os.environ.get("SANITIZED") == "yes"
KEYS = 20000 if SANITIZED else 2000
SESSION = 250

TARGETS = [
    ["run"],
    ["run@1000"],
    ["run@200", "run@1000"],
    ["corpus/object_based/ck-4"],
    ["corpus/object_based/ck-2", "corpus/object_based/ck-4"],
    ["corpus/saver_v2_partitioned"],
    ["corpus/dtypes_v2/all"],
    ["corpus/strings_v2"],
    ["corpus/names_v2/odd names"],
    ["corpus/saver_v1"],
    ["corpus/many_v2/many"],
    ["corpus/dtypes_v1/v1.ckpt", "corpus/dtypes_v2/all"],
    ["broken/data_flip/m"],
    ["broken/data_missing/m"],
    ["broken/dtype_999/m"],
    ["broken/huge_string_count/m"],
    ["broken/dim_zero_then_huge/m"],
    ["broken/data_flip/m", "broken/data_truncated/m"],
    ["corpus/saver_v2/frozen.pb"],
    ["corpus/saver_v2/graph.pbtxt"],
    ["--as", "graph", "corpus/saved_model_tf2/model"],
    ["corpus/saver_v2/model.ckpt-200", "corpus/saver_v2/frozen.pb"],
    ["corpus/arrays/plain.npz"],
    ["corpus/arrays/orders_deflated.npz", "corpus/arrays/orders.npz"],
    ["corpus/arrays/all.safetensors"],
]
NAMED = ["Enter", "Enter", "Enter", "Esc", "Tab", "Tab", "BackTab", "Space", "Up", "Down", "Left",
         "Right", "Home", "End", "PgUp", "PgDn", "Backspace", "Del", "F1", "^D", "^U", "^F", "^B",
         "^L", "^A", "^E", "^K", "^W"]
LETTERS = "jjjkkkhlhlggG/nN&sSt*uidvcwxyY=piroRm<>[]{}e?:LMTb0123456789.,-+!é"
WORDS = [":goto 3", ":goto 1,1", ":goto 999999999999", ":rtol 1e-3", ":atol x", ":nonsense", "/nan",
         "/>0.5", "/[", "/kernel", "&adam", "&zzz", ":set x", "e0:3", "e:,0", "e...", "ebad",
         "w../escape", "wtable.txt", "wgrid.csv", ":write t2", ":slice 0:2"]
SIZES = ["80x24", "40x6", "39x6", "40x5", "1x1", "200x60", "41x9", "132x10", "60x40", "10x40"]


def session(rng):
    """The lines of a script with about SESSION keys."""
    lines, n = [], 0
    while n < SESSION:
        dice = rng.random()
        if dice < 0.55:
            lines.append(rng.choice(LETTERS))
            n += 1
        elif dice < 0.78:
            lines.append("<%s>" % rng.choice(NAMED))
            n += 1
        elif dice < 0.84:
            word = rng.choice(WORDS)
            lines.append(word + "<Enter>")
            n += len(word) + 1
        elif dice < 0.90:
            lines.append(":size " + rng.choice(SIZES))
            n += 1
        elif dice < 0.94:
            lines.append(":wait")
        elif dice < 0.96:
            lines.append(":dump x")
        else:
            lines.append(":ticks %d" % rng.randrange(1, 4))
        if rng.random() < 0.004:  # either may end the session
            lines.append(rng.choice(["q", "<^C>"]))
            n += 1
    return lines, n


def run(seed, folder):
    """One session; what went wrong, or None."""
    rng = random.Random(seed)
    lines, n = session(rng)
    target = TARGETS[seed % len(TARGETS)]
    keys = os.path.join(folder, "keys")
    with open(keys, "w", encoding="utf-8") as f:
        f.write("\n".join(lines) + "\n")
    flags = [[], ["--ascii"], ["--color", "never"]][seed % 3]
    env = dict(os.environ, TERM=["xterm-256color", "vt100", "dumb"][rng.randrange(3)])
    for name in os.listdir(folder):  # what w has written
        if name.endswith((".txt", ".csv")) or name == "t2":
            os.unlink(os.path.join(folder, name))
    try:
        p = subprocess.run([TOOL, "tui", "--keys", keys] + flags + target, cwd=folder, env=env,
                           capture_output=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        return n, "hangs"
    if p.returncode or p.stderr:
        return n, "exit %d: %s" % (p.returncode, p.stderr.decode(errors="replace")[-3000:])
    for c in p.stdout.decode("utf-8"):
        if c != "\n" and (ord(c) < 32 or 0x7f <= ord(c) < 0xa0):
            return n, "a control character reached the screen: %r" % c
    return n, None


def main():
    folder = tempfile.mkdtemp()
    try:
        here = os.path.join(folder, "here")
        os.mkdir(here)
        for name in ("corpus", "broken"):
            os.symlink(os.path.join(DATA, name), os.path.join(here, name))
        os.symlink(os.path.join(SRC, "share", "examples", "run"), os.path.join(here, "run"))
        only = os.environ.get("MONKEY_SEED")
        seeds = [int(only)] if only else range(10 ** 6)
        typed = 0
        for seed in seeds:
            n, wrong = run(seed, here)
            if wrong:
                print("MONKEY_SEED=%d: %s: %s" % (seed, " ".join(TARGETS[seed % len(TARGETS)]),
                                                  wrong))
                shutil.copy(os.path.join(here, "keys"), "monkey-%d.keys" % seed)
                return 1
            typed += n
            if typed >= KEYS:
                break
        if os.path.exists(os.path.join(folder, "escape")):
            os.unlink(os.path.join(folder, "escape"))
        return 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)


sys.exit(main())
