#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""stats --json, compared with NumPy's numbers in tests/data/stats.expected.json.

Counts, indices and extremes exactly; mean, std and l2 to 1e-12. The bins must hold what was
counted. And the output has the same bytes whatever threads and instructions compute it. Then
the same of tensors with more elements than one thread reads at a time (2^20), written here.
Needs CKPT_INSPECT and SRCDIR in the environment, and no NumPy.
"""
import collections
import importlib.util
import json
import math
import os
import random
import struct
import subprocess
import sys
import tempfile

SRCDIR, TOOL = os.environ["SRCDIR"], os.environ["CKPT_INSPECT"]
REALS = {"float32": "<f", "float64": "<d", "float16": "<e"}


def run(*args, vectors=None):
    env = dict(os.environ)
    if vectors:
        env["CKPT_INSPECT_VECTORS"] = vectors
    return subprocess.run([TOOL, "stats", *args], capture_output=True, env=env)


def same_extreme(dtype, got, want):
    """The same element; text is as short as the element's own type allows."""
    if got is None or want is None or isinstance(want, int):
        return got == want
    if dtype in REALS:
        return struct.pack(REALS[dtype], got) == struct.pack(REALS[dtype], want)
    if dtype.startswith("complex"):
        return math.isclose(got, want, rel_tol=1e-15)
    return math.isclose(got, want, rel_tol=2 ** -9 if dtype == "bfloat16" else 2 ** -4)


def close(got, want, scale):
    return got == want or (None not in (got, want) and
                           math.isclose(got, want, rel_tol=1e-12, abs_tol=1e-14 * scale))


def check_bins(t, want):
    finite = t["elements"] - t["nan"] - t["inf"]
    bins = t["histogram"]
    if sum(b["count"] for b in bins) != finite:
        yield "the histogram does not hold all finite elements"
    if bins and not (bins[0]["count"] and bins[-1]["count"]):
        yield "the histogram begins or ends with an empty bin"
    if any(a["high"] != b["low"] for a, b in zip(bins, bins[1:])):
        yield "there is a gap in the histogram"
    if bins and not (bins[0]["low"] <= float(want["min"]) < bins[0]["high"] and
                     bins[-1]["low"] <= float(want["max"]) < bins[-1]["high"]):
        yield "an extreme is in another bin"
    if [[b["exponent"], b["count"]] for b in t["histogram_log2"]] != want["log2"]:
        yield "histogram_log2 differs"


def check_tensor(t, want):
    if want is None:
        if t["nan"] is not None or t["min"] is not None or t["histogram"] is not None:
            yield "is not numbers, yet it has some"
        return
    for key in ("min", "max"):
        if not same_extreme(t["dtype"], t[key], want[key]):
            yield f"{key} is {t[key]}, NumPy says {want[key]}"
    for key in ("mean", "std", "l2"):
        if not close(t[key], want[key], max(abs(want["min"] or 0), abs(want["max"] or 0))):
            yield f"{key} is {t[key]}, NumPy says {want[key]}"
    for key in set(want) - {"min", "max", "mean", "std", "l2", "log2"}:
        if t[key] != want[key]:
            yield f"{key} is {t[key]}, NumPy says {want[key]}"
    yield from check_bins(t, want)


def check_checkpoint(prefix, expected):
    path = os.path.join(SRCDIR, "tests", "data", prefix)
    out = run("--json", "-j1", path)
    if out.returncode != (2 if prefix.endswith("/tiles") else 0):  # it has a tensor with a hole
        yield f"exit code {out.returncode}: {out.stderr.decode()}"
        return
    for how in (("-j4", None), ("-j2", "scalar"), ("-j2", "avx2"), ("-j2", "avx512")):
        again = run("--json", how[0], path, vectors=how[1])
        if b"this processor has no" not in again.stderr and again.stdout != out.stdout:
            yield f"{how} gives other bytes"
    tensors = {t["name"]: t for t in json.loads(out.stdout)["tensors"]}
    if not set(expected) <= set(tensors):
        yield f"these are not there: {sorted(set(expected) - set(tensors))[:5]}"
    for name in sorted(set(tensors) & set(expected)):
        for problem in check_tensor(tensors[name], expected[name]):
            yield f"{name!r}: {problem}"


# --- tensors of several ranges -------------------------------------------------------------

ROWS, COLUMNS = 1100, 1000
DEAD_ROWS, DEAD_COLUMNS = (3, 1047, 1048, 1099), (0, 63, 64, 700)  # 1048: across 2^20


def stored_by(path):
    """The functions of tests/data/broken/make.py, which write checkpoints."""
    spec = importlib.util.spec_from_file_location("make", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def matrix(chance):
    values = [chance.gauss(0, 1) for _ in range(ROWS * COLUMNS)]
    for r in range(ROWS):
        for c in DEAD_COLUMNS if r not in DEAD_ROWS else range(COLUMNS):
            values[r * COLUMNS + c] = 0.0
    return values


def write_large(folder, tensors):
    """tensors: name: (dtype, code, shape, elements); the second half of the columns of
    split is a slice of its own. Returns the prefix."""
    make = stored_by(os.path.join(SRCDIR, "tests", "data", "broken", "make.py"))
    data, entries = bytearray(), [(b"", make.header())]

    def add(dtype, code, shape, values):
        raw = struct.pack(f"<{len(values)}{code}", *values)
        entry = make.entry(dtype, shape, len(data), len(raw), make.crc32c(raw))
        data.extend(raw)
        return entry

    for name, (dtype, code, shape, values) in tensors.items():
        if name != "split":
            entries.append((name.encode(), add(dtype, code, shape, values)))
            continue
        half, slices = COLUMNS // 2 + 7, []
        for start, length in ((0, half), (half, COLUMNS - half)):
            slices.append([None, (start, length)])
            part = [v for r in range(ROWS)
                    for v in values[r * COLUMNS + start:r * COLUMNS + start + length]]
            entries.append((make.slice_key(name, slices[-1]),
                            add(dtype, code, [ROWS, length], part)))
        entries.append((name.encode(), make.entry(dtype, shape, slices=slices, crc=None)))
    table = make.Table()
    table.add(sorted(entries))
    prefix = os.path.join(folder, "large")
    for path, content in ((".index", table.finish()), (".data-00000-of-00001", data)):
        with open(prefix + path, "wb") as f:
            f.write(content)
    return prefix


def expected_of(code, shape, values):
    """What NumPy would say; plain loops, exact sums."""
    values = [struct.unpack("<e", struct.pack("<e", v))[0] for v in values] if code == "e" \
        else values
    whole, width = code != "e", shape[-1]
    finite = [v for v in values if math.isfinite(v)]
    mean = math.fsum(finite) / len(finite)

    def index(at):
        return [at // width, at % width] if len(shape) == 2 else [at]

    def first(is_it):
        return next((index(i) for i, v in enumerate(values) if is_it(v)), None)

    live = set()
    rows = 0
    for at in range(0, len(values), width if len(shape) == 2 else len(values)):
        row = values[at:at + width]
        rows += not any(row)
        live.update(c for c, v in enumerate(row) if v) if len(live) < width else None
    used = collections.Counter(math.frexp(v)[1] - 1 for v in finite if v)
    distinct = len(set(values))
    return {
        "zeros": values.count(0), "nan": sum(v != v for v in values),
        "inf_positive": values.count(math.inf), "inf_negative": values.count(-math.inf),
        "first_nan": first(lambda v: v != v), "first_inf": first(math.isinf),
        "distinct": distinct if whole and distinct <= 65536 else None,
        "min": min(finite), "max": max(finite), "min_index": first(min(finite).__eq__),
        "max_index": first(max(finite).__eq__), "mean": mean,
        "std": math.sqrt(math.fsum((v - mean) ** 2 for v in finite) / len(finite)),
        "l2": math.sqrt(math.fsum(v * v for v in finite)),
        "constant": len(finite) == len(values) and min(finite) == max(finite),
        "dead_rows": rows if len(shape) == 2 else None,
        "dead_columns": width - len(live) if len(shape) == 2 else None,
        "log2": [[e, n] for e, n in sorted(used.items())],
    }


def check_large(folder):
    chance = random.Random(20260101)
    n, shape = ROWS * COLUMNS, [ROWS, COLUMNS]
    real = matrix(chance)
    few = [0 if v == 0 else 7 for v in real]
    real[5 * COLUMNS + 5] = math.inf
    real[1060 * COLUMNS + 5] = math.nan
    tensors = {
        "whole": (19, "e", shape, real), "split": (19, "e", shape, real),
        "few": (4, "B", shape, few), "constant": (4, "B", [n], [9] * n),
        "all_int16": (5, "h", [n], [i * 31 % 65536 - 32768 for i in range(n)]),
        "too_many": (3, "i", [n], [i % 65537 - 5 for i in range(n)]),
    }
    expected = {name: expected_of(code, shape, values)
                for name, (_, code, shape, values) in tensors.items()}
    prefix = write_large(folder, tensors)
    yield from check_checkpoint(prefix, expected)
    records = [json.loads(line) for line in run("--ndjson", prefix).stdout.splitlines()]
    whole, split = (dict(r, name=None) for n in ("whole", "split")
                    for r in records if r.get("name") == n)
    if whole != split:
        yield "a tensor in slices has other numbers than a whole one"


def main():
    with open(os.path.join(SRCDIR, "tests", "data", "stats.expected.json")) as f:
        expected = json.load(f)
    keys, problems, tensors = expected["keys"], 0, 0
    for prefix, want in expected["checkpoints"].items():
        tensors += len(want)
        by_key = {n: dict(zip(keys, s)) if s else None for n, s in want.items()}
        for problem in check_checkpoint(prefix, by_key):
            print(f"{prefix}: {problem}")
            problems += 1
    with tempfile.TemporaryDirectory() as folder:
        for problem in check_large(folder):
            print(f"large: {problem}")
            problems += 1
    print(f"{tensors} tensors, {problems} problems")
    sys.exit(1 if problems or not tensors else 0)


main()
