#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The scalars that log shows are those that TensorFlow reads, at the right checkpoints.

expected.json beside the event files has every scalar of every file, as TensorFlow reads it
(tests/data/make_events.py). Here they are placed at the steps of the checkpoints by the rule
of the manual, value by value, and compared to the last bit.
"""
import json
import os
import struct
import subprocess
import sys

TOOL = os.environ["CKPT_INSPECT"]
DATA = os.path.join(os.environ["SRCDIR"], "tests", "data")
# Where a session began at a step, earlier files are void from there on.
STARTS = {"events/restarts": {"events.out.tfevents.1700001000.host": 50}}
# A checkpoint manager counts its saves; these are the steps within.
STEPS = {"events/manager": [40, 80, 120]}
failed = 0


def complain(text):
    global failed
    failed += 1
    print(text)


def number(v):
    return float({"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}.get(v, v))


def same(got, want, dtype):
    """The shortest text of a dtype reads back as the same number of that dtype."""
    if dtype == "bool":
        return got is want
    if dtype in ("float64", "int32", "int64", "uint8"):
        return got == want
    kind = {"float32": "<f", "float16": "<e", "bfloat16": "<f"}[dtype]
    a, b = struct.pack(kind, number(got)), struct.pack(kind, number(want))
    if dtype == "bfloat16":  # rounded to the nearest, ties to even
        bits = struct.unpack("<I", a)[0]
        a = struct.pack("<I", (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000)
    return a == b or number(got) != number(got) and number(want) != number(want)


def place(folder, files, steps):
    """{(run, tag): [None or (value, step, dtype)]} at each of the steps."""
    placed = {}
    starts = STARTS.get(folder, {})
    for path in sorted(files):
        run = os.path.dirname(path) or None
        void = min((s for f, s in starts.items() if f > path), default=float("inf"))
        for tag, step, _, dtype, value in files[path]:
            if step >= void:
                continue
            cells = placed.setdefault((run, tag), [None] * len(steps))
            for k, at in enumerate(steps):
                before = steps[k - 1] if k else float("-inf")
                if before < step <= at and (not cells[k] or cells[k][1] <= step):
                    cells[k] = (value, step, dtype)
    return {key: cells for key, cells in placed.items() if any(cells)}


def check(folder, files):
    out = subprocess.run([TOOL, "log", "--json", os.path.join(DATA, folder)],
                         capture_output=True, check=False)
    if out.returncode or out.stderr:
        complain(f"{folder}: exit {out.returncode}: {out.stderr.decode()}")
        return 0
    doc = json.loads(out.stdout)
    steps = STEPS.get(folder, [s["step"] for s in doc["snapshots"]])
    want = place(folder, files, steps)
    got = {(s["run"], s["tag"]): s["steps"] for s in doc["scalars"]}
    if sorted(map(str, got)) != sorted(map(str, want)):
        complain(f"{folder}: {sorted(map(str, got))}, wanted {sorted(map(str, want))}")
    n = 0
    for key in want:
        for k, cell in enumerate(want[key]):
            g = got[key][k]
            if g["snapshot"] != k or g["step"] != steps[k]:
                complain(f"{folder}: {key}: {g}")
            if not cell:
                if g["value"] is not None or g["recorded_at"] is not None:
                    complain(f"{folder}: {key} at {steps[k]}: {g}, wanted none")
                continue
            n += 1
            if g["recorded_at"] != cell[1] or not same(g["value"], cell[0], cell[2]):
                complain(f"{folder}: {key} at {steps[k]}: {g}, wanted {cell}")
    counts = {os.path.relpath(f["path"], os.path.join(DATA, folder)): f["values"]
              for f in doc["event_files"]}
    if sorted(counts) != sorted(files):
        complain(f"{folder}: event files {sorted(counts)}")
    return n


def main():
    n = 0
    for folder in ("events/manager", "events/restarts"):
        with open(os.path.join(DATA, folder, "expected.json"), encoding="utf-8") as f:
            n += check(folder, json.load(f)["files"])
    folder = "corpus/run_with_events"
    with open(os.path.join(DATA, folder, "expected.json"), encoding="utf-8") as f:
        scalars = json.load(f)["scalars"]
    values = [[t, s, 0, "float32", v] for t in scalars for s, v in scalars[t]]
    n += check(folder, {"events.out.tfevents.1700000000.trainer": values})
    if n < 40:
        complain(f"only {n} values were compared")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
