#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""corpus/arrays: what np.save, np.savez and the safetensors package write, and expected.json.

Needs NumPy, ml_dtypes and safetensors (made with 2.4, 0.6 and 0.8). Run it in corpus/arrays.
The values in expected.json are those of the arrays before they were written.
"""
import hashlib
import io
import json
import os
import struct
import zipfile

import ml_dtypes
import numpy as np
from safetensors import TensorSpec, serialize_file

PLAIN = ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64",
         "float16", "float32", "float64", "complex64", "complex128"]
FLOAT8 = ["float8_e5m2", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2fnuz"]
QUANTIZED = {"qint8": "i1", "quint8": "u1", "qint16": "i2", "quint16": "u2", "qint32": "i4"}
SHAPES = {"scalar": (), "vector": (17,), "matrix": (5, 7), "cube": (3, 4, 5), "one": (1, 1),
          "empty": (0,), "empty3": (2, 0, 3)}
rng = np.random.default_rng(7)
checkpoints = {}


def dtype_of(name):
    return np.dtype(getattr(ml_dtypes, name, name))


def any_array(name, shape):
    """Every pattern of bits may occur, NaNs and infinities among them."""
    dtype = dtype_of(name)
    n = int(np.prod(shape))
    if name == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    return np.frombuffer(rng.bytes(n * dtype.itemsize), dtype).reshape(shape)


def strings_of(a):
    for s in a.reshape(-1):
        s = bytes(s) if isinstance(s, bytes) else str(s).encode()
        yield struct.pack("<Q", len(s)) + s


def entry(name, a, dtype=None):
    if a.dtype.kind in "SU":
        data, dtype = b"".join(strings_of(a)), "string"
    else:
        data = np.ascontiguousarray(a).tobytes() if a.dtype.byteorder != ">" else \
            np.ascontiguousarray(a.astype(a.dtype.newbyteorder("<"))).tobytes()
    return {"name": name, "dtype": dtype or a.dtype.name, "shape": list(a.shape),
            "sha256": hashlib.sha256(data).hexdigest()}


def expect(path, arrays, dtypes=None):
    checkpoints[path] = [entry(n, a, (dtypes or {}).get(n)) for n, a in sorted(arrays.items())]


def npz(path, arrays, save=np.savez, dtypes=None):
    save(path, **arrays)
    expect(path, arrays, dtypes)


def npy(path, a, version=None):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "wb") as f:
        np.lib.format.write_array(f, a, version)


class Unseekable(io.RawIOBase):
    """A pipe: zipfile then writes the sizes behind each member."""

    def __init__(self, path):
        self.f = open(path, "wb")

    def writable(self):
        return True

    def write(self, b):
        return self.f.write(b)


def safetensors(path, arrays, metadata=None):
    specs, keep = {}, []
    for n, a in arrays.items():
        keep.append(np.ascontiguousarray(a))
        specs[n] = TensorSpec(dtype=a.dtype.name, shape=a.shape,
                              data_ptr=keep[-1].ctypes.data, data_len=a.nbytes)
    serialize_file(specs, path, metadata)
    return arrays


def main():
    every = {f"{d}/{s}": any_array(d, shape) for d in PLAIN for s, shape in SHAPES.items()}
    npz("plain.npz", every)
    large = {"steps": (np.arange(150000) // 64).astype(np.int32),
             "zeros": np.zeros((300, 400)), "few": any_array("float32", (60, 50))}
    npz("deflated.npz", every | large, np.savez_compressed)

    orders = {}
    for d in ["int8", "float16", "float32", "float64", "complex128"]:
        for shape in [(5, 7), (1, 9), (3, 4, 5), (2, 3, 1, 4), (40, 3)]:
            name = f"{d}/{'x'.join(map(str, shape))}"
            orders[f"fortran/{name}"] = np.asfortranarray(any_array(d, shape))
            big = any_array(d, shape)
            orders[f"big/{name}"] = big.astype(big.dtype.newbyteorder(">"))
            orders[f"both/{name}"] = np.asfortranarray(orders[f"big/{name}"])
    words = np.array([["a", "bc", ""], ["déjà", "日本", "🙂🙂"]])
    orders["fortran/words"] = np.asfortranarray(words)
    orders["fortran/large"] = np.asfortranarray(
        (np.arange(100000) % 1000).astype(np.int16).reshape(250, 400))
    npz("orders.npz", orders)
    npz("orders_deflated.npz", orders, np.savez_compressed)
    npz("strings.npz", {
        "bytes": np.array([b"", b"a", b"a\0b", b"longest", b"\xff\xfe"]),
        "words": words, "words_big": words.astype(">U4"),
        "nul": np.array(["a\0b", "\0c"]), "scalar": np.array("one"),
        "none": np.zeros((0, 3), "U5"),
        "many": np.array([f"line {i}" for i in range(5000)])})

    small = {d: any_array(d, (3, 5)) for d in ["bfloat16", "float8_e5m2"]}
    quantized = {q: any_array(np.dtype(c).name, (4,)) for q, c in QUANTIZED.items()}
    arrays = small | {q: a.view([(q, a.dtype.str)]) for q, a in quantized.items()}
    np.savez("ml_dtypes.npz", **arrays)
    expect("ml_dtypes.npz", small | quantized, {q: q for q in quantized})

    npz("names.npz", {n: np.arange(3) for n in
                      ["a", "a.npy", "dense/kernel", "Ünïcode/名", "with space", "x:0"]})
    npz("nothing.npz", {})
    with zipfile.ZipFile(Unseekable("descriptors.npz"), "w", zipfile.ZIP_DEFLATED) as z:
        for n in ["w", "b"]:
            with z.open(f"{n}.npy", "w") as f:
                np.lib.format.write_array(f, every[f"float32/{'cube' if n == 'w' else 'vector'}"])
    expect("descriptors.npz", {"w": every["float32/cube"], "b": every["float32/vector"]})
    zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = 100, 1
    npz("zip64.npz", {"w": every["float32/cube"], "b": every["float32/vector"]})

    npy("one.npy", every["float32/matrix"])
    expect("one.npy", {"one": every["float32/matrix"]})
    folder = {"bias": (every["float64/vector"], (1, 0)), "dense/kernel":
              (np.asfortranarray(every["float32/matrix"]), (2, 0)),
              "dense/deeper/names": (words, (3, 0))}
    for n, (a, version) in folder.items():
        npy(f"folder/{n}.npy", a, version)
    expect("folder", {n: a for n, (a, _) in folder.items()})

    kinds = [d for d in PLAIN if d != "complex128"] + ["bfloat16"] + FLOAT8
    tensors = {f"{d}/{s}": any_array(d, shape) for d in kinds for s, shape in SHAPES.items()}
    safetensors("all.safetensors", tensors, {"format": "np", "note": "a \"quoted\" name\n"})
    expect("all.safetensors", tensors)
    odd = {n: np.arange(2.0) for n in ["", "a\"b\\c", "Ünïcode/名🙂", "tab\tnul\0end"]}
    safetensors("names.safetensors", odd)
    expect("names.safetensors", odd)
    os.makedirs("sharded", exist_ok=True)
    parts = {"model-00001-of-00002.safetensors":
             {"embed": any_array("float32", (20, 4)), "b": any_array("bfloat16", (9,))},
             "model-00002-of-00002.safetensors": {"head": any_array("float16", (4, 3))}}
    for path, shard in parts.items():
        safetensors(f"sharded/{path}", shard, {"format": "pt"})
    lines = {n: path for path, shard in parts.items() for n in shard}
    total = sum(a.nbytes for shard in parts.values() for a in shard.values())
    with open("sharded/model.safetensors.index.json", "w") as f:
        json.dump({"metadata": {"total_size": total}, "weight_map": lines}, f, indent=2)
    expect("sharded", {n: a for shard in parts.values() for n, a in shard.items()})
    checkpoints["sharded/model.safetensors.index.json"] = checkpoints["sharded"]

    with open("expected.json", "w") as f:
        json.dump({"checkpoints": checkpoints}, f, indent=1, sort_keys=True)
        f.write("\n")


main()
