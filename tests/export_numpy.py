#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What export writes, read by NumPy and by the safetensors package: every tensor of every
checkpoint in tests/data has the same dtype, shape and bytes there.

Without NumPy the test is skipped; without safetensors, or ml_dtypes, that part of it is. In
NUMPY_PYTHON stands the Python that has them, if it is not this one. Needs DUMP, CKPT_INSPECT
and SRCDIR in the environment.
"""
import os
import sys

other = os.environ.pop("NUMPY_PYTHON", "")
if other:
    os.execv(other, [other, *sys.argv])
try:
    import numpy
except ImportError:
    print("NumPy is not there")
    sys.exit(77)
try:
    import safetensors
    import safetensors.numpy
except ImportError:
    safetensors = None
try:
    import ml_dtypes
except ImportError:
    ml_dtypes = None

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.environ["SRCDIR"], "tests"))
import exported
from exported import need
from oracle import read_dump


def dtype_of(name):
    """The dtype that TensorFlow's Python gives; NumPy's bytes where it has none."""
    if name in ("qint8", "quint8", "qint16", "quint16", "qint32"):
        return numpy.dtype([(name, name[1:])])
    try:
        return numpy.dtype(name)
    except TypeError:
        return numpy.dtype(getattr(ml_dtypes, name)) if ml_dtypes else None


def same(name, tensor, array):
    dtype, shape, data, _ = tensor
    need(list(array.shape) == shape, f"{name}: shape {array.shape}, expected {shape}")
    if dtype == "string":
        got = [bytes(v) for v in array.ravel().tolist()]
        need(got == exported.strings(data), f"{name}: other strings")
        return
    want = dtype_of(dtype)
    if want is not None and array.dtype.kind == "V" and array.dtype.names is None:
        need(array.dtype.itemsize == want.itemsize, f"{name}: another size")
        array = array.view(want)  # as the manual says
    need(want is None or array.dtype == want, f"{name}: {array.dtype}, expected {want}")
    need(array.tobytes() == data, f"{name}: other bytes")


def check_numpy(prefix, tensors, tmp):
    held = {n: t for n, t in tensors.items() if exported.npy_of(t)}
    out = [n for n in tensors if n not in held]
    if not held:
        return 0
    path = os.path.join(tmp, "a.npz")
    for options in (), ("--compress",):
        records, _ = exported.export(prefix, path, "--force",
                                     *exported.without(out, *options))
        with numpy.load(path) as z:  # allow_pickle is False
            need(len(z.files) == len(held), f"{len(z.files)} arrays of {len(held)}")
            for name, tensor in held.items():
                same(name, tensor, z[records[name]["written_as"].removesuffix(".npy")])
    # np.save writes the same bytes of the same array.
    records, doc = exported.export(prefix, os.path.join(tmp, "d/"), *exported.without(out))
    for name, tensor in held.items():
        file = records[name]["file"]
        array = numpy.load(file)
        same(name, tensor, array)
        if array.dtype.kind != "V":
            again = os.path.join(tmp, "again.npy")
            numpy.save(again, array)
            with open(file, "rb") as a, open(again, "rb") as b:
                need(a.read() == b.read(), f"{name}: np.save writes another file")
    return 3 * len(held)


def check_safetensors(prefix, tensors, tmp):
    held = {n: t for n, t in tensors.items() if exported.safetensors_of(t)}
    out = [n for n in tensors if n not in held and b"_OBJECT_GRAPH" not in n]
    if not safetensors or not held:
        return 0
    path = os.path.join(tmp, "a.safetensors")
    records, _ = exported.export(prefix, path, *exported.without(out))
    with open(path, "rb") as f:
        raw = dict(safetensors.deserialize(f.read()))
    need(len(raw) == len(held), f"{len(raw)} tensors of {len(held)}")
    arrays = {}
    if ml_dtypes or all(t[0] != "bfloat16" and "float8" not in t[0] for t in held.values()):
        try:
            arrays = safetensors.numpy.load_file(path)
        except (KeyError, AttributeError):  # NumPy lacks float8
            pass
    for name, tensor in held.items():
        got = raw[records[name]["written_as"]]
        need(list(got["shape"]) == tensor[1] and bytes(got["data"]) == tensor[2] and
             got["dtype"] == exported.SAFETENSORS[tensor[0]], f"safetensors: {name} differs")
        if arrays:
            same(name, tensor, arrays[records[name]["written_as"]])
    with safetensors.safe_open(path, framework="np") as f:
        need(f.metadata()["format"], "the metadata is not there")
    return len(held)


def main():
    problems, passed, files = [], 0, 0
    for prefix in exported.checkpoints():
        tensors = read_dump(prefix)
        if any(t[2] is None for t in tensors.values()):
            continue
        files += 1
        with exported.scratch() as tmp:
            for check in check_numpy, check_safetensors:
                try:
                    passed += check(prefix, tensors, tmp)
                except AssertionError as e:
                    problems.append(f"{prefix}: {e}")
    for p in problems:
        print(p)
    versions = [f"{m.__name__} {m.__version__}" for m in (numpy, safetensors, ml_dtypes) if m]
    print(f"{', '.join(versions)}: {files} checkpoints, {passed} arrays, "
          f"{len(problems)} problems")
    need(passed > 1000, "hardly any tensor was read")
    sys.exit(1 if problems else 0)


main()
