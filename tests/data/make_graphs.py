#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes what TensorFlow reads of each graph in corpus/, events/ and real/ (of an event file, the
last one), and some graphs to read.

    make_graphs.py            needs tensorflow; run in this folder

graphs/slots/: weights that are called like slots, frozen with and without one of them.

graphs/partitioned.pb, tf2_session.pb, tf2_function.pb: what TensorFlow freezes of the corpus.

graphs/consts.pb and .pbtxt: constants of every dtype in every spelling.

graphs/expected.json: per graph its constants, as expected.json of the corpus has tensors; those
of functions are "@FUNCTION/NODE". The values are those of Tensor::FromProto, which the op
ParseTensor calls; what it refuses has no sha256.

graphs/nodes.expected: a line a graph: path, message, text or binary, the set of tags, nodes of the main graph,
functions, nodes of all functions, CRC-32C of the nodes as test_graph.c spells them,
inputs and outputs of signatures, collections, VariableDefs in `variables`, version of
TensorFlow, producer.
"""
import hashlib
import json
import os
import struct
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from google.protobuf import text_format  # noqa: E402
from tensorflow.core.framework import graph_pb2  # noqa: E402
from tensorflow.python.framework.convert_to_constants import (  # noqa: E402
    convert_variables_to_constants_v2)
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2  # noqa: E402
from tensorflow.python.summary import summary_iterator  # noqa: E402

TABLE = []
for i in range(256):
    for _ in range(8):
        i = i >> 1 ^ (0x82F63B78 if i & 1 else 0)
    TABLE.append(i)


def crc32c(data):
    crc = 0xFFFFFFFF
    for b in data:
        crc = TABLE[(crc ^ b) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


KINDS = ["", "list", "s", "i", "f", "b", "type", "shape", "tensor", "placeholder", "func"]


def spell(node):
    """One node: its strings with a NUL behind each, attributes by name with their kinds."""
    parts = [node.name, node.op, node.device, *node.input]
    parts += ["%s=%d" % (k, KINDS.index(node.attr[k].WhichOneof("value") or ""))
              for k in sorted(node.attr, key=lambda k: k.encode())]
    return b"".join(p.encode() + b"\0" for p in parts)


# --- constants -----------------------------------------------------------------------------

def value_of(proto):
    """{dtype, shape[, sha256]} of a TensorProto."""
    shape = [d.size for d in proto.tensor_shape.dim]
    try:
        dtype = tf.as_dtype(proto.dtype)
    except TypeError:
        return {"dtype": "invalid", "shape": shape}
    if dtype._is_ref_dtype:
        return {"dtype": "invalid", "shape": shape}
    found = {"dtype": dtype.name, "shape": shape}
    try:
        value = tf.io.parse_tensor(proto.SerializeToString(), dtype).numpy()
    except (tf.errors.OpError, TypeError):
        return found
    if dtype == tf.string:
        data = b"".join(struct.pack("<Q", len(x)) + x for x in np.array(value, dtype=object).ravel())
    else:
        data = np.ascontiguousarray(value).tobytes()
    found["sha256"] = hashlib.sha256(data).hexdigest()
    return found


def constants(graph):
    nodes = [("", n) for n in graph.node]
    nodes += [("@%s/" % f.signature.name, n) for f in graph.library.function for n in f.node_def]
    found = []
    for scope, node in nodes:
        if node.op == "Const":
            value = value_of(node.attr["value"].tensor) if "value" in node.attr \
                else {"dtype": "invalid", "shape": []}
            found.append({"name": scope + node.name, **value})
    return sorted(found, key=lambda t: t["name"].encode())


def packed(array):
    return np.ascontiguousarray(array).tobytes()


# dtype: (field, how a value stands in it)
FIELDS = {}
for names, field in (("float32", "float_val"), ("float64", "double_val"),
                     ("int32 uint8 int16 int8 uint16 qint8 quint8 qint32 qint16 quint16 "
                      "int4 uint4 int2 uint2", "int_val"),
                     ("int64", "int64_val"), ("bool", "bool_val"), ("uint32", "uint32_val"),
                     ("uint64", "uint64_val"), ("float16 bfloat16", "half_val"),
                     ("complex64", "scomplex_val"), ("complex128", "dcomplex_val"),
                     ("float8_e5m2 float8_e4m3fn float8_e4m3fnuz float8_e4m3b11fnuz "
                      "float8_e5m2fnuz", "float8_val"), ("string", "string_val")):
    for name in names.split():
        FIELDS[name] = field


def some_values(dtype):
    """Seven elements as NumPy has them, special ones among them."""
    if dtype == tf.string:
        return [b"", b"a", b"\0\xff", "\u6f22".encode(), b"x" * 300, b"'\"\\", b"\n"]
    of = dtype.as_numpy_dtype
    if dtype.is_complex:
        return np.array([1 + 2j, complex(np.nan, -0.0), complex(np.inf, -np.inf), 0, -1j, 3, 4], of)
    if dtype.is_floating:
        return np.array([1.5, np.nan, np.inf, -np.inf, -0.0, 0.015625, -2], np.float32).astype(of)
    if dtype == tf.bool:
        return np.array([1, 0, 1, 1, 0, 0, 1], of)
    if dtype.is_quantized:
        of = np.dtype(dtype.name.lstrip("q")).type
        return np.array([np.iinfo(of).min, np.iinfo(of).max, 0, 1, 2, 3, 1]).astype(of)
    low, high = (-2, 1) if dtype.name == "int2" else (0, 3) if dtype.name == "uint2" else \
        (-8, 7) if dtype.name == "int4" else (0, 15) if dtype.name == "uint4" else \
        (dtype.min, dtype.max)
    return np.array([of(v) for v in (low, high, 0, 1, low, high, 1)], of)


def put(proto, dtype, values):
    """Into the typed field."""
    field = FIELDS[dtype.name]
    if field == "half_val":
        values = np.asarray(values).view(np.uint16)
    elif field == "float8_val":
        proto.float8_val = packed(values)
        return
    elif dtype.is_complex:
        values = np.asarray(values).view(np.float32 if dtype.name == "complex64" else np.float64)
    elif dtype != tf.string:
        values = [v.item() if hasattr(v, "item") else v for v in np.asarray(values).ravel()]
        values = [int(v) if field == "int_val" else v for v in values]
    getattr(proto, field).extend(values if isinstance(values, list) else values.tolist())


def varint(n):
    return bytes([n]) if n < 128 else bytes([n & 127 | 128]) + varint(n >> 7)


def make_consts():
    graph = graph_pb2.GraphDef()
    graph.versions.producer = 27

    def add(name, dtype, shape):
        node = graph.node.add(name="%s/%s" % (dtype.name, name), op="Const")
        node.attr["dtype"].type = dtype.as_datatype_enum
        proto = node.attr["value"].tensor
        proto.dtype = dtype.as_datatype_enum
        for size in shape:
            proto.tensor_shape.dim.add(size=size)
        return proto

    for number in range(1, 34):
        try:
            dtype = tf.as_dtype(number)
        except TypeError:
            continue
        if dtype.name not in FIELDS:
            continue
        values = some_values(dtype)
        content = b"".join(varint(len(v)) for v in values) + b"".join(values) \
            if dtype == tf.string else packed(values)
        add("content", dtype, [7]).tensor_content = content
        add("content_matrix", dtype, [1, 7]).tensor_content = content
        add("content_short", dtype, [8]).tensor_content = content
        add("content_long", dtype, [2, 3]).tensor_content = content
        put(add("field", dtype, [7]), dtype, values)
        put(add("field_scalar", dtype, []), dtype, values[:1])
        put(add("fill", dtype, [3, 1000]), dtype, values[:2])
        put(add("fill_one", dtype, [2000]), dtype, values[1:2])
        put(add("more", dtype, [2]), dtype, values)
        add("none", dtype, [5])
        add("none_scalar", dtype, [])
        add("empty", dtype, [3, 0])
        put(add("empty_with_values", dtype, [0]), dtype, values)
    add("overflow", tf.float32, [1 << 40, 1 << 40])
    add("negative", tf.float32, [2, -1])
    add("unknown_rank", tf.float32, []).tensor_shape.unknown_rank = True
    bad = add("no_dtype", tf.float32, [])
    bad.dtype = 0
    bad = add("reference", tf.float32, [])
    bad.dtype = 101
    add("handle", tf.resource, [])
    graph.node.add(name="no_value", op="Const")
    function = graph.library.function.add()
    function.signature.name = "f"
    node = function.node_def.add(name="c", op="Const")
    node.attr["value"].tensor.CopyFrom(graph.node[0].attr["value"].tensor)
    os.makedirs("graphs/slots", exist_ok=True)
    with open("graphs/consts.pb", "wb") as f:
        f.write(graph.SerializeToString(deterministic=True))
    with open("graphs/consts.pbtxt", "w") as f:
        f.write(text_format.MessageToString(graph))


# --- frozen graphs ------------------------------------------------------------------------

def write_graph(name, graph):
    with open(os.path.join("graphs", name), "wb") as f:
        f.write(graph.SerializeToString(deterministic=True))


def make_frozen():
    """TensorFlow's own freezing: a partitioned model; a TF2 model in both ways."""
    v1 = tf.compat.v1
    freeze = v1.graph_util.convert_variables_to_constants
    prefix = "corpus/saver_v2_partitioned/model.ckpt-9"
    with tf.Graph().as_default() as graph, v1.Session() as session:
        v1.train.import_meta_graph(prefix + ".meta").restore(session, prefix)
        write_graph("partitioned.pb", freeze(session, graph.as_graph_def(), ["softmax"]))
    # A weight that is called like a slot, and one that the frozen graph does without.
    with tf.Graph().as_default() as graph, v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 2], name="x")
        m = v1.get_variable("cell/slow", initializer=tf.constant([[1.0], [2.0]]))
        v = v1.get_variable("cell/Momentum", initializer=tf.constant([[3.0], [4.0]]))
        v1.get_variable("other/slow", initializer=[5.0], trainable=False)
        tf.matmul(x, m, name="y")
        tf.matmul(x, v, name="z")
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, "graphs/slots/model.ckpt", write_state=False)
        write_graph("slots/frozen.pb", freeze(session, graph.as_graph_def(), ["y", "z"]))
        write_graph("slots/pruned.pb", freeze(session, graph.as_graph_def(), ["y"]))
    model = "corpus/saved_model_tf2/model"
    with tf.Graph().as_default() as graph, v1.Session() as session:
        meta = v1.saved_model.load(session, ["serve"], model)
        outputs = meta.signature_def["serving_default"].outputs.values()
        names = [t.name.split(":")[0] for t in outputs]
        write_graph("tf2_session.pb", freeze(session, graph.as_graph_def(), names))
    loaded = tf.saved_model.load(model)  # holds the variables
    frozen = convert_variables_to_constants_v2(loaded.signatures["serving_default"])
    write_graph("tf2_function.pb", frozen.graph.as_graph_def())


# --- all graphs ----------------------------------------------------------------------------

def describe(path, message, kind, text, tags, meta, graph):
    functions = graph.library.function
    data = b"".join(spell(n) for n in graph.node)
    data += b"".join(spell(n) for f in functions for n in f.node_def)
    fields = [path, kind, "text" if text else "binary", tags or "-", len(graph.node),
              len(functions), sum(len(f.node_def) for f in functions), "%08x" % crc32c(data)]
    signatures = meta.signature_def.values() if meta else []
    fields += [sum(len(s.inputs) + len(s.outputs) for s in signatures),
               len(meta.collection_def) if meta else 0,
               len(meta.collection_def["variables"].bytes_list.value)
               if meta and "variables" in meta.collection_def else 0,
               (meta.meta_info_def.tensorflow_version if meta else "") or "-",
               graph.versions.producer]
    return " ".join(map(str, fields))


def keep(values, path, found):
    """Snapshots of one run have one graph: once is enough."""
    if found not in values.values():
        values[path] = found


def last_of_events(path):
    """The graph that was written into an event file last."""
    last = None
    for event in summary_iterator.summary_iterator(path):
        if event.HasField("graph_def"):
            last = graph_pb2.GraphDef.FromString(event.graph_def)
        if event.HasField("meta_graph_def"):
            last = meta_graph_pb2.MetaGraphDef.FromString(event.meta_graph_def)
    return last


def parse(path):
    if "tfevents" in path:
        return last_of_events(path)
    with open(path, "rb") as f:
        data = f.read()
    text = path.endswith("pbtxt")
    name = os.path.basename(path)
    message = (saved_model_pb2.SavedModel() if name.startswith("saved_model.")
               else meta_graph_pb2.MetaGraphDef() if name.endswith(".meta")
               else graph_pb2.GraphDef())
    if text:
        text_format.Parse(data, message, allow_unknown_extension=True)
    else:
        message.ParseFromString(data)
    return message


def read(path, lines, values):
    message = parse(path)
    if message is None:
        return
    text = path.endswith("pbtxt")
    kind = type(message).__name__
    if kind == "GraphDef":
        lines.append(describe(path, message, kind, text, "", None, message))
        keep(values, path, constants(message))
    elif kind == "MetaGraphDef":
        lines.append(describe(path, message, kind, text, "", message, message.graph_def))
        keep(values, path, constants(message.graph_def))
    else:
        for meta in message.meta_graphs:
            tags = ",".join(sorted(meta.meta_info_def.tags))
            lines.append(describe(path, message, kind, text, tags, meta, meta.graph_def))
            if tags == "serve":
                keep(values, path, constants(meta.graph_def))


def main():
    make_consts()
    make_frozen()
    found, lines, values = [], [], {}
    for top in ("corpus", "events", "graphs", "real"):
        for folder, _, names in os.walk(top):
            found += [os.path.join(folder, n) for n in names
                      if n.endswith((".meta", ".pbtxt")) or "tfevents" in n or
                      n.endswith(".pb") and n != "fingerprint.pb"]
    for path in sorted(found):
        read(path, lines, values)
    with open("graphs/nodes.expected", "w") as f:
        f.write("".join(line + "\n" for line in lines))
    with open("graphs/expected.json", "w") as f:
        f.write('{"tensorflow": "%s", "checkpoints": {\n' % tf.__version__)
        f.write(",\n".join('"%s": [\n%s]' % (path, ",\n".join(map(json.dumps, tensors)))
                           for path, tensors in values.items()))
        f.write("\n}}\n")


if __name__ == "__main__":
    sys.exit(main())
