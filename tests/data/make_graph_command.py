#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes graph_command.expected.json: what TensorFlow says of each graph in corpus/ and real/.

    make_graph_command.py            needs tensorflow; run in this folder

What the file says comes from TensorFlow's own messages; the dtypes and shapes of the inputs
from its shape inference, after it has imported the graph (null: it refuses to).
"""
import hashlib
import json
import os
import sys
from collections import Counter

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import tensorflow.compat.v1 as v1  # noqa: E402
from google.protobuf import text_format  # noqa: E402
from tensorflow.core.framework import graph_pb2  # noqa: E402
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2  # noqa: E402
from tensorflow.python.framework import dtypes, tensor_util  # noqa: E402

v1.disable_eager_execution()
PLACEHOLDERS = ("Placeholder", "PlaceholderV2", "PlaceholderWithDefault")
VARIABLES = ("VarHandleOp", "VariableV2", "Variable")


def read(path):
    """Pairs of a MetaGraphDef, or None, and a GraphDef."""
    with open(path, "rb") as f:
        data = f.read()
    name = os.path.basename(path)
    message = (saved_model_pb2.SavedModel() if name.startswith("saved_model.")
               else meta_graph_pb2.MetaGraphDef() if name.endswith(".meta")
               else graph_pb2.GraphDef())
    if path.endswith("pbtxt"):
        text_format.Parse(data, message, allow_unknown_extension=True)
    else:
        message.ParseFromString(data)
    if isinstance(message, graph_pb2.GraphDef):
        return [(None, message)]
    metas = getattr(message, "meta_graphs", None) or [message]
    return [(m, m.graph_def) for m in metas]


def shape_of(shape):
    return None if shape.rank is None else [-1 if d is None else d for d in shape.as_list()]


def inputs_of(graph_def):
    try:
        with v1.Graph().as_default() as graph:
            copy = graph_pb2.GraphDef()
            copy.CopyFrom(graph_def)
            for node in copy.node:
                node.device = ""
            v1.import_graph_def(copy, name="")
            return [[op.name, op.outputs[0].dtype.name, shape_of(op.outputs[0].shape)]
                    for op in graph.get_operations() if op.type in PLACEHOLDERS]
    except Exception:  # whatever it says, it does not take the graph
        return None


def side_of(infos):
    return sorted([key, info.name, dtypes.as_dtype(info.dtype).name if info.dtype else None,
                   None if info.tensor_shape.unknown_rank
                   else [d.size for d in info.tensor_shape.dim]]
                  for key, info in infos.items())


def elements_of(nodes):
    total = 0
    for node in nodes:
        shape = node.attr["value"].tensor.tensor_shape
        n = 1
        for d in shape.dim:
            n *= d.size
        try:
            tensor_util.MakeNdarray(node.attr["value"].tensor)
        except Exception:
            continue
        total += n
    return total


def describe(path, meta, graph):
    library = [n for f in graph.library.function for n in f.node_def]
    main, inside = Counter(n.op for n in graph.node), Counter(n.op for n in library)
    digest = hashlib.sha256()
    for prefix, nodes in [("", graph.node)] + [("@%s/" % f.signature.name, f.node_def)
                                               for f in graph.library.function]:
        for n in nodes:
            digest.update("\0".join([prefix + n.name, n.op, *n.input, ""]).encode())
    meta = meta or meta_graph_pb2.MetaGraphDef()
    all_nodes = list(graph.node) + library
    return {
        "path": path,
        "tags": ",".join(sorted(meta.meta_info_def.tags)),
        "version": meta.meta_info_def.tensorflow_version or None,
        "producer": graph.versions.producer,
        "nodes": len(graph.node),
        "function_nodes": len(library),
        "functions": len(graph.library.function),
        "control_edges": sum(i.startswith("^") for n in all_nodes for i in n.input),
        "ops": sorted([op, main[op], inside[op]] for op in main | inside),
        "devices": sorted(Counter(n.device for n in all_nodes).items()),
        "digest": digest.hexdigest(),
        "inputs": inputs_of(graph),
        "signatures": sorted([key, s.method_name, side_of(s.inputs), side_of(s.outputs)]
                             for key, s in meta.signature_def.items()),
        "collections": sorted([key, c.WhichOneof("kind").replace("_list", ""),
                               len(getattr(c, c.WhichOneof("kind")).value)]
                              for key, c in meta.collection_def.items()),
        "restore": meta.saver_def.restore_op_name or None,
        "variables": [n.name for n in graph.node if n.op in VARIABLES],
        "constants": sum(n.op == "Const" for n in all_nodes),
        "constant_elements": elements_of(n for n in all_nodes if n.op == "Const"),
    }


def main():
    found = []
    for top in ("corpus", "real"):
        for folder, _, names in os.walk(top):
            found += [os.path.join(folder, n) for n in names
                      if n.endswith((".meta", ".pbtxt")) or
                      n.endswith(".pb") and n != "fingerprint.pb"]
    described = [describe(path, meta, graph) for path in sorted(found)
                 for meta, graph in read(path)]
    with open("graph_command.expected.json", "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(d) for d in described) + "\n]\n")


if __name__ == "__main__":
    sys.exit(main())
