#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every tensor of every checkpoint in tests/data goes through each format that export writes,
and comes back with the same dtype, shape and bytes, read by readers that are not ours, and by
ours.

Needs DUMP, CKPT_INSPECT and SRCDIR in the environment, and neither NumPy nor safetensors:
tests/export_numpy.py reads the same with those.
"""
import os
import shutil
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.environ["SRCDIR"], "tests"))
import exported
from exported import need
from oracle import read_dump

GRAPH = b"_CHECKPOINTABLE_OBJECT_GRAPH"


def compare(kind, want, records, arrays):
    """want: {name: array}; arrays: {name in the file: array}."""
    need(len(arrays) == len(want), f"{kind}: {len(arrays)} arrays, expected {len(want)}")
    for name, array in want.items():
        record = records[name]
        need(record["status"] == "written", f"{kind}: {name} is {record['status']}")
        got = arrays[record["written_as"]]
        for what, a, b in zip(("dtype", "shape", "bytes"), array, got):
            need(a == b, f"{kind}: {name}: {what} differ: {str(a)[:60]}, {str(b)[:60]}")
    for name in records.keys() - want.keys():
        need(records[name]["status"] == "left_out", f"{kind}: {name} is there")


def wanted(tensors, of):
    """What a format holds, and the names of what has to be left out for it: the graph of
    objects leaves by itself where others stay."""
    held = {n: of(t) for n, t in tensors.items()}
    out = [n for n, a in held.items() if a is None]
    return {n: a for n, a in held.items() if a}, [n for n in out if n != GRAPH]


# One byte of any of these is V1 to NumPy: which it was is not known any more.
OPAQUE = ("float8_e5m2", "float8_e4m3fn", "int4", "uint4")


def check_back(kind, path, tensors, records):
    """Our own readers find the same: dtype, shape and bytes."""
    back = read_dump(path)
    for name, record in records.items():
        if record["status"] != "written":
            continue
        written = record["written_as"].removesuffix(".npy" if kind == "npz" else "")
        dtype, shape, data, _ = back.pop(written.encode())
        if kind == "npz" and tensors[name][0] in OPAQUE:
            need(data is None, f"{kind}: {name} was read as {dtype}")
        else:
            need((dtype, shape, data) == tensors[name][:3], f"{kind}: {name} comes back "
                 f"as {dtype} {shape}")
    need(not back, f"{kind}: there are {list(back)[:3]}, too")


def check_archives(prefix, tensors, tmp):
    want, out = wanted(tensors, exported.npy_of)
    if not want:
        return 0
    path = os.path.join(tmp, "a.npz")
    for options in (), ("--compress",):
        records, _ = exported.export(prefix, path, "--force",
                                     *exported.without(out, *options))
        compare("npz", want, records, exported.read_npz(path, bool(options)))
        check_back("npz", path, tensors, records)
    folder = os.path.join(tmp, "folder")
    records, doc = exported.export(prefix, folder + "/", *exported.without(out))
    arrays = {}
    for at, _, files in os.walk(folder):
        for f in files:
            path = os.path.join(at, f)
            with open(path, "rb") as file:
                arrays[os.path.relpath(path, folder)] = exported.read_npy(file.read())
    compare("npy-dir", want, records, arrays)
    need(sorted(doc["output"]["files"]) == sorted(os.path.join(folder, f) for f in arrays),
         "files differ from those that are named")
    shutil.rmtree(folder)
    return len(want)


def check_safetensors(prefix, tensors, tmp):
    want, out = wanted(tensors, exported.safetensors_of)
    if not want:
        return 0
    path = os.path.join(tmp, "a.safetensors")
    records, doc = exported.export(prefix, path, "--force", *exported.without(out))
    arrays, metadata = exported.read_safetensors(path)
    compare("safetensors", want, records, arrays)
    check_back("safetensors", path, tensors, records)
    kept = {}
    for file in doc["input"]["files"]:
        if file.endswith(".safetensors"):
            kept = {**exported.read_safetensors(file, strict=False)[1], **kept}
    need(metadata == kept if kept else metadata["format"] == "tf" and
         metadata["source"] == os.path.basename(doc["input"]["prefix"]),
         f"metadata is {metadata}")
    # In several files: together they hold the same.
    size = sum(len(a[2]) for a in want.values())
    limit = max(size // 3, 1)
    records, doc = exported.export(prefix, os.path.join(tmp, "s.safetensors"),
                                   "--max-shard-size", str(limit), *exported.without(out))
    arrays = {}
    for file in doc["output"]["files"]:
        if not file.endswith(".json"):
            part, _ = exported.read_safetensors(file)
            need(sum(len(a[2]) for a in part.values()) <= limit or len(part) == 1,
                 f"{file} is larger than {limit}")
            arrays.update(part)
        os.unlink(file)
    compare("sharded", want, records, arrays)
    return len(want)


def check_single(prefix, tensors, tmp):
    """.npy and raw, of a few."""
    path = os.path.join(tmp, "one")
    n = 0
    for i, (name, tensor) in enumerate(tensors.items()):
        if tensor[2] is None or (i >= 12 and i % 400):
            continue
        others = [o for o in tensors if o != name]
        if len(others) > 200:
            continue
        exported.export(prefix, path, "--format", "raw", "--force",
                        *exported.without(others))
        with open(path, "rb") as f:
            need(f.read() == tensor[2], f"raw: {name} differs")
        want = exported.npy_of(tensor)
        if want:
            exported.export(prefix, path, "--format", "npy", "--force",
                            *exported.without(others))
            with open(path, "rb") as f:
                need(exported.read_npy(f.read()) == want, f"npy: {name} differs")
        n += 1
    return n


def check_broken(folder, tmp):
    """What can be read of a damaged or hostile checkpoint is exported, and nothing else."""
    path, prefix = os.path.join(tmp, "b.npz"), os.path.join(folder, "m")
    strict, _ = exported.run(prefix, path)
    need(os.path.exists(path) == (strict == 0), "a file is there, or not, with the wrong code")
    if strict == 0:
        os.unlink(path)
    code, doc = exported.run(prefix, path, "--skip-damaged")
    need(code in ((0,) if strict == 0 else (1, 2)), f"exit code {code}, strictly {strict}")
    need(os.path.exists(path) == (code < 2), "a file is there, or not, with the wrong code")
    if code < 2:
        try:
            whole = read_dump(prefix)
        except AssertionError:  # of its index a part is lost; the names that are left count
            need(doc["summary"]["index_error"], "the index is not said to be damaged")
            whole = {}
        want = {n: exported.npy_of(whole[n]) for n in whole if whole[n][2] is not None}
        records = {exported.name_of(t, "name"): t for t in doc["tensors"]}
        arrays = exported.read_npz(path)
        need(len(arrays) == doc["summary"]["written"], "another number of arrays")
        for name, record in records.items():
            need((record["status"] == "damaged") == (record["damage"] is not None), "damage")
            if record["status"] == "written":
                need(not whole or arrays[record["written_as"]] == want[name],
                     f"{name} differs")
        os.unlink(path)
    need(not os.listdir(tmp), "a file is left behind")


def check_constants(tmp):
    """A graph with constants of all dtypes and spellings, some of which are damaged."""
    graph = os.path.join(os.environ["SRCDIR"], "tests", "data", "graphs", "consts.pb")
    dump, n = read_dump(graph), 0
    whole = {name: t for name, t in dump.items() if t[2] is not None}
    for ending, of, read in (".npz", exported.npy_of, exported.read_npz), \
            (".safetensors", exported.safetensors_of,
             lambda path: exported.read_safetensors(path)[0]):
        path = os.path.join(tmp, "c" + ending)
        want, out = wanted(whole, of)
        if ending == ".safetensors":  # that has no strings, whole or not
            out += [n for n, t in dump.items() if t[0] == "string" and n not in whole]
        code, doc = exported.run(graph, path, "--skip-damaged", *exported.without(out))
        need(code == 1, f"exit code {code}, 1 expected: {doc.get('error')}")
        records = {exported.name_of(t, "name"): t for t in doc["tensors"]}
        for name in dump.keys() - whole.keys() - set(out):
            need(records.pop(name)["status"] == "damaged", f"{name} is not damaged")
        compare(ending, want, records, read(path))
        n += len(want)
    return n


def main():
    problems, tensors, passed, files = [], 0, 0, 0
    broken = os.path.join(os.environ["SRCDIR"], "tests", "data", "broken")
    for name in sorted(os.listdir(broken)):
        if not os.path.isdir(os.path.join(broken, name)):
            continue
        with exported.scratch() as tmp:
            try:
                check_broken(os.path.join(broken, name), tmp)
            except AssertionError as e:
                problems.append(f"broken/{name}: {e}")
    with exported.scratch() as tmp:
        try:
            passed += check_constants(tmp)
        except AssertionError as e:
            problems.append(f"graphs/consts.pb: {e}")
    for prefix in exported.checkpoints():
        dump = read_dump(prefix)
        readable = {n: t for n, t in dump.items() if t[2] is not None}
        tensors += len(readable)
        with exported.scratch() as tmp:
            for check in check_archives, check_safetensors, check_single:
                try:
                    if len(readable) == len(dump):
                        passed += check(prefix, readable, tmp)
                        need(not [f for f in os.listdir(tmp) if f.endswith(".part")],
                             "a file is left beside its place")
                except AssertionError as e:
                    problems.append(f"{prefix}: {e}")
        files += 1
    for p in problems:
        print(p)
    print(f"{files} checkpoints, {tensors} tensors, {passed} arrays, {len(problems)} problems")
    need(passed > tensors, "hardly any tensor was exported")
    sys.exit(1 if problems else 0)


main()
