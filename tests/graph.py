#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""graph --json, compared with TensorFlow's reading in tests/data/graph_command.expected.json.

Every node, op, input, signature, collection; then the likely outputs, which TensorFlow does
not know; the hazards that have a way around a careless search; files that no writer wrote;
and that twice the nodes take about twice the time. Needs CKPT_INSPECT and SRCDIR in the
environment, and no TensorFlow.
"""
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile

SRCDIR, TOOL = os.environ["SRCDIR"], os.environ["CKPT_INSPECT"]
DATA = os.path.join(SRCDIR, "tests", "data")
failures = 0


def check(good, *what):
    global failures
    if not good:
        failures += 1
        print("FAILED:", *what)


def run(*args, timeout=60):
    return subprocess.run([TOOL, "graph", *args], capture_output=True, timeout=timeout)


def ask(*args):
    done = run(*args, "--json")
    return done.returncode, json.loads(done.stdout)


# --- what TensorFlow reads -----------------------------------------------------------------

def compare(want):
    tags = ["--tags", want["tags"]] if want["tags"] else []
    code, got = ask(os.path.join(DATA, want["path"]), "--as", "graph", "--nodes", *tags)
    where = want["path"] + " " + want["tags"]

    def same(what, a, b):
        check(a == b, where, what, "is", a, "and not", b)

    same("exit code", code, 0)
    same("version", got["tensorflow_version"], want["version"])
    for key in ("nodes", "function_nodes", "functions", "control_edges", "constants",
                "constant_elements"):
        same(key, got["summary"][key], want[key])
    same("producer", got["producer"], want["producer"])
    same("ops", sorted([o["op"], o["nodes"], o["in_functions"]] for o in got["ops"]),
         want["ops"])
    same("devices", sorted([d["device"] or "", d["nodes"] + d["in_functions"]]
                           for d in got["devices"]), want["devices"])
    digest = hashlib.sha256()
    main_first = sorted(got["nodes"], key=lambda n: n["function"] is not None)
    for n in main_first:
        prefix = "@%s/" % n["function"] if n["function"] is not None else ""
        digest.update("\0".join([prefix + n["name"], n["op"], *n["inputs"], ""]).encode())
    same("nodes' digest", digest.hexdigest(), want["digest"])
    if want["inputs"] is not None:
        same("inputs", sorted([i["name"], i["dtype"], i["shape"]] for i in got["inputs"]
                              if i["op"].startswith("Placeholder")), sorted(want["inputs"]))

    def side(tensors):
        return sorted([t["key"], t["name"], t["dtype"], t["shape"]] for t in tensors)

    if not any(c[0] == "serving_signatures" for c in want["collections"]):
        same("signatures", sorted([s["key"], s["method"], side(s["inputs"]),
                                   side(s["outputs"])] for s in got["signatures"]),
             want["signatures"])
    same("collections", [[c["name"], "node" if c["kind"] == "nodes" else c["kind"],
                          c["items"]] for c in got["collections"]], want["collections"])
    same("saver", got["saver"] and got["saver"]["restore_op_name"] or None, want["restore"])
    same("variables", [v["name"] for v in got["variables"]], want["variables"])


# --- likely outputs ------------------------------------------------------------------------

OUTPUTS = {
    "corpus/saver_v2": [["softmax", "answer"]],
    "corpus/saver_v2/graph.pbtxt": [["softmax", "answer"]],
    "corpus/saver_v2/frozen.pb": [["softmax", "answer"]],
    "corpus/saver_v1": [["softmax", "answer"]],
    "corpus/saver_v2_partitioned": [["softmax", "answer"]],
    "corpus/run_with_events": [["softmax", "answer"], ["Mean_1", "side"]],
    "corpus/saved_model_tf1/model": [["softmax", "signature"]],
    "corpus/saved_model_tf2/model": [["StatefulPartitionedCall", "signature"]],
    "corpus/ref_variables": [["op_to_store", "sink"], ["result", "sink"]],
    "real/regression/checkpoint/model.meta": [["pred", "before_loss"]],
    "real/regression/graphdef/frozen.pb": [["pred", "sink"]],
    "real/regression/saved_model": [["pred", "signature"]],
    "real/v1_serving/export_single": [["Add", "sink"]],
    "real/v1_serving/export_sharded": [["Identity", "signature"], ["y", "signature"]],
    "real/saved_model/SimpleV1Model": [],
}


def check_outputs():
    for path, want in OUTPUTS.items():
        got = ask(os.path.join(DATA, path))[1]["outputs"]
        got = [[o["name"], o["reason"]] for o in got]
        check(got == want, path, "outputs are", got, "and not", want)
    got = ask(os.path.join(DATA, "real/estimator_run"))[1]
    best = [o["name"] for o in got["outputs"][:got["likeliest_outputs"]]]
    check(best == ["head/predictions/logistic", "head/predictions/probabilities",
                   "head/predictions/class_ids"], "estimator_run:", best)


# --- graphs written here -------------------------------------------------------------------

def varint(v):
    out = b""
    while v > 127:
        out, v = out + bytes([v & 127 | 128]), v >> 7
    return out + bytes([v])


def field(number, data):
    if isinstance(data, int):
        return varint(number << 3) + varint(data)
    if isinstance(data, str):
        data = data.encode()
    return varint(number << 3 | 2) + varint(len(data)) + data


def attr(key, value):
    return field(5, field(1, key) + field(2, value))


def node(name, op, *inputs, attrs=b""):
    return (field(1, name) + field(2, op) + b"".join(field(3, i) for i in inputs) + attrs)


def const(name, text):
    tensor = field(1, 7) + field(2, b"") + field(8, text)
    return node(name, "Const", attrs=attr("dtype", field(6, 7)) +
                attr("value", field(8, tensor)))


def func(name):
    return attr("f", field(10, field(1, name)))


def function(name, args, *nodes):
    signature = field(1, name) + b"".join(field(2, field(1, a)) for a in args)
    return field(1, field(1, signature) + b"".join(field(3, n) for n in nodes))


def graph(*nodes, functions=()):
    data = b"".join(field(1, n) for n in nodes)
    return data + (field(2, b"".join(functions)) if functions else b"")


def saver_def(file="save/Const:0", save="save/control_dependency:0",
              restore="save/restore_all"):
    return field(1, file) + field(2, save) + field(3, restore) + field(7, 2)


def meta(graph_def, saver=None, signatures=(), collections=()):
    data = field(1, field(5, "2.0")) + field(2, graph_def)
    if saver is not None:
        data += field(3, saver)
    for key, names in collections:
        data += field(4, field(1, key) +
                      field(2, field(1, b"".join(field(1, n) for n in names))))
    for key, tensor in signatures:
        output = field(2, field(1, "out") + field(2, field(1, tensor)))
        data += field(5, field(1, key) + field(2, output))
    return data


SAVER = [
    const("save/Const", "model"), const("save/names", "v"), const("save/slices", ""),
    node("v", "VarHandleOp", attrs=attr("dtype", field(6, 1))),
    node("v/Read", "ReadVariableOp", "v"),
    node("save/SaveV2", "SaveV2", "save/Const", "save/names", "save/slices", "v/Read"),
    node("save/control_dependency", "Identity", "save/Const", "^save/SaveV2"),
    node("save/RestoreV2", "RestoreV2", "save/Const", "save/names", "save/slices"),
    node("save/Identity", "Identity", "save/RestoreV2"),
    node("save/AssignVariableOp", "AssignVariableOp", "v", "save/Identity"),
    node("save/restore_all", "NoOp", "^save/AssignVariableOp"),
]
X = node("x", "Placeholder", attrs=attr("dtype", field(6, 1)))


def scan(folder, name, data, want, code=None):
    """want: the ops that are found, and not expected."""
    path = os.path.join(folder, name)
    with open(path, "wb") as f:
        f.write(data)
    got_code, got = ask("--scan", path)
    found = sorted(h["op"] for h in got.get("hazards", []) if not h["expected"])
    check(found == sorted(want), name, "found", found, "and not", sorted(want))
    check(got_code == (code if code is not None else 1 if want else 0), name, got_code)
    return got


def check_scan(folder):
    # Each op of the table, in the main graph and in a function.
    table = run("--scan").stdout.decode().splitlines()[1:]
    ops = [line.split()[0] for line in table]
    check(ops == sorted(ops) and len(ops) > 100, "the table of hazards")
    for op in ("ReadFile", "WriteFile", "MatchingFiles", "WholeFileReaderV2", "Save", "SaveV2",
               "PrintV2", "Print", "DebugIdentityV2", "PyFunc", "EagerPyFunc", "ImmutableConst",
               "TFRecordDataset", "DataServiceDatasetV4", "XlaCustomCallV2", "DatasetFromGraph"):
        check(op in ops, op, "is no hazard")
    scan(folder, "all.pb", graph(*[node("n%d" % i, op) for i, op in enumerate(ops)]), ops)
    scan(folder, "all_in_function.pb",
         graph(X, functions=[function("f", [], *[node("n%d" % i, op)
                                                 for i, op in enumerate(ops)])]), ops)
    got = scan(folder, "write.pb", graph(const("p", "/etc/passwd"), const("c", "x"),
                                         node("w", "WriteFile", "p", "c")), ["WriteFile"])
    check(got["hazards"][0]["detail"] == "/etc/passwd", "detail of WriteFile")
    got = scan(folder, "print.pb", graph(node("p", "PrintV2", "x", attrs=attr(
        "output_stream", field(2, "file:///tmp/x")))), ["PrintV2"])
    check(got["hazards"][0]["detail"] == "file:///tmp/x", "detail of PrintV2")
    with open(os.path.join(folder, "text.pbtxt"), "w") as f:
        f.write('node { name: "r" op: "ReadFile" input: "p" }\n')
    check(run("--scan", f.name).returncode == 1, "text form")
    scan(folder, "harmless.pb", graph(X, node("y", "Identity", "x")), [])
    # The second graph of a SavedModel.
    tagged = [field(2, field(1, field(4, tags)) + field(2, graph_def)) for tags, graph_def in
              (("serve", graph(X)), ("train", graph(node("w", "WriteFile", "p", "c"))))]
    scan(folder, "saved_model.pb", field(1, 1) + b"".join(tagged), ["WriteFile"])
    twice = [field(2, field(1, field(4, "serve")) + field(2, graph(n)))
             for n in (X, node("w", "WriteFile", "p", "c"))]
    # A message that stands twice is one, merged: nothing hides in the second.
    write = graph(node("w", "WriteFile", "p", "c"))
    info = field(1, field(5, "2.0"))
    scan(folder, "two_graphs.meta", info + field(2, graph(X)) + field(2, write), [], 2)
    scan(folder, "two_libraries.pb", graph(X, functions=[function("h", [])]) +
         field(2, function("f", [], node("w", "WriteFile", "p"))), ["WriteFile"])
    path = os.path.join(folder, "twice.pb")
    with open(path, "wb") as f:
        f.write(field(1, 1) + b"".join(twice))
    check(run("--scan", path).returncode == 2, "two graphs of the same tags")


def check_savers(folder):
    """A saver is expected, unless something leads to it."""
    both = ["RestoreV2", "SaveV2"]
    saver = saver_def()
    scan(folder, "saver.meta", meta(graph(X, *SAVER), saver), [])
    scan(folder, "no_saver_def.meta", meta(graph(X, *SAVER)), both)
    scan(folder, "graph_def.pb", graph(X, *SAVER), both)
    leads = {
        "control": node("y", "Identity", "x", "^save/SaveV2"),
        "data": node("y", "AddV2", "x", "save/RestoreV2"),
        "far": node("y", "Identity", "save/Identity"),
    }
    for name, extra in leads.items():
        scan(folder, name + ".meta", meta(graph(X, *SAVER, extra), saver), both)
    scan(folder, "signature.meta",
         meta(graph(X, *SAVER), saver, [("serving_default", "save/control_dependency:0")]),
         both)
    scan(folder, "init.meta",
         meta(graph(X, *SAVER), saver,
              [("__saved_model_init_op", "save/restore_all")]), both)
    scan(folder, "collection.meta",
         meta(graph(X, *SAVER), saver, collections=[("legacy_init_op", ["save/restore_all"])]),
         both)
    fed = [n for n in SAVER if b"save/control_dependency" not in n[:40]]
    fed.append(node("save/control_dependency", "Identity", "x", "^save/SaveV2"))
    scan(folder, "model_in_saver.meta", meta(graph(X, *fed), saver), both)
    built_in = [n for n in SAVER if b"save/SaveV2" not in n[:20]]
    built_in += [const("path", "/etc/cron.d/x"),
                 node("save/SaveV2", "SaveV2", "path", "save/names", "save/slices", "v/Read")]
    scan(folder, "built_in.meta", meta(graph(X, *built_in), saver), ["SaveV2"])
    scan(folder, "write_in_saver.meta",
         meta(graph(X, *SAVER[:6], node("save/w", "WriteFile", "save/Const", "save/names"),
                    node("save/control_dependency", "Identity", "save/Const",
                         "^save/SaveV2", "^save/w"), *SAVER[7:]), saver), ["WriteFile"])

    # The same in functions, as TF2 has it.
    save = function("save", ["prefix"], const("names", "v"),
                    node("s", "SaveV2", "prefix", "names:output:0", "names:output:0"))
    call = node("call", "StatefulPartitionedCall", "file", attrs=func("save"))
    file = node("file", "Placeholder")
    tf2 = saver_def("file:0", "call:0", "call")
    scan(folder, "tf2.meta", meta(graph(file, call, functions=[save]), tf2), [])
    other = node("other", "StatefulPartitionedCall", "x", attrs=func("save"))
    scan(folder, "tf2_other.meta", meta(graph(X, file, call, other, functions=[save]), tf2),
         ["SaveV2"])
    inner = function("g", ["x"], node("c", "PartitionedCall", "x", attrs=func("save")))
    scan(folder, "tf2_inner.meta", meta(graph(file, call, functions=[save, inner]), tf2),
         ["SaveV2"])
    own_op = function("g", ["x"], node("c", "save", "x"))
    scan(folder, "tf2_as_op.meta", meta(graph(file, call, functions=[save, own_op]), tf2),
         ["SaveV2"])
    fixed = function("save", ["prefix"], const("p", "/etc/x"), const("names", "v"),
                     node("s", "SaveV2", "p:output:0", "names:output:0"))
    scan(folder, "tf2_fixed.meta", meta(graph(file, call, functions=[fixed]), tf2),
         ["SaveV2"])


# --- hostile graphs ------------------------------------------------------------------------

def nested(levels):
    value = b""
    for _ in range(levels):
        value = field(10, field(1, "f") + field(2, field(1, "f") + field(2, value)))
    return value


def composite(levels):
    info = b""
    for _ in range(levels):
        info = field(5, field(2, info))
    return info


def hostile():
    """Graphs and the exit codes that a question about them has."""
    yield "cycle", graph(node("a", "Identity", "b"), node("b", "Identity", "a")), 0
    yield "itself", graph(node("a", "Identity", "a"), X, node("b", "Add", "a", "x")), 0
    yield "missing", graph(node("a", "Identity", "nowhere:7")), 0
    yield "far_output", graph(X, node("a", "Identity", "x:99")), 0
    yield "huge_output", graph(X, node("a", "Identity", "x:99999999999")), 0
    yield "duplicate", graph(X, X, node("y", "Identity", "x")), 0
    yield "empty_names", graph(X, node("", ""), node("", "", "", "^", ":", "^:")), 0
    yield "controls", graph(X, node("a\x1b[31m\n\"\\", "b\0c", "\xff")), 0
    yield "recursive", graph(node("a", "f"), functions=[function("f", [], node("b", "f"))]), 0
    yield "mutual", graph(node("a", "f"), functions=[
        function("f", [], node("b", "g")), function("g", [], node("b", "f"))]), 0
    yield "same_function", graph(functions=[function("f", []), function("f", ["x"])]), 0
    yield "nested", graph(node("a", "b", attrs=attr("f", nested(10000)))), 0
    yield "nested_signature", meta(graph(X)) + field(5, field(1, "s") + field(
        2, field(2, field(1, "out") + field(2, composite(10000))))), 2
    yield "short_restore", meta(graph(
        node("v", "VariableV2"), const("n", "v"), node("save/r", "RestoreV2", "n", "n"),
        node("save/a", "Assign", "v", "save/r:99999")), saver_def()), 0
    yield "bad_slice", graph(
        node("v", "VariableV2"), const("n", "v"), const("s", "4 5 9,9:-"),
        node("r", "RestoreV2", "n", "n", "s"), node("a", "Assign", "v", "r")), 0
    yield "bad_shape", graph(node("v", "VarHandleOp", attrs=attr(
        "shape", field(7, field(2, field(1, 2 ** 63 + 5)))))), 0
    yield "bad_const", graph(node("c", "Const", attrs=attr(
        "value", field(8, field(1, 1) + field(2, field(2, field(1, 2 ** 62))))))), 0
    yield "torn", graph(X, X, X)[:-3], 2


def check_hostile(folder):
    for name, data, code in hostile():
        path = os.path.join(folder, name + ".pb")
        with open(path, "wb") as f:
            f.write(data)
        for question in ([], ["--json"], ["--nodes"], ["--ops"], ["--dot"], ["--scan"],
                         ["-l"], ["--ndjson", "--nodes"]):
            done = run(path, *question)
            allowed = (code,)
            if question == ["--nodes"]:  # it does not look beside the nodes
                allowed = (code, 0)
            if question == ["--scan"]:  # some have restore ops
                allowed = (code, 0, 1)
            check(done.returncode in allowed, name, question, done.returncode,
                  done.stderr.decode(errors="replace"))
            if done.returncode == 2:
                check(done.stderr.startswith(b"ckpt-inspect: "), name, question, "is silent")
            check(b"\x1b" not in done.stdout, name, question, "reaches the terminal raw")
            if "--json" in question:
                json.loads(done.stdout)
        for wanted in ("a", "v", "x", "@f/b", "@f/", "@", "^", ":"):
            check(run(path, wanted).returncode in (0, 2), name, wanted)


# --- time ----------------------------------------------------------------------------------

def seconds(path, *question):
    """Of the processor, so that others on the machine do not count."""
    best = None
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run(path, *question)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        best = took if best is None else min(best, took)
    return best


def check_linear(folder):
    """n against 2n nodes: of many ops, all names, one hub, many functions, many calls."""
    def chain(n):
        return graph(X, *[node("n%d" % i, "Op%d" % i, "n%d" % (i - 1) if i else "x")
                          for i in range(n)])

    def hub(n):
        return graph(X, node("v", "VariableV2"),
                     *[node("n%d" % i, "Sub", "x", "v") for i in range(n)])

    def placeholders(n):
        return graph(node("v", "VariableV2"),
                     *[part for i in range(n // 2) for part in
                       (node("p%d" % i, "Placeholder"), node("n%d" % i, "Sub", "p%d" % i,
                                                             "v"))])

    def iterator(n):
        return graph(node("it", "IteratorGetNext"),
                     *[node("n%d" % i, "Identity", "it:%d" % i) for i in range(n)])

    def functions(n):
        half = n // 2
        return graph(*[node("n%d" % i, "PartitionedCall", attrs=func("f%d" % i))
                       for i in range(half)],
                     functions=[function("f%d" % i, ["x"], node("s", "SaveV2", "x"))
                                for i in range(half)])

    def calls(n):
        return graph(*[node("n%d" % i, "PartitionedCall", attrs=func("f"))
                       for i in range(n)],
                     functions=[function("f", ["x"], *[node("s%d" % i, "RestoreV2", "x")
                                                       for i in range(50)])])

    for make in (chain, hub, placeholders, iterator, functions, calls):
        times = {}
        for n in (20000, 40000):
            path = os.path.join(folder, "%s%d.pb" % (make.__name__, n))
            with open(path, "wb") as f:
                f.write(make(n))
            for question in ("--json", "--scan"):
                times[question, n] = seconds(path, question)
        for question in ("--json", "--scan"):
            small, large = times[question, 20000], times[question, 40000]
            # Room for a machine that is busy; n² would be 4.
            check(large < 3.2 * small + 0.05, make.__name__, question, small, large)


def main():
    with open(os.path.join(DATA, "graph_command.expected.json")) as f:
        for want in json.load(f):
            compare(want)
    check_outputs()
    with tempfile.TemporaryDirectory() as folder:
        check_scan(folder)
        check_savers(folder)
        check_hostile(folder)
        if not os.environ.get("SANITIZED"):
            check_linear(folder)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
