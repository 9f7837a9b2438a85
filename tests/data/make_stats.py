#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""stats.expected.json: NumPy's numbers of what TensorFlow reads; tests/stats.py compares.

Needs TensorFlow (made with 2.21). Sums are exact (math.fsum), so that the last digits are
those of no algorithm; elements are taken as doubles, complex ones by their modulus.
Run it in its folder.
"""
import json
import math

import numpy as np
import tensorflow as tf

CHECKPOINTS = [
    "corpus/dtypes_v2/all", "corpus/dtypes_v1/v1.ckpt", "corpus/saver_v2/model.ckpt-200",
    "corpus/saver_v2_partitioned/model.ckpt-9", "corpus/saver_v1/model.ckpt-100",
    "corpus/slices_2d_v2/tiles", "corpus/object_based/ck-4", "corpus/merged_v2/merged",
    "corpus/run_with_events/model.ckpt-60", "real/transformer_2_shards/model.ckpt-1",
    "real/trt_mnist_snappy/model.ckpt-46900", "real/v1_serving/export_single/export",
    "../../share/examples/run/model.ckpt-1000",
]


def index_of(a, flat):
    return [int(i) for i in np.unravel_index(flat, a.shape)] if a.ndim else []


def first(a, mask):
    return index_of(a, int(np.argmax(mask))) if mask.any() else None


def number(v, whole):
    return int(v) if whole else float(v)


def stats(a):
    same = bool(a.size > 1 and (a == a.ravel()[0]).all())
    whole = a.dtype.kind in "iub" or a.dtype.name in ("int4", "uint4", "int2", "uint2")
    if a.dtype.name in ("int4", "uint4", "int2", "uint2"):
        a = a.astype(np.int8)
    if a.dtype.kind == "c":
        a = np.hypot(a.real.astype(np.float64), a.imag.astype(np.float64))
    exact = a.astype(np.int8) if a.dtype.kind == "b" else a
    x = a.astype(np.float64)
    flat = x.ravel()
    finite = np.isfinite(flat)
    good = [float(v) for v in flat[finite]]
    s = {"zeros": int((flat == 0).sum()), "nan": int(np.isnan(flat).sum()),
         "inf_positive": int((flat == math.inf).sum()),
         "inf_negative": int((flat == -math.inf).sum()),
         "first_nan": first(a, np.isnan(x)), "first_inf": first(a, np.isinf(x)),
         "distinct": len(np.unique(exact)) if whole else None}
    if s["distinct"] and s["distinct"] > 65536:
        s["distinct"] = None
    for key in ("min", "max", "min_index", "max_index", "mean", "std", "l2"):
        s[key] = None
    if good:
        e = exact.ravel()
        ends = np.where(finite, flat, math.inf), np.where(finite, flat, -math.inf)
        at = int(np.argmin(e)) if whole else int(np.argmin(ends[0]))
        s["min"], s["min_index"] = number(e[at], whole), index_of(a, at)
        at = int(np.argmax(e)) if whole else int(np.argmax(ends[1]))
        s["max"], s["max_index"] = number(e[at], whole), index_of(a, at)
        s["mean"] = math.fsum(good) / len(good)
        s["std"] = math.sqrt(math.fsum((v - s["mean"]) ** 2 for v in good) / len(good))
        s["l2"] = math.sqrt(math.fsum(v * v for v in good))
    s["constant"] = same and bool(finite.all())
    s["dead_rows"] = s["dead_columns"] = None
    if a.ndim >= 2:
        m = x.reshape(-1, a.shape[-1]) if a.size else np.ones((1, 1))
        s["dead_rows"] = int((m == 0).all(axis=1).sum())
        s["dead_columns"] = int((m == 0).all(axis=0).sum())
    _, exponents = np.frexp(flat[finite & (flat != 0)])
    used, counts = np.unique(exponents.astype(int) - 1, return_counts=True)
    s["log2"] = [[int(e), int(n)] for e, n in zip(used, counts)]
    return s


def main():
    out = {}
    for prefix in CHECKPOINTS:
        reader = tf.train.load_checkpoint(prefix)
        dtypes = reader.get_variable_to_dtype_map()
        tensors = out[prefix] = {}
        for name in sorted(reader.get_variable_to_shape_map()):
            try:
                a = np.asarray(reader.get_tensor(name))
            except Exception:  # variants, a tensor with a hole, some dtypes of V1
                if dtypes[name] != tf.variant:
                    continue
                a = np.array(b"")
            if a.dtype.kind in "OSU":
                tensors[name] = None
                continue
            if a.dtype.fields:  # quantized
                a = a.view(a.dtype[0])
            tensors[name] = stats(a)
    some = next(s for tensors in out.values() for s in tensors.values() if s)
    with open("stats.expected.json", "w") as f:
        f.write('{"keys":' + json.dumps(list(some)) + ',\n"checkpoints":{\n')
        f.write(",\n".join(
            json.dumps(prefix) + ":{\n" + ",\n".join(
                json.dumps(n) + ":" + json.dumps(list(s.values()) if s else None,
                                                 separators=(",", ":"))
                for n, s in tensors.items()) + "}" for prefix, tensors in out.items()))
        f.write("}}\n")


main()
