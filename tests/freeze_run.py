#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where TensorFlow is installed: it runs our frozen graphs, and their outputs are to the last
bit those of the restored checkpoint, for each case of tests/data/frozen.expected.json."""
import importlib.util
import json
import os
import subprocess
import sys
import tempfile

if not importlib.util.find_spec("tensorflow"):
    print("tensorflow is not there")
    sys.exit(77)
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
TOOL = os.environ["CKPT_INSPECT"]
DATA = os.path.join(os.environ["SRCDIR"], "tests", "data")
sys.path.insert(0, DATA)

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
import make_frozen  # noqa: E402

v1 = tf.compat.v1
v1.disable_eager_execution()
failed = 0


def complain(case, text):
    global failed
    failed += 1
    print("%s %s: %s" % (case["path"], case["outputs"][0], text))


def freeze(case, out, *more):
    args = [TOOL, "freeze", case["path"], "-o", out, "--outputs", ",".join(case["outputs"]),
            "--force", *more]
    if case["graph"]:
        args += ["--graph", case["graph"]]
    p = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if p.returncode:
        complain(case, p.stderr.decode())
        return None
    return make_frozen.read_graph(out)


def value_of(t):
    """Numbers for what is fed, the same for both graphs; indices of small tables, too."""
    if t.dtype == tf.string:
        return np.full([1] if t.shape.rank is None else [d or 1 for d in t.shape], EXAMPLE)
    shape = [d or 2 for d in t.shape.as_list()] if t.shape.rank is not None else []
    values = np.arange(1, int(np.prod(shape)) + 1).reshape(shape)
    return (values % 5 if t.dtype.is_integer else values / 7).astype(t.dtype.as_numpy_dtype)


def inputs_of(graph):
    """What is fed: placeholders, and what an iterator would give."""
    fed = [t for op in graph.get_operations() if op.type in ("Placeholder", "IteratorGetNext")
           for t in op.outputs]
    return {t.name: value_of(t) for t in fed}


# What the models of real/ parse: a tf.Example with their features.
EXAMPLE = tf.train.Example(features=tf.train.Features(feature={
    "x": tf.train.Feature(float_list=tf.train.FloatList(value=[3.0]))})).SerializeToString()


def fetches(graph, outputs):
    found = []
    for name in outputs:
        found += graph.get_operation_by_name(name).outputs
    return [t.name for t in found if t.dtype not in (tf.resource, tf.variant)]


def bits(a):
    a = np.asarray(a)
    return (a.dtype, a.shape, a.tolist() if a.dtype == object else a.tobytes())


def run(case, out):
    frozen = freeze(case, out)
    text = freeze(case, out, "--text")
    if frozen is None or text is None:
        return
    if text != frozen:
        complain(case, "the text is another graph")
    with tf.Graph().as_default() as g:
        v1.import_graph_def(frozen, name="")
        names = fetches(g, case["outputs"])
        feed = inputs_of(g)
        with v1.Session(graph=g, config=make_frozen.CONFIG) as s:
            ours = s.run(names, feed)
    s = make_frozen.load(case["path"], case["graph"])
    theirs = s.run(names, feed)
    s.close()
    for name, a, b in zip(names, ours, theirs):
        if bits(a) != bits(b):
            complain(case, "%s: %r, restored %r" % (name, a, b))
    return len(names)


os.chdir(DATA)
with open("frozen.expected.json") as f:
    cases = json.load(f)["cases"]
n = 0
with tempfile.TemporaryDirectory() as tmp:
    for case in cases:
        try:
            n += run(case, tmp + "/frozen") or 0
        except Exception as e:  # whatever TensorFlow has to say
            complain(case, "%s: %.600s" % (type(e).__name__, e))
print("%d outputs compared" % n)
sys.exit(failed > 0)
