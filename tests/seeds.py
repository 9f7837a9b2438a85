#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""TensorFlow's own seeds of its V1 reader's fuzzer, as files: eight malformed, one valid.

tests/data/real/v1_reader_seeds holds the contents as text protos; a table with right checksums
is made of each. The malformed ones must be refused with exit 2 by print and not be found good
by verify; the valid one reads. SEEDS_KEEP names a folder to leave the files in.
"""
import glob
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile

SRCDIR, TOOL = os.environ["SRCDIR"], os.environ["CKPT_INSPECT"]
DATA = os.path.join(SRCDIR, "tests", "data")
sys.dont_write_bytecode = True
spec = importlib.util.spec_from_file_location("make", os.path.join(DATA, "broken", "make.py"))
make = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make)

DTYPES = {"DT_FLOAT": 1, "DT_DOUBLE": 2, "DT_INT32": 3, "DT_STRING": 7, "DT_BFLOAT16": 14, "DT_QUINT16": 16,
          "DT_INT32_REF": 103}


def parse(text):
    """A text proto as [(name, value or list)]: enough of the format for the seeds."""
    text = re.sub(r"#.*", "", text)
    tokens = re.findall(r'"[^"]*"|[{}\[\],:]|[^\s{}\[\],:]+', text)

    def message(i):
        found = []
        while i < len(tokens) and tokens[i] != "}":
            name, i = tokens[i], i + 1
            if tokens[i] == ":":
                i += 1
            if tokens[i] == "{":
                value, i = message(i + 1)
                i += 1
                found.append((name, value))
            elif tokens[i] == "[":
                end = tokens.index("]", i)
                found += [(name, t) for t in tokens[i + 1:end] if t != ","]
                i = end + 1
            else:
                found.append((name, tokens[i]))
                i += 1
        return found, i

    return message(0)[0]


def get(message, name, default=None):
    return next((v for k, v in message if k == name), default)


def every(message, name):
    return [v for k, v in message if k == name]


def integer(text):
    return int(text, 0)


def shape(message):
    dims = [integer(get(d, "size", "0")) for d in every(message, "dim")]
    return make.shape_proto(dims, get(message, "unknown_rank") == "true")


def extents(message):
    """What slice_key takes: None for a whole dimension, else (start, length)."""
    found = []
    for e in every(message, "extent"):
        start, length = get(e, "start"), get(e, "length")
        found.append(None if start is None and length is None
                     else (integer(start or "0"), integer(length or "-1")))
    return found


def slice_message(message):
    content = b""
    for e in every(message, "extent"):
        inner = b""
        if get(e, "start") is not None:
            inner += make.number(1, integer(get(e, "start")))
        if get(e, "length") is not None:
            inner += make.number(2, integer(get(e, "length")))
        content += make.message(1, inner)
    return content


def text(value):
    return (value or '""').strip('"').encode()


def build(seed):
    """The table's bytes."""
    metas, rows = b"", []
    meta = get(seed, "meta", [])
    for t in every(meta, "tensor"):
        content = make.message(1, text(get(t, "name")))
        if get(t, "shape") is not None:
            content += make.message(2, shape(get(t, "shape")))
        if get(t, "type"):
            content += make.number(3, DTYPES[get(t, "type")])
        for s in every(t, "slice"):
            content += make.message(4, slice_message(s))
        metas += make.message(1, content)
    versions = get(meta, "versions")
    if versions is not None:
        metas += make.message(2, make.number(1, integer(get(versions, "producer", "0"))))
    for d in every(seed, "data"):
        s = get(d, "slice", [])
        values = b"".join(make.message(8, text(v))
                          for v in every(get(d, "data", []), "string_val"))
        row = make.message(1, text(get(d, "name"))) + make.message(2, slice_message(s)) + \
            make.message(3, values)
        rows.append((make.slice_key(get(d, "name").strip('"'), extents(s)),
                     make.message(2, row)))
    table = make.Table()
    table.add([(b"", make.message(1, metas))] + sorted(rows), last=b"\1")
    return table.finish()


def run(*args):
    p = subprocess.run([TOOL, *args], capture_output=True, timeout=60)
    if p.returncode not in (0, 1, 2) or b"Sanitizer" in p.stderr or b"runtime error" in p.stderr:
        raise AssertionError(f"{args}: exit {p.returncode}: {p.stderr.decode()}")
    return p


def check(name, path):
    """What is wrong with how the tool takes a seed."""
    problems = []
    verify, listing = run("verify", path), run("list", path)
    values = run("print", "--json", path, "--", "test")
    if name == "valid":
        if verify.returncode or listing.returncode:
            problems.append(f"is not found good: {verify.stdout} {verify.stderr}")
        elif json.loads(values.stdout)["tensors"][0]["values"] != ["foo", "bar", "foobar"]:
            problems.append("has other values")
        return problems
    if verify.returncode == 0:
        problems.append("verify is green")
    if values.returncode != 2:
        problems.append(f"print exits {values.returncode}")
    for command in ("info", "list --tree", "list --json", "verify --json", "list --ndjson"):
        run(*command.split(), path)
    return problems


def main():
    seeds = sorted(glob.glob(os.path.join(DATA, "real", "v1_reader_seeds", "*.textproto")))
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        folder = os.environ.get("SEEDS_KEEP", folder)
        for seed in seeds:
            name = os.path.basename(seed).rsplit(".", 1)[0]
            path = os.path.join(folder, name)
            with open(seed) as f, open(path, "wb") as out:
                out.write(build(parse(f.read())))
            problems += [f"{name}: {p}" for p in check(name, path)]
    for p in problems:
        print(p)
    print(f"{len(seeds)} seeds, {len(problems)} problems")
    sys.exit(1 if problems or len(seeds) != 9 else 0)


main()
