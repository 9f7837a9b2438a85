#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every checkpoint in tests/data, compared with TensorFlow's own reading in expected.json.

Names, dtypes, shapes, and the SHA-256 of the values of every tensor of every checkpoint that
an expected.json describes; without an exceptions list. Needs DUMP (tests/dump), CKPT_INSPECT
and SRCDIR in the environment, and no TensorFlow.
"""
import glob
import hashlib
import json
import os
import subprocess
import sys

SRCDIR, DUMP = os.environ["SRCDIR"], os.environ["DUMP"]
TOOL = os.environ["CKPT_INSPECT"]


def read_dump(prefix, options=()):
    """{name: (dtype, shape, bytes or None, error)} of a checkpoint, as libckpt reads it."""
    out = subprocess.run([DUMP, prefix, *options[1:]], capture_output=True)
    if out.returncode:
        raise AssertionError(f"{prefix}: {out.stderr.decode(errors='replace')}")
    data, at, tensors = out.stdout, 0, {}

    def line():
        nonlocal at
        end = data.index(b"\n", at)
        text, at = data[at:end], end + 1
        return text

    while at < len(data):
        n = int(line())
        name, at = data[at:at + n], at + n + 1
        dtype, *shape = line().decode().split()
        size = int(line())
        if size < 0:
            tensors[name] = (dtype, list(map(int, shape)), None, line().decode())
        else:
            tensors[name] = (dtype, list(map(int, shape)), data[at:at + size], None)
            at += size + 1
    return tensors


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def check_tensor(want, got):
    """What is wrong with a tensor, or None."""
    dtype, shape, data, error = got
    if dtype != want["dtype"] or shape != want["shape"]:
        return f"is {dtype} {shape}, TensorFlow says {want['dtype']} {want['shape']}"
    if "sha256" in want:
        if data is None:
            return f"cannot be read: {error}"
        return None if sha256(data) == want["sha256"] else "has other values"
    # TensorFlow gave no value: a variant has none in Python, and we read its bytes; anything
    # else has a hole, which must be an error for us too.
    if want["dtype"] == "variant":
        return f"cannot be read: {error}" if data is None else None
    return None if data is None else "has a hole, yet values were read"


def check_raw(prefix, want, data, options):
    """The tool's own way to the bytes: print --raw."""
    if want["name"].startswith("-") or "\0" in want["name"]:
        return None
    out = subprocess.run([TOOL, "print", "--raw", *options, prefix, "--", want["name"]],
                         capture_output=True)
    return None if out.returncode == 0 and out.stdout == data else "print --raw differs"


def listed(prefix, *options):
    """How often list names each name; names that are not UTF-8 by their bytes."""
    out = subprocess.run([TOOL, "list", *options, prefix], capture_output=True)
    if out.returncode and "graph" not in options:  # of graphs, some have malformed constants
        raise AssertionError(f"{prefix}: {out.stderr.decode(errors='replace')}")
    docs = [json.loads(line) for line in out.stdout.splitlines()] if "--ndjson" in options \
        else json.loads(out.stdout)["tensors"]
    return sorted(t["name"].encode("utf-8", "surrogateescape") for t in docs
                  if t.get("type", "tensor") == "tensor")


def check_checkpoint(prefix, expected, options):
    problems, got = [], read_dump(prefix, options)
    for option in ("--json", "--ndjson"):
        if listed(prefix, option, *options) != sorted(got):
            problems.append(f"{prefix}: list {option} names other tensors")
    names = {t["name"].encode("utf-8", "surrogateescape") for t in expected}
    if names != set(got):
        problems.append(f"{prefix}: names differ: {sorted(names ^ set(got))[:5]}")
    for i, want in enumerate(expected):
        name = want["name"].encode("utf-8", "surrogateescape")
        if name not in got:
            continue
        problem = check_tensor(want, got[name])
        if not problem and got[name][2] is not None and (i < 12 or i % 500 == 0):
            problem = check_raw(prefix, want, got[name][2], options)
        if problem:
            problems.append(f"{prefix}: {want['name']!r} {problem}")
    return problems


def main():
    data = os.path.join(SRCDIR, "tests", "data")
    files = [(f, os.path.dirname(f), []) for f in
             sorted(glob.glob(os.path.join(data, "corpus", "*", "expected.json")))]
    files.append((os.path.join(data, "real", "expected.json"), os.path.join(data, "real"), []))
    files.append((os.path.join(data, "examples_run.expected.json"),
                  os.path.join(SRCDIR, "share", "examples", "run"), []))
    files.append((os.path.join(data, "graphs", "expected.json"), data, ["--as", "graph"]))
    problems, checkpoints, tensors = [], 0, 0
    for path, folder, options in files:
        with open(path) as f:
            expected = json.load(f)
        for prefix, want in expected["checkpoints"].items():
            checkpoints += 1
            tensors += len(want)
            try:
                problems += check_checkpoint(os.path.join(folder, prefix), want,
                                             options)
            except AssertionError as e:
                problems.append(str(e))
    for p in problems:
        print(p)
    print(f"{checkpoints} checkpoints, {tensors} tensors, {len(problems)} problems")
    if not checkpoints:
        sys.exit("no expected.json was found")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
