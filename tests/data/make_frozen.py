#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes frozen/: models to be frozen, and frozen.expected.json, what TensorFlow makes of
them and of those in corpus/ and real/.

    make_frozen.py [models [NAME...]]    needs tensorflow; run in this folder. models: write them anew

Each case: the path, the graph if it lies elsewhere, the outputs, and of TensorFlow's
convert_variables_to_constants: nodes "name op inputs", the constants that variables became
("dtype shape sha256"), and the nodes of the functions that are reached. "unlike": what in
ours is different, and why. Without "nodes" TensorFlow makes no graph that could run.
"""
import glob
import hashlib
import json
import os
import re
import shutil
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from google.protobuf import text_format  # noqa: E402
from tensorflow.core.framework import graph_pb2  # noqa: E402
from tensorflow.python.framework import function as defun  # noqa: E402

v1 = tf.compat.v1
MODELS = {}


def model(fn):
    MODELS[fn.__name__] = fn
    return fn


def save(session, folder, **options):
    v1.train.Saver(**options).save(session, os.path.join(folder, "m"), write_state=False)


def session_of(graph):
    s = v1.Session(graph=graph)
    s.run(v1.global_variables_initializer())
    return s


def ramp(shape, dtype=np.float32, start=1):
    n = int(np.prod(shape))
    return (np.arange(start, start + n) / 8).astype(dtype).reshape(shape)


@model
def control_v1(d):
    """Switch, Merge, Enter, Exit, NextIteration; reference and resource variables."""
    v1.disable_control_flow_v2()
    with tf.Graph().as_default() as g:
        x = v1.placeholder(tf.float32, [2, 3], "x")
        w = v1.get_variable("w", initializer=ramp([3, 3]), use_resource=True)
        r = v1.get_variable("r", initializer=ramp([3], start=4), use_resource=False)
        table = v1.get_variable("table", initializer=ramp([5, 2]), use_resource=True)
        y = v1.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a @ w + r),
                          [tf.constant(0), x])[1]
        z = v1.cond(tf.reduce_sum(x) > 0, lambda: y @ w, lambda: y * r)
        rows = tf.nn.embedding_lookup(table, tf.constant([3, 0]))
        point = tf.gather_nd(table, [[1, 1], [4, 0]])
        tf.identity(z, "result")
        tf.add(tf.reduce_sum(rows), point, "looked_up")
        save(session_of(g), d)


@model
def references(d):
    """References that are handed on: RefSwitch, RefIdentity, RefEnter."""
    v1.disable_control_flow_v2()
    with tf.Graph().as_default():
        x = v1.placeholder(tf.float32, [3], "x")
        w = v1.get_variable("w", initializer=ramp([3]), use_resource=False)
        y = v1.cond(tf.reduce_sum(x) > 0, lambda: tf.raw_ops.RefIdentity(input=w._ref()) * x,
                    lambda: x - w._ref())
        z = v1.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a + w._ref()),
                          [tf.constant(0), y])[1]
        entered = tf.raw_ops.RefEnter(data=w._ref(), frame_name="f", is_constant=True)
        left = tf.raw_ops.RefExit(data=entered)
        tf.add(z, left, "result")
        save(session_of(v1.get_default_graph()), d)


@model
def control_v2(d):
    """If, While, Case, calls within calls; handles go in and come out."""
    v1.enable_control_flow_v2()
    with tf.Graph().as_default() as g:
        x = v1.placeholder(tf.float32, [2, 3], "x")
        n = v1.placeholder_with_default(tf.constant(2), [], "n")
        w = v1.get_variable("w", initializer=ramp([3, 3]), use_resource=True)
        b = v1.get_variable("b", initializer=ramp([3], start=4), use_resource=True)
        r = v1.get_variable("r", initializer=ramp([3], start=7), use_resource=False)
        table = v1.get_variable("table", initializer=ramp([5, 3]), use_resource=True)
        s = v1.get_variable("s", initializer=tf.constant(["a", "b"]), use_resource=True)

        @tf.function
        def inner(a):
            return a @ w + b

        @tf.function
        def outer(a):
            return tf.cond(tf.reduce_sum(a) > 0, lambda: inner(a) + b, lambda: inner(a) - r)

        y = v1.while_loop(lambda i, a: i < n, lambda i, a: (i + 1, outer(a)),
                          [tf.constant(0), x])[1]
        z = tf.switch_case(n, [lambda: y @ w, lambda: y + b, lambda: y * 2.0])
        e = tf.cond(n > 1, lambda: tf.nn.embedding_lookup(table, [4, 1]), lambda: y)
        tf.identity(z + e, "result")
        tf.strings.join([s.read_value(), tf.as_string(n)], name="text")
        save(session_of(g), d)
    v1.disable_control_flow_v2()


@model
def dtypes(d):
    """A variable of each dtype; scalars, vectors, one without elements."""
    with tf.Graph().as_default() as g:
        for t in [tf.float16, tf.bfloat16, tf.float32, tf.float64, tf.int8, tf.int16, tf.int32,
                  tf.int64, tf.uint8, tf.uint16, tf.uint32, tf.uint64, tf.complex64,
                  tf.complex128, tf.bool]:
            for shape in [], [3], [2, 0]:
                low = -1 if t.is_floating or t.is_complex or t in (tf.int8, tf.int64) else 1
                value = (ramp(shape, np.float64, low) * 8).astype(t.as_numpy_dtype)
                if t.is_complex:
                    value = value * t.as_numpy_dtype(1 + 2j)
                v = v1.get_variable("%s_%d" % (t.name, len(shape)), initializer=value,
                                    use_resource=len(shape) == 1)
                tf.identity(v, "out/" + v.op.name)
        for shape in [], [2], [0]:
            value = np.array([b"x" * 200, b"\0\xff"][:max(1, int(np.prod(shape)))], object)
            v = v1.get_variable("string_%d" % np.prod(shape), use_resource=True,
                                initializer=tf.constant(value[:int(np.prod(shape))].reshape(shape)))
            tf.identity(v, "out/" + v.op.name)
        save(session_of(g), d)


@model
def partitions(d):
    """Partitioned variables, by rows and by columns, read as a whole and by rows."""
    with tf.Graph().as_default() as g:
        x = v1.placeholder(tf.float32, [None, 6], "x")
        for resource in False, True:
            with v1.variable_scope("resource" if resource else "reference"):
                random = dict(use_resource=resource,
                              initializer=v1.random_uniform_initializer(seed=5))
                rows = v1.get_variable("rows", [6, 4], **random,
                                       partitioner=v1.fixed_size_partitioner(4))
                columns = v1.get_variable("columns", [4, 5], **random,
                                          partitioner=v1.fixed_size_partitioner(2, axis=1))
                whole = tf.convert_to_tensor(columns)
                found = v1.nn.embedding_lookup(rows, [0, 3, 5], partition_strategy="div")
                tf.concat([x @ tf.convert_to_tensor(rows) @ whole, found @ whole], 0, "result")
        save(session_of(g), d)


@model
def defuns(d):
    """A function of 2016, called by an op of its own name, once with a handle."""
    with tf.Graph().as_default() as g:
        x = v1.placeholder(tf.float32, [2], "x")
        w = v1.get_variable("w", initializer=ramp([2]), use_resource=True)
        r = v1.get_variable("r", initializer=ramp([2], start=5), use_resource=False)

        @defun.Defun(tf.resource, tf.float32)
        def scaled(handle, a):
            return a * tf.raw_ops.ReadVariableOp(resource=handle, dtype=tf.float32)

        @defun.Defun(tf.float32, tf.float32)
        def added(a, c):
            return a + c

        y = scaled(w.handle, x)
        y.set_shape([2])
        tf.identity(added(y, r), "result")
        save(session_of(g), d)


@model
def placed(d):
    """Devices, colocation, control edges, a variable that nothing but they need."""
    with tf.Graph().as_default() as g:
        with tf.device("/device:CPU:0"):
            x = v1.placeholder(tf.float32, [2], "x")
            w = v1.get_variable("w", initializer=ramp([2]), use_resource=False)
            k = v1.get_variable("k", initializer=ramp([2], start=5), use_resource=True)
        with v1.colocate_with(w):
            y = x + 1.0
        with tf.control_dependencies([v1.debugging.assert_all_finite(k, "no"), y]):
            tf.identity(y * 2.0, "result")
        v1.assign_add(w, [1.0, 1.0], name="step")
        tf.shape(w, name="shape")
        tf.raw_ops.VariableShape(input=k.handle, name="handle_shape")
        save(session_of(g), d)


class Layers(tf.Module):
    """Functions in functions, one for variables of several kinds."""

    def __init__(self):
        super().__init__()
        self.w = tf.Variable(ramp([3, 3]), name="w")
        self.w16 = tf.Variable(ramp([3, 3], np.float16), name="w16")
        self.table = tf.Variable(ramp([5, 3]), name="table")
        self.count = tf.Variable(0, name="count", dtype=tf.int64)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32, "ids")])
    def call(self, ids):
        x = self.dense(tf.nn.embedding_lookup(self.table, ids))
        for _ in tf.range(2):
            x = self.dense(x) / 8.0
        if tf.reduce_sum(x) > 0:
            x = tf.cast(tf.cast(x, tf.float16) @ self.w16, tf.float32)
        return {"scores": x, "last": tf.gather_nd(self.table, [[1, 2]])}

    @tf.function
    def dense(self, x):
        return tf.nn.relu(x @ self.w)

    @tf.function(input_signature=[tf.TensorSpec([3], tf.float32, "x")])
    def counted(self, x):
        self.count.assign_add(1)
        return x * tf.cast(self.count, tf.float32)


@model
def layers(d):
    """A SavedModel of TensorFlow 2, two signatures."""
    m = Layers()
    tf.saved_model.save(m, d, signatures={"serving_default": m.call, "counted": m.counted})


# --- what TensorFlow freezes --------------------------------------------------------------

CASES = [
    # path, outputs, graph
    ("corpus/saver_v2/model.ckpt-200", ["softmax"], None),
    ("corpus/saver_v2/model.ckpt-10", ["softmax"], "corpus/saver_v2/graph.pb"),
    ("corpus/saver_v2/model.ckpt-200", ["net/dense1/relu"], "corpus/saver_v2/graph.pbtxt"),
    ("corpus/ref_variables/ref.ckpt", ["op_to_store", "result"], None),
    ("corpus/saver_v1/model.ckpt-100", ["softmax"], None),
    ("corpus/saver_v1_partitioned_sharded/model.ckpt-5", ["softmax"], None),
    ("corpus/saver_v2_partitioned/model.ckpt-9", ["softmax"], None),
    ("corpus/saver_v2_sharded/model.ckpt-6", ["softmax"], None),
    ("corpus/run_with_events/model.ckpt-60", ["softmax"], None),
    ("corpus/saved_model_tf1/model", ["softmax"], None),
    ("corpus/saved_model_tf2/model", ["StatefulPartitionedCall"], None),
    ("real/regression/checkpoint/model", ["pred"], None),
    ("real/regression/saved_model", ["pred"], None),
    ("real/estimator_run/model.ckpt-1000",
     ["head/predictions/probabilities", "head/predictions/class_ids"], None),
    ("real/saved_model/half_plus_two/00000123", ["y"], None),
    ("real/saved_model/half_plus_two_pbtxt/00000123", ["y"], None),
    ("real/saved_model/VarsAndArithmeticObjectGraph", ["StatefulPartitionedCall"], None),
    ("frozen/control_v1/m", ["result", "looked_up"], None),
    ("frozen/references/m", ["result"], None),
    ("frozen/control_v2/m", ["result", "text"], None),
    ("frozen/dtypes/m", None, None),
    ("frozen/dtypes/m", ["out/string_1"], None),
    ("frozen/partitions/m", ["reference/result", "resource/result"], None),
    ("frozen/defuns/m", ["result"], None),
    ("frozen/placed/m", ["result", "shape"], None),
    ("frozen/placed/m", ["handle_shape"], None),
    ("frozen/layers", ["StatefulPartitionedCall_1"], None),
]
# What ours does where TensorFlow's graph cannot run, or would be less.
UNLIKE = {
    ("frozen/references/m", "result"): "references that are handed on are values",
    ("frozen/dtypes/m", "out/string_1"): "a single string can be a constant",
    ("frozen/placed/m", "handle_shape"): "VariableShape becomes Shape",
    ("frozen/layers", "StatefulPartitionedCall_1"): "gathers in functions are frozen, too",
    ("frozen/control_v2/m", "result"): "gathers in functions are frozen, too",
    ("frozen/defuns/m", "result"): "calls by the op's own name are followed",
}


# Some graphs were placed on several devices. Nothing is rewritten: with constants in the
# place of variables TensorFlow computes some things beforehand, and rounds otherwise.
CONFIG = v1.ConfigProto(device_count={"CPU": 4})
CONFIG.graph_options.rewrite_options.disable_meta_optimizer = True
CONFIG.graph_options.optimizer_options.opt_level = -1


def read_graph(path):
    """A GraphDef, binary or text."""
    g = graph_pb2.GraphDef()
    with open(path, "rb") as f:
        data = f.read()
    if data.startswith(b"node {"):
        return text_format.Parse(data.decode(), g)
    g.ParseFromString(data)
    return g


def load(path, graph):
    """A session in which the checkpoint is restored."""
    v1.reset_default_graph()
    s = v1.Session(config=CONFIG)
    if os.path.isdir(path):
        v1.saved_model.loader.load(s, ["serve"], path)
    elif graph:
        v1.import_graph_def(read_graph(graph), name="")
        s.run("save/restore_all", {"save/Const:0": path})
    else:
        sharded = glob.glob(path + "-?????-of-?????")  # of V1: a pattern of files
        files = path + "-?????" + sharded[0][-9:] if sharded else path
        v1.train.import_meta_graph(path + ".meta", clear_devices=True).restore(s, files)
    return s


def all_outputs(path):
    s = load(path, None)
    return [n.name for n in s.graph_def.node
            if n.name.startswith("out/") and n.op == "Identity" and n.name != "out/string_1"]


def describe_constant(node):
    a = tf.make_ndarray(node.attr["value"].tensor)
    dtype = tf.dtypes.as_dtype(node.attr["dtype"].type).name
    if dtype == "string":
        h = hashlib.sha256(b"".join(len(e).to_bytes(8, "little") + e for e in a.reshape(-1)))
    else:
        h = hashlib.sha256(np.ascontiguousarray(a).tobytes())
    return "%s %s %s" % (dtype, list(a.shape), h.hexdigest())


def functions_of(node, names):
    """The functions that a node calls."""
    found = {node.op} & names
    for a in node.attr.values():
        for f in [a.func, *a.list.func]:
            found |= {f.name} & names
    return found


def describe(frozen, variables):
    names = {f.signature.name: f for f in frozen.library.function}
    reached, todo = set(), list(frozen.node)
    while todo:
        for f in functions_of(todo.pop(), set(names)) - reached:
            reached.add(f)
            todo += names[f].node_def
    line = lambda n: " ".join([n.name, n.op, *n.input])  # noqa: E731
    base = lambda name: re.sub(r"(_frozen)?_\d+$", "", name)  # noqa: E731
    return {
        "nodes": [line(n) for n in frozen.node],
        "constants": {n.name: describe_constant(n) for n in frozen.node if n.name in variables},
        "functions": sorted([base(f), *map(line, names[f].node_def)] for f in reached),
    }


def freeze(path, outputs, graph):
    case = {"path": path, "graph": graph, "outputs": outputs or all_outputs(path)}
    unlike = UNLIKE.get((path, case["outputs"][0]))
    s = load(path, graph)
    if unlike:
        return {**case, "unlike": unlike}
    g = s.graph_def
    variables = {n.name for n in g.node if n.op in ("VariableV2", "VarHandleOp")}
    frozen = v1.graph_util.convert_variables_to_constants(s, g, case["outputs"])
    with tf.Graph().as_default():
        v1.import_graph_def(frozen, name="")
    return {**case, **describe(frozen, variables)}


def main():
    if sys.argv[1:2] == ["models"]:
        for name, write in MODELS.items():
            if sys.argv[2:] and name not in sys.argv[2:]:
                continue
            shutil.rmtree("frozen/" + name, ignore_errors=True)
            os.makedirs("frozen/" + name)
            write("frozen/" + name)
    v1.disable_eager_execution()
    cases = [freeze(*case) for case in CASES]
    with open("frozen.expected.json", "w") as f:
        json.dump({"tensorflow": tf.__version__, "cases": cases}, f, indent=1)
        f.write("\n")


if __name__ == "__main__":
    main()
