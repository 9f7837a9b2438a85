# SPDX-License-Identifier: Apache-2.0
"""Readers of what export writes, in plain Python: .npy, .npz and .safetensors, each strictly
by its specification; and the checkpoints of tests/data that are exported.

An array is (descr, shape, bytes); see export.py and export_numpy.py.
"""
import ast
import base64
import glob
import json
import os
import struct
import subprocess
import tempfile
import zipfile

from oracle import TOOL, SRCDIR

# TensorFlow's dtypes: what np.save writes of them, and what safetensors calls them.
NPY = {"float32": "<f4", "float64": "<f8", "float16": "<f2", "int64": "<i8", "int32": "<i4",
       "int16": "<i2", "int8": "|i1", "uint64": "<u8", "uint32": "<u4", "uint16": "<u2",
       "uint8": "|u1", "bool": "|b1", "complex64": "<c8", "complex128": "<c16",
       "bfloat16": "<V2", "float8_e5m2": "<V1", "float8_e4m3fn": "<V1", "int4": "<V1",
       "uint4": "<V1", "qint8": [("qint8", "|i1")], "quint8": [("quint8", "|u1")],
       "qint16": [("qint16", "<i2")], "quint16": [("quint16", "<u2")],
       "qint32": [("qint32", "<i4")]}
SAFETENSORS = {"float32": "F32", "float64": "F64", "float16": "F16", "bfloat16": "BF16",
               "int64": "I64", "int32": "I32", "int16": "I16", "int8": "I8", "uint64": "U64",
               "uint32": "U32", "uint16": "U16", "uint8": "U8", "bool": "BOOL",
               "complex64": "C64", "float8_e5m2": "F8_E5M2", "float8_e4m3fn": "F8_E4M3"}


def need(condition, what):
    if not condition:
        raise AssertionError(what)


def read_npy(data):
    """One .npy file, version 1.0."""
    need(data[:8] == b"\x93NUMPY\x01\x00", "no .npy file of version 1.0")
    n, = struct.unpack("<H", data[8:10])
    text = data[10:10 + n]
    need((10 + n) % 64 == 0 and text.endswith(b"\n"), "its header is not filled up to 64 bytes")
    head = ast.literal_eval(text.decode("ascii"))
    need(list(head) == ["descr", "fortran_order", "shape"], f"its header has {list(head)}")
    need(head["fortran_order"] is False, "it is in the order of Fortran")
    return head["descr"], list(head["shape"]), data[10 + n:]


def check_local(data, member):
    """The local header must say what the directory does, by itself; stored bytes are aligned."""
    at = member.header_offset
    (magic, _, flags, method, _, _, crc, stored, size, name_len, extra_len) = \
        struct.unpack_from("<IHHHHHIIIHH", data, at)
    name = data[at + 30:at + 30 + name_len]
    need(magic == 0x04034b50 and method == member.compress_type, "a local header differs")
    need(flags == member.flag_bits == (0 if name.isascii() else 0x800), "flags differ")
    need((crc, stored, size) == (member.CRC, member.compress_size, member.file_size),
         f"sizes of {name!r} differ")
    begin = at + 30 + name_len + extra_len
    need(method != zipfile.ZIP_STORED or begin % 64 == 0, f"{name!r} is not aligned")
    return begin + stored


def read_npz(path, compressed=False):
    """{member name: array}; reading compares the CRC-32 of each."""
    with open(path, "rb") as f:
        data = f.read()
    arrays, end = {}, 0
    with zipfile.ZipFile(path) as z:
        for member in z.infolist():
            need(member.header_offset == end, "there is a gap between members")
            end = check_local(data, member)
            need(member.filename not in arrays, f"{member.filename} stands twice")
            need(compressed == (member.compress_type == zipfile.ZIP_DEFLATED), "compression")
            arrays[member.filename] = read_npy(z.read(member))
        need(end == z.start_dir, "there is a gap before the directory")
    return arrays


def once(pairs):
    need(len({k for k, _ in pairs}) == len(pairs), "a key stands twice")
    return dict(pairs)


def read_safetensors(path, strict=True):
    """({name: array}, metadata): no gaps, no overlaps, the header filled up to 8 bytes. Others
    need not write it so strictly."""
    with open(path, "rb") as f:
        data = f.read()
    n, = struct.unpack("<Q", data[:8])
    need(n % 8 == 0 and data[8:9] == b"{" or not strict, "the header is not padded")
    head = json.loads(data[8:8 + n].decode("utf-8"), object_pairs_hook=once)
    metadata = head.pop("__metadata__", {})
    need(all(isinstance(v, str) for v in metadata.values()), "metadata that is not text")
    arrays, end = {}, 0
    for name, t in head.items():
        begin, stop = t["data_offsets"]
        need(begin == end or not strict, f"{name!r} does not begin where the one before it ends")
        end = stop
        arrays[name] = (t["dtype"], t["shape"], data[8 + n + begin:8 + n + stop])
    need(8 + n + end == len(data) or not strict, "bytes are left over")
    return arrays, metadata


def strings(data):
    """u64 length and bytes, as print --raw and tests/dump write strings."""
    out, at = [], 0
    while at < len(data):
        n, = struct.unpack_from("<Q", data, at)
        out.append(data[at + 8:at + 8 + n])
        at += 8 + n
    return out


def fixed(values):
    """Strings as NumPy's S, or None where it cannot hold them."""
    width = max([len(v) for v in values] + [1])
    if any(v.endswith(b"\0") for v in values):
        return None
    return f"|S{width}", b"".join(v.ljust(width, b"\0") for v in values)


def npy_of(tensor):
    """The array that .npy must have of a (dtype, shape, bytes, error); None: it has none."""
    dtype, shape, data, _ = tensor
    if dtype in NPY:
        return NPY[dtype], shape, data
    padded = fixed(strings(data)) if dtype == "string" else None
    return padded and (padded[0], shape, padded[1])


def safetensors_of(tensor):
    dtype, shape, data, _ = tensor
    return (SAFETENSORS[dtype], shape, data) if dtype in SAFETENSORS else None


def name_of(record, key):
    if key + "_b64" in record:
        return base64.b64decode(record[key + "_b64"])
    return record[key].encode()


def run(prefix, out, *options):
    """The exit code, and the document."""
    r = subprocess.run([TOOL, "export", prefix, "-o", out, "--json", *options],
                       capture_output=True, timeout=60)
    return r.returncode, json.loads(r.stdout)


def export(prefix, out, *options):
    """{name: record} of --json, and the whole document."""
    code, doc = run(prefix, out, *options)
    if code:
        raise AssertionError(f"export {' '.join(options)}: exit code {code}: "
                             f"{doc.get('error')}")
    return {name_of(t, "name"): t for t in doc["tensors"]}, doc


def without(names, *options):
    """Options that leave these tensors out, by regular expressions."""
    for name in names:
        escaped = "".join(chr(c) if chr(c).isalnum() and c < 128 else f"\\x{{{c:02x}}}"
                          for c in name)
        options += ("-x", f"^{escaped}$")
    return (*options, "-E") if names else options


def checkpoints():
    """Prefixes of all checkpoints that an expected.json describes; graphs that are whole."""
    data = os.path.join(SRCDIR, "tests", "data")
    for path in sorted(glob.glob(os.path.join(data, "corpus", "*", "expected.json"))) + \
            [os.path.join(data, "real", "expected.json")]:
        with open(path) as f:
            for prefix in json.load(f)["checkpoints"]:
                yield os.path.join(os.path.dirname(path), prefix)
    yield os.path.join(SRCDIR, "share", "examples", "run", "model.ckpt-1000")
    yield os.path.join(SRCDIR, "share", "examples", "frozen.pb")
    for graph in "partitioned", "tf2_function", "tf2_session":
        yield os.path.join(data, "graphs", f"{graph}.pb")


def scratch():
    """A scratch folder in memory, where there is one: hundreds of files are synced here."""
    fast = "/dev/shm"
    return tempfile.TemporaryDirectory(
        dir=fast if os.access(fast, os.W_OK | os.X_OK) else None)
