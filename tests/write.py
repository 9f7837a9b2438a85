#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes small V2 checkpoints for tests: write.py PREFIX JSON.

JSON is {name: tensor}. A tensor is a list (float32, nested as its shape), a number, or
{"dtype": …, "values": …, "shape": …, "slices": …}. Values are numbers, "nan", "inf", "-inf",
strings, [re, im]; "bits:HEX" is an element's stored bytes. slices: lists of [start, length]
per dimension, as make.py has them: the tensor is stored in those pieces.
"""
import importlib.util
import json
import math
import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
_spec = importlib.util.spec_from_file_location("make", os.path.join(HERE, "data", "broken", "make.py"))
make = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(make)

# Number in types.proto, struct code, bytes of an element.
DTYPES = {"float32": (1, "f", 4), "float64": (2, "d", 8), "int32": (3, "i", 4), "uint8": (4, "B", 1),
          "int16": (5, "h", 2), "int8": (6, "b", 1), "string": (7, None, 0), "complex64": (8, "f", 8),
          "int64": (9, "q", 8), "bool": (10, "?", 1), "bfloat16": (14, None, 2), "uint16": (17, "H", 2),
          "complex128": (18, "d", 16), "float16": (19, "e", 2), "uint32": (22, "I", 4),
          "uint64": (23, "Q", 8)}


def flat(values):
    if not isinstance(values, list):
        return [values]
    return [x for v in values for x in flat(v)]


def shape_of(values):
    return [len(values)] + (shape_of(values[0]) if values else []) if isinstance(values, list) else []


def encode(dtype, value):
    """An element's bytes."""
    code = DTYPES[dtype][1]
    if isinstance(value, str) and value.startswith("bits:"):
        return bytes.fromhex(value[5:])
    if isinstance(value, str):
        value = float(value)
    if dtype == "bfloat16":
        return struct.pack("<f", value)[2:]
    if dtype.startswith("complex"):
        return struct.pack("<2" + code, *value)
    return struct.pack("<" + code, value)


def normal(tensor):
    """(dtype, shape, elements as bytes or strings, slices) of a tensor as it was given."""
    if not isinstance(tensor, dict):
        tensor = {"values": tensor}
    dtype, values = tensor.get("dtype", "float32"), tensor["values"]
    shape = shape_of(values)
    if dtype.startswith("complex"):
        shape = shape[:-1]
        elements = flat(values)
        elements = [elements[i:i + 2] for i in range(0, len(elements), 2)]
    else:
        elements = flat(values)
    shape = tensor.get("shape", shape)
    if math.prod(shape) != len(elements):
        raise ValueError(f"{len(elements)} elements for {shape}")
    if dtype == "string":
        return dtype, shape, [v.encode() for v in elements], None
    return dtype, shape, [encode(dtype, v) for v in elements], tensor.get("slices")


def cut(shape, elements, extents):
    """The elements of a box, row-major."""
    found = []
    for flat_index, element in enumerate(elements):
        index, rest = [], flat_index
        for d in reversed(shape):
            index.insert(0, rest % d)
            rest //= d
        if all(s <= i < s + n for i, (s, n) in zip(index, extents)):
            found.append(element)
    return found


def write(prefix, tensors):
    """The two files of a checkpoint."""
    data, entries = bytearray(), []

    def store(dtype, elements):
        raw, crc = make.string_data(elements) if dtype == "string" else (b"".join(elements), None)
        crc = make.crc32c(raw) if crc is None else crc
        data.extend(raw)
        return dict(offset=len(data) - len(raw), size=len(raw), crc=crc)

    for name, tensor in tensors.items():
        dtype, shape, elements, slices = normal(tensor)
        number = DTYPES[dtype][0]
        if not slices:
            entries.append((make.as_bytes(name), make.entry(number, shape, **store(dtype, elements))))
            continue
        boxes = [[tuple(e) for e in s] for s in slices]
        entries.append((make.as_bytes(name), make.entry(number, shape, slices=boxes, crc=None)))
        for box in boxes:
            entries.append((make.slice_key(name, box),
                            make.entry(number, [n for _, n in box],
                                       **store(dtype, cut(shape, elements, box)))))
    table = make.Table()
    table.add([(b"", make.header())] + sorted(entries), last=b"\xff\xff")
    with open(prefix + ".index", "wb") as f:
        f.write(table.finish())
    with open(prefix + ".data-00000-of-00001", "wb") as f:
        f.write(data)


if __name__ == "__main__":
    write(sys.argv[1], json.loads(sys.argv[2]))
