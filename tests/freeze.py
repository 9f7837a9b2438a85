#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Frozen graphs have the nodes, ops, inputs, constants and functions of TensorFlow's own, as
tests/data/frozen.expected.json has them (written by tests/data/make_frozen.py); the same
input gives the same bytes, and a text has what the binary form has."""
import hashlib
import json
import os
import re
import struct
import subprocess
import sys
import tempfile

TOOL = os.environ["CKPT_INSPECT"]
DATA = os.path.join(os.environ["SRCDIR"], "tests", "data")
failed = 0


def complain(case, text):
    global failed
    failed += 1
    print("%s: %s" % (case, text))


# --- messages -----------------------------------------------------------------------------

def varint(b, at):
    value = shift = 0
    while True:
        value |= (b[at] & 127) << shift
        shift += 7
        at += 1
        if b[at - 1] < 128:
            return value, at


def fields(b):
    """(number, value) of a message: integers, and bytes."""
    at = 0
    while at < len(b):
        tag, at = varint(b, at)
        if tag & 7 == 0:
            value, at = varint(b, at)
        else:
            n = {1: 8, 5: 4}.get(tag & 7)
            if n is None:
                assert tag & 7 == 2, "a wire type of its own"
                n, at = varint(b, at)
            assert at + n <= len(b), "a field is cut short"
            value = b[at:at + n]
            at += n
        yield tag >> 3, value


def all_of(b, number):
    return [v for n, v in fields(b) if n == number]


def one(b, number, default=b""):
    return ([default] + all_of(b, number))[-1]


class Node:
    def __init__(self, b):
        self.name, self.op = one(b, 1).decode(), one(b, 2).decode()
        self.inputs = [i.decode() for i in all_of(b, 3)]
        self.device = one(b, 4).decode()
        keys = [one(e, 1) for e in all_of(b, 5)]
        assert keys == sorted(set(keys)), "attributes out of order: %s" % keys
        self.attrs = {one(e, 1).decode(): one(e, 2) for e in all_of(b, 5)}

    def line(self):
        return " ".join([self.name, self.op, *self.inputs])


class Graph:
    def __init__(self, b):
        self.nodes = [Node(n) for n in all_of(b, 1)]
        self.functions = {}
        for f in all_of(one(b, 2), 1):
            name = one(one(f, 1), 1).decode()
            assert name not in self.functions, "two functions %s" % name
            self.functions[name] = [Node(n) for n in all_of(f, 3)]
        self.versions = one(b, 4)

    def called(self):
        """The functions that are reached from the nodes."""
        reached, todo = set(), list(self.nodes)
        while todo:
            n = todo.pop()
            names = {n.op}
            for value in n.attrs.values():
                funcs = all_of(value, 10) + [f for x in all_of(value, 1) for f in all_of(x, 9)]
                names |= {one(f, 1).decode() for f in funcs}
            for f in (names & set(self.functions)) - reached:
                reached.add(f)
                todo += self.functions[f]
        return reached


# What a dtype is called, and how an element is packed in its typed field.
DTYPES = {1: ("float32", 5, "<f"), 2: ("float64", 6, "<d"), 3: ("int32", 7, "<i"),
          4: ("uint8", 7, "<B"), 5: ("int16", 7, "<h"), 6: ("int8", 7, "<b"),
          7: ("string", 8, None), 8: ("complex64", 9, "<f"), 9: ("int64", 10, "<q"),
          10: ("bool", 11, "<?"), 14: ("bfloat16", 13, "<H"), 17: ("uint16", 7, "<H"),
          18: ("complex128", 12, "<d"), 19: ("float16", 13, "<H"), 22: ("uint32", 16, "<I"),
          23: ("uint64", 17, "<Q")}


def numbers(b, code):
    if code in ("<f", "<d"):
        return b
    out, at = b"", 0
    while at < len(b):
        v, at = varint(b, at)
        if code in ("<b", "<h", "<i", "<q") and v >= 1 << 63:
            v -= 1 << 64
        out += struct.pack(code, v)
    return out


def constant(node):
    """As make_frozen.py describes it."""
    tensor = one(node.attrs["value"], 8)
    dtype = one(tensor, 1, 0)
    assert node.attrs["dtype"] == bytes([0x30, dtype]), "dtype of %s" % node.name
    name, field, code = DTYPES[dtype]
    shape = []
    for dim in all_of(one(tensor, 2), 2):
        shape.append(one(dim, 1, 0))
    if name == "string":
        data = b"".join(struct.pack("<Q", len(s)) + s for s in all_of(tensor, field))
    else:
        data = one(tensor, 4) or numbers(one(tensor, field), code)
    return "%s %s %s" % (name, shape, hashlib.sha256(data).hexdigest())


# --- cases --------------------------------------------------------------------------------

def base(name):
    return re.sub(r"(_frozen)?_\d+$", "", name)


def freeze(case, out, *more):
    args = [TOOL, "freeze", os.path.join(DATA, case["path"]), "-o", out,
            "--outputs", ",".join(case["outputs"]), *more]
    if case["graph"]:
        args += ["--graph", os.path.join(DATA, case["graph"])]
    p = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    # The corpus was moved after it was written, which is said of its state files.
    said = [line for line in p.stderr.splitlines() if b"names another folder" not in line]
    if p.returncode or said:
        complain(case["path"], "%s: %d %s" % (" ".join(args), p.returncode, p.stderr.decode()))
        return b""
    with open(out, "rb") as f:
        return f.read()


def same(case, what, got, want):
    if got == want:
        return
    for g, w in zip(got + [None] * len(want), want + [None] * len(got)):
        if g != w:
            complain(case["path"], "%s: got %r, TensorFlow has %r" % (what, g, w))
            return


def check(case, tmp):
    data = freeze(case, tmp + "/a.pb")
    if freeze(case, tmp + "/b.pb") != data or not data:
        complain(case["path"], "not the same bytes a second time")
    g = Graph(data)
    for n in g.nodes + [n for f in g.functions.values() for n in f]:
        if n.op in ("VariableV2", "VarHandleOp", "ReadVariableOp") or n.device:
            complain(case["path"], "%s is %s, device '%s'" % (n.name, n.op, n.device))
    if set(g.functions) != g.called():
        complain(case["path"], "functions that nobody calls, or that are missing")
    if "nodes" in case:
        # TensorFlow sorts the nodes of a .meta when it reads it; ours stay in its order.
        same(case, "nodes", sorted(n.line() for n in g.nodes), sorted(case["nodes"]))
        same(case, "functions", sorted([base(f), *[n.line() for n in g.functions[f]]]
                                       for f in g.functions), case["functions"])
        found = {n.name: constant(n) for n in g.nodes if n.name in case["constants"]}
        same(case, "constants", sorted(found.items()), sorted(case["constants"].items()))
    text = freeze(case, tmp + "/a.pbtxt", "--text")
    with open(tmp + "/from.pbtxt", "wb") as f:
        f.write(text)
    again = dict(case, path=case["path"], graph=tmp + "/from.pbtxt")
    if freeze(again, tmp + "/c.pb") != data:
        complain(case["path"], "its text is not what the binary form is")


def check_recorded(tmp):
    """frozen_nodes of the corpus, and the frozen graph of real/regression."""
    for name in "saver_v2", "ref_variables":
        with open(os.path.join(DATA, "corpus", name, "expected.json")) as f:
            expected = json.load(f)
        case = {"path": "corpus/" + name, "graph": None, "outputs": expected["outputs"]}
        g = Graph(freeze(case, tmp + "/r.pb", "--force"))
        same(case, "frozen_nodes", [n.name + " " + n.op for n in g.nodes],
             expected["frozen_nodes"])
    for path in "real/regression/checkpoint", "real/regression/saved_model":
        case = {"path": path, "graph": None, "outputs": ["pred"]}
        ours = Graph(freeze(case, tmp + "/r.pb", "--force"))
        with open(os.path.join(DATA, "real/regression/graphdef/frozen.pb"), "rb") as f:
            theirs = Graph(f.read())
        key = lambda g: sorted((n.line(), sorted(n.attrs.items())) for n in g.nodes)  # noqa: E731
        same(case, "frozen.pb", key(ours), key(theirs))


with open(os.path.join(DATA, "frozen.expected.json")) as f:
    cases = json.load(f)["cases"]
with tempfile.TemporaryDirectory() as tmp:
    for i, case in enumerate(cases):
        os.mkdir("%s/%d" % (tmp, i))
        try:
            check(case, "%s/%d" % (tmp, i))
        except (AssertionError, IndexError, KeyError, UnicodeDecodeError) as e:
            complain(case["path"], "%s: %s" % (type(e).__name__, e))
    check_recorded(tmp)
if len([c for c in cases if "nodes" in c]) < 15:
    complain("the test", "too few cases")
sys.exit(failed > 0)
