#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes variables.expected: what each variable is after TensorFlow has restored it.

    make_variables.py            needs tensorflow; run in this folder

A line a variable: graph, checkpoint, variable, dtype, shape (2x3, or - for a scalar), CRC-32C
of its value in little-endian bytes. The restore op of the graph itself is run, and then the
variable is read.
"""
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np  # noqa: E402
import tensorflow.compat.v1 as v1  # noqa: E402
from google.protobuf import text_format  # noqa: E402
from tensorflow.core.framework import graph_pb2  # noqa: E402
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2  # noqa: E402
from tensorflow.python.ops import gen_resource_variable_ops  # noqa: E402

from make_graphs import crc32c  # noqa: E402

v1.disable_eager_execution()

GRAPHS = [
    ("corpus/ref_variables/ref.ckpt.meta", "corpus/ref_variables/ref.ckpt"),
    ("corpus/saver_v1/model.ckpt-100.meta", "corpus/saver_v1/model.ckpt-100"),
    ("corpus/saver_v1_partitioned_sharded/model.ckpt-5.meta",
     "corpus/saver_v1_partitioned_sharded/model.ckpt-5-?????-of-00003"),
    ("corpus/saver_v2/model.ckpt-200.meta", "corpus/saver_v2/model.ckpt-200"),
    ("corpus/saver_v2/graph.pbtxt", "corpus/saver_v2/model.ckpt-10"),
    ("corpus/saver_v2_partitioned/model.ckpt-9.meta",
     "corpus/saver_v2_partitioned/model.ckpt-9"),
    ("corpus/saver_v2_sharded/model.ckpt-6.meta", "corpus/saver_v2_sharded/model.ckpt-6"),
    ("corpus/run_with_events/model.ckpt-60.meta", "corpus/run_with_events/model.ckpt-60"),
    ("corpus/saved_model_tf1/model/saved_model.pb",
     "corpus/saved_model_tf1/model/variables/variables"),
    ("corpus/saved_model_tf2/model/saved_model.pb",
     "corpus/saved_model_tf2/model/variables/variables"),
    ("real/regression/checkpoint/model.meta", "real/regression/checkpoint/model"),
    ("real/regression/saved_model/saved_model.pb",
     "real/regression/saved_model/variables/variables"),
    ("real/saved_model/CyclicModule/saved_model.pb",
     "real/saved_model/CyclicModule/variables/variables"),
    ("real/saved_model/OptimizerSlotVariableModule/saved_model.pb",
     "real/saved_model/OptimizerSlotVariableModule/variables/variables"),
    ("real/saved_model/SimpleV1Model/saved_model.pb",
     "real/saved_model/SimpleV1Model/variables/variables"),
    ("real/saved_model/StaticHashTableModule/saved_model.pb",
     "real/saved_model/StaticHashTableModule/variables/variables"),
    ("real/saved_model/VarsAndArithmeticObjectGraph/saved_model.pb",
     "real/saved_model/VarsAndArithmeticObjectGraph/variables/variables"),
    ("real/saved_model/half_plus_two/00000123/saved_model.pb",
     "real/saved_model/half_plus_two/00000123/variables/variables"),
    ("real/v1_serving/export_single/export.meta", "real/v1_serving/export_single/export"),
    ("real/v1_serving/export_sharded/export.meta",
     "real/v1_serving/export_sharded/export-?????-of-00001"),
]


def read(path):
    """The GraphDef, and the SaverDef (of the tag set {serve}) or None."""
    with open(path, "rb") as f:
        data = f.read()
    if path.endswith(".meta"):
        meta = meta_graph_pb2.MetaGraphDef.FromString(data)
        return meta.graph_def, meta.saver_def
    if path.endswith("saved_model.pb"):
        model = saved_model_pb2.SavedModel.FromString(data)
        metas = [m for m in model.meta_graphs if list(m.meta_info_def.tags) == ["serve"]]
        meta = (metas or model.meta_graphs)[0]
        return meta.graph_def, meta.saver_def
    return text_format.Parse(data, graph_pb2.GraphDef()), None


def clear(graph_def):
    for node in graph_def.node:
        node.device = ""
    for function in graph_def.library.function:
        for node in function.node_def:
            node.device = ""


def restore(session, graph, saver, checkpoint):
    filename = saver.filename_tensor_name if saver else "save/Const:0"
    session.run(graph.get_operation_by_name(
        saver.restore_op_name if saver else "save/restore_all"), {filename: checkpoint})


def variables(graph):
    for op in graph.get_operations():
        if op.type in ("Variable", "VariableV2"):
            yield op.name, op.outputs[0]
        elif op.type == "VarHandleOp":
            yield op.name, gen_resource_variable_ops.read_variable_op(
                op.outputs[0], op.get_attr("dtype"))


def main():
    for path, checkpoint in GRAPHS:
        graph_def, saver = read(path)
        clear(graph_def)
        with v1.Graph().as_default() as graph, v1.Session() as session:
            v1.import_graph_def(graph_def, name="")
            all_of_them = list(variables(graph))
            restore(session, graph, saver, checkpoint)
            for name, tensor in sorted(all_of_them):
                try:
                    value = np.asarray(session.run(tensor))
                except v1.errors.FailedPreconditionError:
                    print(path, checkpoint, name, "uninitialized", "-", "-")
                    continue
                print(path, checkpoint, name, value.dtype.name,
                      "x".join(map(str, value.shape)) or "-",
                      "%08x" % crc32c(value.astype(value.dtype.newbyteorder("<")).tobytes()))


if __name__ == "__main__":
    sys.exit(main())
