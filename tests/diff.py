#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What diff must say: NumPy's figures for pairs of real checkpoints, the false greens of other
tools with their right answers, and the same bytes whatever the threads, vectors and layout.

Needs CKPT_INSPECT and SRCDIR in the environment. diff-*.json in tests/data/corpus are NumPy's
results (generate.py): counts are compared exactly, norms to 1e-12.
"""
import glob
import json
import math
import os
import random
import subprocess
import sys
import tempfile

SRCDIR, TOOL = os.environ["SRCDIR"], os.environ["CKPT_INSPECT"]
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(SRCDIR, "tests"))
from write import write  # noqa: E402

problems, lacking = [], set()


def run(*args, **environment):
    p = subprocess.run([TOOL, *args], capture_output=True, timeout=120, env={**os.environ, **environment})
    if p.returncode not in (0, 1, 2) or b"Sanitizer" in p.stderr:
        problems.append(f"{args}: exit {p.returncode}: {p.stderr.decode(errors='replace')}")
    return p


def rows(p):
    """{name: row} of a --json document."""
    return {t["name"]: t for t in json.loads(p.stdout)["tensors"]}


# ---- NumPy ---------------------------------------------------------------------------------

def close(got, want):
    return got is not None and abs(got - want) <= 1e-12 * max(abs(got), abs(want))


def check_numpy(path):
    """One diff-*.json; returns how many tensors it compares."""
    with open(path) as f:
        want = json.load(f)
    folder = os.path.dirname(path)
    a, b = os.path.join(folder, want["a"]), os.path.join(folder, want["b"])
    got = rows(run("diff", "--json", a, b))
    lines = [json.loads(line) for line in run("diff", "--ndjson", a, b).stdout.splitlines()]
    streamed = {t["name"]: {k: v for k, v in t.items() if k != "type"} for t in lines
                if t["type"] == "tensor"}
    if streamed != got or lines[-1]["type"] != "summary":
        problems.append(f"{path}: --ndjson differs from --json")
    for status, key in (("removed", "only_a"), ("added", "only_b")):
        names = sorted(n for n, t in got.items() if t["status"] == status)
        if names != want[key]:
            problems.append(f"{path}: {status} are {names}, NumPy has {want[key]}")
    for name, w in want["both"].items():
        t = got.get(name, {"class": "missing"})
        where = f"{path}: {name}"
        if "differs" in w:
            if (t["class"], t["reason"]) != ("incomparable", w["differs"]):
                problems.append(f"{where}: {t['class']} {t['reason']}, wanted {w['differs']}")
            continue
        if (t["class"] in ("identical", "equal")) != w["equal"]:
            problems.append(f"{where}: {t['class']}, NumPy says equal: {w['equal']}")
        for key in ("elements", "changed"):
            if key in w and t[key] != w[key]:
                problems.append(f"{where}: {key} is {t[key]}, NumPy has {w[key]}")
        for key in ("max_abs", "l2_delta", "l2_a", "l2_b", "cosine"):
            if key in w and not (t[key] is None if w[key] is None else close(t[key], w[key])):
                problems.append(f"{where}: {key} is {t[key]}, NumPy has {w[key]}")
    return len(want["both"])


# ---- false greens --------------------------------------------------------------------------

F8 = [1.0] * 8
NAN, INF = "nan", "inf"


def t(values, dtype="float32", **more):
    return dict(values=values, dtype=dtype, **more)


# what, a, b, options, exit code, {name: class}
CASES = [
    ("other shape", {"x": [[1, 2, 3], [4, 5, 6]]}, {"x": [[1, 2], [3, 4], [5, 6]]}, [], 1, {"x": "incomparable"}),
    ("other shape, reshaped", {"x": [[1, 2, 3], [4, 5, 6]]}, {"x": [[1, 2], [3, 4], [5, 6]]}, ["--reshape"], 0,
     {"x": "identical"}),
    ("other dtype", {"x": t([1, 2])}, {"x": t([1, 2], "int32")}, [], 1, {"x": "incomparable"}),
    ("other dtype, cast", {"x": t([1, 2])}, {"x": t([1, 2], "int32")}, ["--cast"], 0, {"x": "equal"}),
    ("other dtype, cast, empty", {"x": t([])}, {"x": t([], "int32")}, ["--cast"], 0, {"x": "equal"}),
    ("two empty", {"x": t([], shape=[0]), "y": F8}, {"x": t([], shape=[0]), "y": F8}, [], 0,
     {"x": "identical", "y": "identical"}),
    ("empty alone", {"x": t([], shape=[0])}, {"x": t([], shape=[0])}, [], 0, {"x": "identical"}),
    ("renamed", {"x": F8}, {"y": F8}, [], 1, {"x": None, "y": None}),
    ("renamed, found", {"x": F8}, {"y": F8}, ["-M"], 0, {"y": "identical"}),
    ("tiny numbers", {"x": [1e-20]}, {"x": [2e-20]}, ["--rtol", "1e-6"], 1, {"x": "differ"}),
    ("both tolerances", {"x": [1.0]}, {"x": [1.5]}, ["--atol", "1", "--rtol", "1e-9"], 0, {"x": "equal"}),
    ("signed zero", {"x": [0.0]}, {"x": [-0.0]}, [], 0, {"x": "equal"}),
    ("one value of many", {"x": F8}, {"x": F8[:7] + [1.0000001]}, [], 1, {"x": "differ"}),
    ("nothing matches", {"x": F8}, {"x": F8}, ["nope*"], 2, None),
    ("all excluded", {"x": F8}, {"x": F8}, ["-x", "x"], 2, None),
    ("one NaN", {"x": [1, 2]}, {"x": [1, NAN]}, [], 1, {"x": "differ"}),
    ("one NaN with tolerance", {"x": [1, 2]}, {"x": [1, NAN]}, ["--rtol", "1", "--atol", "1e308"], 1,
     {"x": "differ"}),
    ("an infinity with tolerance", {"x": [INF]}, {"x": [1]}, ["--rtol", "1", "--atol", "1e308"], 1, {"x": "differ"}),
    ("infinities of two signs", {"x": [INF]}, {"x": ["-inf"]}, ["--rtol", "2"], 1, {"x": "differ"}),
    ("the same infinity", {"x": [INF]}, {"x": [INF]}, [], 0, {"x": "identical"}),
    ("two NaN", {"x": ["bits:0000c07f"]}, {"x": ["bits:0000c0ff"]}, [], 0, {"x": "equal"}),
    ("two NaN by their bits", {"x": ["bits:0000c07f"]}, {"x": ["bits:0000c0ff"]}, ["--nan", "bitwise"], 1,
     {"x": "differ"}),
    ("the same NaN, strictly", {"x": [NAN]}, {"x": [NAN]}, ["--nan", "differ"], 1, {"x": "differ"}),
    ("the same NaN", {"x": [NAN]}, {"x": [NAN]}, [], 0, {"x": "identical"}),
    ("ulp is 64 bits wide", {"x": t([-1.0], "float64")}, {"x": t([1.0], "float64")}, ["--ulp", "4294967296"], 1,
     {"x": "differ"}),
    ("one ulp", {"x": [1.0]}, {"x": ["bits:0100803f"]}, ["--ulp", "1"], 0, {"x": "equal"}),
    ("two ulp", {"x": [1.0]}, {"x": ["bits:0200803f"]}, ["--ulp", "1"], 1, {"x": "differ"}),
    ("beyond 2^53", {"x": t([2**53 + 1], "int64")}, {"x": t([2**53], "int64")}, [], 1, {"x": "differ"}),
    ("beyond 2^53 with tolerance", {"x": t([0], "int64")}, {"x": t([2**53 + 1], "int64")},
     ["--atol", "9007199254740992"], 1, {"x": "differ"}),
    ("ends of 64 bits", {"x": t([-2**63], "int64")}, {"x": t([2**63 - 1], "int64")}, [], 1, {"x": "differ"}),
    ("uint64", {"x": t([2**64 - 1], "uint64")}, {"x": t([2**64 - 2], "uint64")}, [], 1, {"x": "differ"}),
    ("integer against float", {"x": t([2**53 + 1], "int64")}, {"x": t([2.0**53], "float64")}, ["--cast"], 1,
     {"x": "differ"}),
    ("permuted", {"x": [1, 2, 3, 4]}, {"x": [4, 3, 2, 1]}, [], 1, {"x": "differ"}),
    ("strings", {"x": t(["a", "bc"], "string")}, {"x": t(["ab", "c"], "string")}, [], 1, {"x": "differ"}),
    ("the same strings", {"x": t(["a", ""], "string")}, {"x": t(["a", ""], "string")}, [], 0, {"x": "identical"}),
    ("booleans", {"x": t([True, False], "bool")}, {"x": t([True, True], "bool")}, [], 1, {"x": "differ"}),
    ("true is true", {"x": t(["bits:01"], "bool")}, {"x": t(["bits:02"], "bool")}, [], 0, {"x": "equal"}),
    ("complex by modulus", {"x": t([[3, 4]], "complex64")}, {"x": t([[3, 4.5]], "complex64")}, ["--atol", "0.5"], 0,
     {"x": "equal"}),
    ("complex beyond", {"x": t([[3, 4]], "complex64")}, {"x": t([[3.4, 4.4]], "complex64")}, ["--atol", "0.5"], 1,
     {"x": "differ"}),
    ("quick, the same", {"x": F8}, {"x": F8}, ["--quick"], 0, {"x": "identical"}),
    ("quick, another", {"x": F8}, {"x": [2.0] * 8}, ["--quick"], 1, {"x": "differ"}),
    ("quick, other slices", {"x": [[1, 2], [3, 4]]},
     {"x": t([[1, 2], [3, 4]], slices=[[[0, 1], [0, 2]], [[1, 1], [0, 2]]])}, ["--quick"], 2, {"x": "unknown"}),
    ("quick, unknown and another", {"x": [[1, 2], [3, 4]], "y": F8},
     {"x": t([[1, 2], [3, 4]], slices=[[[0, 1], [0, 2]], [[1, 1], [0, 2]]]), "y": [2.0] * 8}, ["--quick"], 1,
     {"x": "unknown", "y": "differ"}),
    ("whole and in slices", {"x": [[1, 2], [3, 4]]},
     {"x": t([[1, 2], [3, 4]], slices=[[[0, 2], [0, 1]], [[0, 2], [1, 1]]])}, [], 0, {"x": "identical"}),
    ("names alone", {"x": F8}, {"x": [2.0] * 8}, ["--names-only"], 0, {"x": "unknown"}),
    ("names alone, another", {"x": F8, "y": F8}, {"x": F8}, ["--names-only"], 1, {"x": "unknown", "y": None}),
]


def check_case(folder, case):
    what, a, b, options, code, classes = case
    pa, pb = os.path.join(folder, "a"), os.path.join(folder, "b")
    write(pa, a)
    write(pb, b)
    p = run("diff", "--json", pa, pb, *options)
    document = json.loads(p.stdout)
    if p.returncode != code:
        problems.append(f"{what}: exit {p.returncode}, wanted {code}: {p.stderr.decode()}")
    if classes is None:
        if "error" not in document:
            problems.append(f"{what}: no error in {document}")
        return
    got = {n: r["class"] for n, r in rows(p).items()}
    if got != classes:
        problems.append(f"{what}: {got}, wanted {classes}")
    quiet = run("diff", "-q", pa, pb, *options)
    if quiet.returncode != code or quiet.stdout:
        problems.append(f"{what}: --quiet exits {quiet.returncode} and prints {quiet.stdout}")
    text = run("diff", pa, pb, *options).stdout.decode()
    if "--names-only" in options and "values were not read" not in text:
        problems.append(f"{what}: {text}")


def check_trouble(folder):
    """What cannot be read is 2 and never 'differ' or 'same'."""
    good, bad = os.path.join(folder, "a"), os.path.join(folder, "b")
    write(good, {"x": F8, "y": F8})
    write(bad, {"x": F8, "y": F8})
    for args in ((good, bad + "-not-there"), (bad + "-not-there", good), (good,), (good, bad, "--no-such"),
                 (good, bad, "--rtol", "-1"), (good, bad, "--nan", "maybe"), (good, bad, good),
                 (good, bad, "--quick", "--rtol", "1"), (good + ".index", good + ".data-00000-of-00001")):
        p = run("diff", *args)
        if p.returncode != 2 or p.stdout or not p.stderr:
            problems.append(f"diff {args}: exit {p.returncode}, {p.stdout}, {p.stderr}")
    data = bad + ".data-00000-of-00001"
    with open(data, "r+b") as f:
        f.seek(3)
        f.write(b"\x41")
    p = run("diff", "--json", good, bad)
    found = {n: (r["status"], r["class"], r["reason"]) for n, r in rows(p).items()}
    if p.returncode != 2 or found["x"] != ("unknown", "unknown", "unreadable") or \
            found["y"] != ("same", "identical", None) or b"checksum" not in p.stderr:
        problems.append(f"a damaged tensor: exit {p.returncode}, {found}, {p.stderr}")
    os.remove(data)
    p = run("diff", good, bad)
    if p.returncode != 2 or b"No such file" not in p.stderr:
        problems.append(f"a missing shard: exit {p.returncode}, {p.stderr}")
    p = run("diff", "--quick", good, bad)
    if p.returncode != 0 or b"no values read" not in p.stdout:
        problems.append(f"--quick without the shard: exit {p.returncode}, {p.stdout}")


# ---- rules, maps, and what is said where nothing can be ------------------------------------

def put(folder, name, tensors):
    path = os.path.join(folder, name)
    write(path, tensors)
    return path


def want(what, code, *args):
    p = run(*args)
    if p.returncode != code:
        problems.append(f"{what}: exit {p.returncode}, wanted {code}: {p.stdout} {p.stderr}")
    return p


def check_rules(folder):
    rules = os.path.join(folder, "rules")

    def ruled(what, code, text, a, b, *options):
        with open(rules, "w") as f:
            f.write(text)
        return want(what, code, "diff", "--rules", rules, put(folder, "a", a), put(folder, "b", b), *options)

    one, two, nan = {"x": [1, 2]}, {"x": [1, 3]}, {"x": [1, NAN]}
    ruled("frozen, and still", 0, "x frozen", one, one)
    ruled("frozen, and moved", 1, "x frozen", one, two)
    ruled("frozen under a tolerance", 1, "** atol=9\nx frozen", one, two)
    ruled("frozen, by checksums", 1, "x frozen", one, two, "--quick")
    ruled("frozen, by names alone", 2, "x frozen", one, two, "--names-only")
    ruled("must change, and did", 0, "x must-change", one, two)
    ruled("must change, and did not", 1, "x must-change", one, one)
    ruled("must change, to NaN", 1, "x must-change", one, nan)
    ruled("must change, strictly", 1, "x must-change nan=differ", nan, nan)
    ruled("a pattern that matches nothing", 2, "y frozen", one, one)
    ruled("the same, behind a filter", 2, "y frozen", one, one, "-x", "zzz")
    ruled("a rule for the old name", 1, "** atol=1\nx frozen", one, {"y": [1, 2.5]}, "--rename", "^x$=y")
    ruled("a rule for the new name", 1, "** atol=1\ny frozen", one, {"y": [1, 2.5]}, "--rename", "^x$=y")
    p = ruled("a tree with a violation", 1, "x must-change", one, one, "--tree")
    if b"no difference" in p.stdout:
        problems.append("a tree with a violation says: no difference")
    ruled("all ignored", 2, "** ignore", one, two)


def check_emitted(folder):
    """What is printed for --rules and --map is read back, and makes the pair the same."""
    odd = {"#old": [1, 2, 3], " blank ": [4, 5, 6], "tab\tand \"quote\"": [7, 8, 9], "a*[b]?\\": [0.5, 1, 2]}
    new = {f"n{i}": v for i, v in enumerate(odd.values())}
    a, b = put(folder, "a", odd), put(folder, "b", new)
    names = os.path.join(folder, "names")
    with open(names, "wb") as f:
        f.write(want("names found", 0, "diff", "-M", "--emit-map", a, b).stdout)
    want("names read back", 0, "diff", "--map", names, a, b)
    moved = {n: [x + 0.1 for x in v] for n, v in odd.items()}
    big = {"i": t([0, 1], "int64"), "n": [NAN, 1], "s": t(["a"], "string"), "same": [1]}
    changed = {"i": t([2**53 + 1, 1], "int64"), "n": [NAN, 1], "s": t(["b"], "string"), "same": [1], "added": [1]}
    mixed = {"i": t([2**53 + 1], "int64")}, {"i": t([0.0], "float64")}
    for first, second, *options in ((*mixed, "--cast"), (odd, moved), (big, changed), (big, changed, "--nan", "differ")):
        a, b = put(folder, "a", first), put(folder, "b", second)
        with open(names, "wb") as f:
            f.write(want("rules printed", 1, "diff", "--emit-rules", a, b, *options).stdout)
        want(f"rules read back {options}", 0, "diff", "--rules", names, a, b, *options)
    with open(a + ".data-00000-of-00001", "r+b") as f:
        f.write(b"\xff")
    p = want("rules of what cannot be read", 2, "diff", "--emit-rules", a, b)
    if p.stdout:
        problems.append(f"rules of what cannot be read: {p.stdout}")
    for form in ("--tree", "--json --tree", "--json --show i", "--show i"):
        p = want(f"{form} of what cannot be read", 2, "diff", a, b, *form.split())
        if "--json" in form and "error" not in json.loads(p.stdout):
            problems.append(f"{form} of what cannot be read has no error")


def check_quick(folder):
    """--quick never takes for the same what it cannot know."""
    data = os.path.join(SRCDIR, "tests", "data")
    for name in ("slices_hole", "slices_overlap", "slices_dup", "crc_absent"):
        path = os.path.join(data, "broken", name, "m")
        want(f"--quick of {name}", 2, "diff", "--quick", path, path)
    a, b = put(folder, "a", {"x": [1], "y": [2]}), put(folder, "b", {"x": [1], "y": [3]})
    p = want("a column that is not there", 2, "diff", "--columns", "nope", a, b)
    want("stats --check without numbers", 2, "stats", "--check", put(folder, "s", {"x": t(["a"], "string")}))
    want("an infinite tolerance", 2, "diff", "--atol", "inf", a, b)
    p = subprocess.run(["bash", "-c", f"echo '** ignore' | '{TOOL}' diff --rules /dev/stdin '{a}' '{b}'"],
                       capture_output=True)
    if p.returncode != 2 or b"ignore all 2" not in p.stderr:
        problems.append(f"rules from a pipe: {p.returncode} {p.stderr}")


# ---- the same bytes ------------------------------------------------------------------------

def blocks(rows_, columns):
    """A matrix's slices: two rows of three boxes."""
    half, third = rows_ // 2, columns // 3
    return [[[r, h], [c, w]] for r, h in ((0, half), (half, rows_ - half))
            for c, w in ((0, third), (third, third), (2 * third, columns - 2 * third))]


def check_layouts(folder):
    chance = random.Random(7)
    r, c = 61, 137
    a = [[chance.gauss(0, 1) for _ in range(c)] for _ in range(r)]
    b = [[x + chance.gauss(0, .01) if chance.random() < .7 else x for x in row] for row in a]
    a[3][5], b[7][9], b[8][1], a[9][9], b[9][9] = "nan", "inf", "nan", "nan", "nan"
    outputs = set()
    for sliced_a in (None, blocks(r, c)):
        for sliced_b in (None, blocks(r, c)):
            pa, pb = os.path.join(folder, "a"), os.path.join(folder, "b")
            write(pa, {"m": t(a, slices=sliced_a), "h": t(a[0], "float16"), "d": t(a[1], "float64")})
            write(pb, {"m": t(b, slices=sliced_b), "h": t(b[0], "float16"), "d": t(b[1], "float64")})
            for vectors in ("scalar", "avx2", "avx512"):
                for threads in ("1", "8"):
                    p = run("diff", "--json", pa, pb, "-j", threads, CKPT_INSPECT_VECTORS=vectors)
                    if b"CKPT_INSPECT_VECTORS" in p.stderr:
                        lacking.add(vectors)  # this processor has none such
                        continue
                    outputs.add(json.dumps(json.loads(p.stdout)["tensors"]))
    if len(outputs) != 1:
        problems.append(f"{len(outputs)} different answers for one pair")


def check_ranges(folder):
    """Tensors of several ranges (2^20 elements each): the same for any number of threads, and
    nothing is lost where two ranges meet."""
    n, changed = 2_500_000, (2**20 - 1, 2**20, 2**20 + 1, 2_400_000)
    values = [i % 7 - 3 for i in range(n)]
    a = put(folder, "a", {"x": t(values, "int8"), "y": [1]})
    for i in changed:
        values[i] += 1
    values[2**20] += 90
    b = put(folder, "b", {"x": t(values, "int8"), "y": [1]})
    for args in (("diff", "--json", a, b), ("log", "--json", a, b, a), ("stats", "--json", b)):
        answers = {run(*args, "-j", threads).stdout for threads in ("1", "2", "8")}
        answers.add(run(*args, "--no-mmap").stdout)
        if len(answers) != 1:
            problems.append(f"{args[0]} of several ranges: {len(answers)} answers")
    x = rows(want("several ranges", 1, "diff", "--json", a, b))["x"]
    found = (x["changed"], x["first_changed"], x["max_abs"], x["max_abs_index"], x["elements"])
    if found != (4, [2**20 - 1], 91, [2**20], n) or x["l2_delta"] != math.sqrt(91**2 + 3):
        problems.append(f"several ranges: {x}")
    path = b + ".data-00000-of-00001"
    for at in (0, 2**20 + 5, 2_499_999):
        with open(path, "r+b") as f:
            f.seek(at)
            byte = f.read(1)
            f.seek(at)
            f.write(bytes([byte[0] ^ 1]))
        for command in ("diff", "log"):
            p = want(f"{command}, damage at {at}", 2, command, a, b)
            if b"checksum" not in p.stderr:
                problems.append(f"{command}, damage at {at}: {p.stderr}")
        want(f"stats, damage at {at}", 2, "stats", b)
        want(f"verify, damage at {at}", 1, "verify", b)
        with open(path, "r+b") as f:
            f.seek(at)
            f.write(byte)
    want("mended", 1, "diff", a, b)


def main():
    files = sorted(glob.glob(os.path.join(SRCDIR, "tests", "data", "corpus", "*", "diff-*.json")))
    tensors = sum(check_numpy(f) for f in files)
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            check_case(folder, case)
        check_trouble(folder)
        check_rules(folder)
        check_emitted(folder)
        check_quick(folder)
        check_layouts(folder)
        check_ranges(folder)
    for p in problems:
        print(p)
    if lacking:
        print(f"this processor lacks {', '.join(sorted(lacking))}: not tested")
    print(f"{len(files)} pairs of NumPy's, {tensors} tensors, {len(CASES)} cases, {len(problems)} problems")
    sys.exit(1 if problems or not tensors or not math.isfinite(tensors) else 0)


main()
