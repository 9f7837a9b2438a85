#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make.py: .npy, .npz and .safetensors files that are hostile, damaged, or merely odd.

Writes a file, or a folder, for each case, and cases.json, whose keys are those of
../broken/make.py; tests/broken.py runs them. No imports beyond the standard library; the same
bytes come out on every machine.
"""
import json
import os
import shutil
import struct
import zlib

ONES = struct.pack("<3f", 1, 2, 3)
VALUES = [1.0, 2.0, 3.0]
HUGE = [4194305, 4194305, 211106198978564]  # its product is small modulo 2^64
cases = []


def case(path, about, index_ok=True, bad=(), good=(), verify_ok=False, values=None, data=None,
         files=None):
    for name, content in (files or {path: data}).items():
        full = os.path.join(path, name) if files else name
        os.makedirs(os.path.dirname(full) or ".", exist_ok=True)
        with open(full, "wb") as f:
            f.write(content)
    cases.append({"name": path, "path": path, "about": about, "index_ok": index_ok,
                  "bad_tensors": list(bad), "good_tensors": list(good), "verify_ok": verify_ok,
                  "values": values if values is not None else {n: VALUES for n in good}})


# --- .npy ----------------------------------------------------------------------------------

def npy(header="{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", data=ONES,
        version=1, length=None):
    text = header.encode("latin1") + b"\n" if isinstance(header, str) else header
    n = len(text) if length is None else length
    return b"\x93NUMPY" + bytes([version, 0]) + \
        struct.pack("<H" if version == 1 else "<I", n) + text + data


def descr(d):
    return "{'descr': %s, 'fortran_order': False, 'shape': (3,), }" % d


def shape(s, d="<f4", order=False):
    return "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }" % (d, order, s)


def npy_cases():
    def refused(name, about, data):
        case(f"npy_{name}.npy", about, index_ok=False, bad=[f"npy_{name}"], data=data)

    for name, d in [("object", "'|O'"), ("structure", "[('a', '<f4'), ('b', '<i8')]"),
                    ("date", "'<M8[s]'"), ("span", "'<m8[ns]'"), ("long_double", "'<f16'"),
                    ("void", "'|V5'"), ("ambiguous", "'<V1'"), ("no_length", "'<U'"),
                    ("length_0", "'|S0'"), ("no_code", "'<'"), ("long_code", "'<S99999999999'"),
                    ("qint_lie", "[('qint8', '<i4')]"), ("subarray", "('<f4', (2,))"),
                    ("control", "'\x1b]0;owned\x07'"), ("code_nul", "'<f4\0'")]:
        refused(f"dtype_{name}", f"the dtype is {d!a}", npy(descr(d)))
    for name, h in [
            ("empty", ""), ("no_dict", "(1, 2)"), ("open", "{'descr': '<f4', "),
            ("key_unknown", shape("(3,), 'more': 1")), ("key_missing", "{'shape': (3,), }"),
            ("key_twice", "{'shape': (4,), " + shape("(3,)")[1:]),
            ("no_tuple", shape("(3)")), ("list", shape("[3]")), ("minus", shape("(-3,)")),
            ("real", shape("(3.0,)")), ("text_open", "{'descr': '<f4"),
            ("code", shape("__import__('os').abort()")), ("order_1", shape("(3,)", order=1)),
            ("more", shape("(3,)") + " + 1"), ("no_comma", shape("(3 3)")),
            ("nested", descr("[" * 60000)), ("nested_closed", descr("[" * 20000 + "]" * 20000)),
            ("dim_2_63", shape("(9223372036854775808,)")),
            ("dim_2_64", shape("(18446744073709551617,)")), ("overflow", shape(tuple(HUGE))),
            ("overflow_bytes", shape("(2305843009213693952,)", "<f8")),
            ("rank_255", shape("(" + "1," * 255 + ")"))]:
        refused(f"header_{name}", f"a header with a fault: {name}", npy(h))
    refused("version_4", "version 4.0", npy(version=4))
    refused("version_1_1", "version 1.1", npy().replace(b"Y\1\0", b"Y\1\1", 1))
    refused("length_beyond", "the header is longer than the file", npy(length=60000))
    refused("length_4g", "a header of 4 GiB", npy(version=2, length=0xFFFFFFFF))
    refused("length_short", "the length cuts the header", npy(length=20))
    refused("magic_alone", "nothing but the magic", b"\x93NUMPY")
    case("npy_short.npy", "the last byte is missing", bad=["npy_short"], data=npy(data=ONES[:-1]))
    case("npy_no_data.npy", "no data at all", bad=["npy_no_data"], data=npy(data=b""))
    case("npy_longer.npy", "bytes follow the array, as numpy.load allows", good=["npy_longer"],
         verify_ok=True, data=npy(data=ONES + b"more"))
    case("npy_claims.npy", "2^40 elements are claimed", bad=["npy_claims"],
         data=npy(shape("(1099511627776,)")))
    case("npy_claims_fortran.npy", "2^40 elements in Fortran order are claimed",
         bad=["npy_claims_fortran"], data=npy(shape("(1048576, 1048576)", order=True)))
    case("npy_claims_strings.npy", "2^40 strings are claimed", bad=["npy_claims_strings"],
         data=npy(shape("(1099511627776,)", "<U2")))
    case("npy_wide.npy", "one string of 4 GiB is claimed", bad=["npy_wide"],
         data=npy(shape("()", "<U999999")))
    for name, code in [("surrogate", 0xD800), ("beyond", 0x110000), ("minus", 0xFFFFFFFF)]:
        case(f"npy_code_{name}.npy", "a string with a number that is no character",
             bad=[f"npy_code_{name}"],
             data=npy(shape("(2,)", "<U1"), struct.pack("<2I", 65, code)))
    case("npy_python_2.npy", "written by Python 2: a long in the shape", good=["npy_python_2"],
         verify_ok=True, data=npy(shape("(3L,)")))
    case("npy_tight.npy", "neither blanks nor a comma too many", good=["npy_tight"],
         verify_ok=True, data=npy('{"shape":(3,),"fortran_order":False,"descr":"<f4"}'))
    case("npy_zero_2_62.npy", "no elements, whatever the other dimension says",
         good=["npy_zero_2_62"], verify_ok=True, values={},
         data=npy(shape("(0, 4611686018427387904)"), b""))


# --- .npz ----------------------------------------------------------------------------------

class Zip:
    """An archive of which any number can be wrong."""

    def __init__(self):
        self.data, self.directory, self.n = b"", b"", 0

    def add(self, name, content, deflate=False, at=None, raw=None, **lies):
        name = name if isinstance(name, bytes) else name.encode()
        c = zlib.compressobj(9, zlib.DEFLATED, -15)
        raw = raw if raw is not None else \
            c.compress(content) + c.flush() if deflate else content
        say = {"method": 8 if deflate else 0, "flags": 0, "crc": zlib.crc32(content),
               "stored": len(raw), "size": len(content), "extra": b"", "local_name": name,
               "behind": b"", "directory_extra": b""}
        say.update(lies)
        local = {k[6:]: v for k, v in lies.items() if k.startswith("local_")}
        here = {**say, **local}
        at = len(self.data) if at is None else at
        self.data += b"PK\3\4" + struct.pack(
            "<5H3I2H", 20, here["flags"], here["method"], 0, 0, here["crc"], here["stored"],
            here["size"], len(say["local_name"]), len(say["extra"])) + say["local_name"] + \
            say["extra"] + raw + say["behind"]
        self.entry(name, say, at)
        return self

    def entry(self, name, say, at):
        self.directory += b"PK\1\2" + struct.pack(
            "<6H3I5H2I", 20, 20, say["flags"], say["method"], 0, 0, say["crc"], say["stored"],
            say["size"], len(name), len(say["directory_extra"]), 0, 0, 0, 0, at) + name + \
            say["directory_extra"]
        self.n += 1

    def end(self, n=None, offset=None, size=None, comment=b"", between=b"", disk=0):
        n = self.n if n is None else n
        return self.data + self.directory + between + b"PK\5\6" + struct.pack(
            "<4H2IH", disk, disk, n, n, len(self.directory) if size is None else size,
            len(self.data) if offset is None else offset, len(comment)) + comment


def npz_members():
    """One member with a fault beside a good one."""
    good = npy()

    def bad(name, about, content=good, index_ok=True, member="bad.npy", **more):
        z = Zip().add(member, content, **more).add("ok.npy", good)
        case(f"npz_{name}.npz", about, index_ok=index_ok, bad=["bad"],
             good=["ok"] if index_ok else [], data=z.end())

    bad("crc", "a wrong CRC-32", crc=1)
    bad("crc_deflated", "a wrong CRC-32 of a deflated member", deflate=True, crc=1)
    bad("header_damaged", "a blank of the array's header is another byte, and it parses",
        good.replace(b", }\n", b",\t}\n"), crc=zlib.crc32(good))
    bad("truncated_header", "the member ends in the array's header", good[:30])
    bad("short_array", "the array needs more than the member has", good[:-1])
    bad("long_array", "bytes follow the array in the member", good + b"more")
    bad("object", "an array of objects", npy(descr("'|O'")))
    bad("object_deflated", "an array of objects, deflated", npy(descr("'|O'")), deflate=True)
    bad("overflow", "the shape overflows", npy(shape(tuple(HUGE))))
    bad("empty_member", "a member of no bytes", b"")
    bad("encrypted", "an encrypted member", flags=1)
    bad("bzip2", "compressed by another method", method=12)
    bad("local_method", "the local header has another method", local_method=8)
    bad("local_size", "the local header has another size", local_size=7)
    bad("local_crc", "the local header has another CRC-32", local_crc=7)
    bad("local_name", "the local header has another name", local_name=b"god.npy")
    bad("local_name_longer", "the local header has a longer name", local_name=b"b" * 300)
    bad("local_encrypted", "encrypted, says the local header alone", local_flags=1)
    bad("stored_size", "stored, with two sizes", size=len(good) + 8)
    bad("deflate_bits", "deflated data is damaged", deflate=True, raw=b"\xff" * 40)
    bad("deflate_ends", "deflated data ends early", deflate=True,
        raw=zlib.compress(good, 9)[2:-14])
    bad("deflate_more", "more comes out than is said", good + b"\0" * 100, deflate=True,
        size=len(good), crc=zlib.crc32(good))
    bad("deflate_less", "less comes out than is said", npy(shape("(30,)"), ONES),
        deflate=True, size=len(npy(shape("(30,)"), ONES * 10)))
    bad("deflate_rest", "bytes follow the deflated data", deflate=True,
        raw=zlib.compress(good, 9)[2:-4] + b"rest")
    bad("bomb_claim", "2 GiB are said to come out of 100 bytes",
        npy(shape("(2000000000,)", "|u1"), b"\0" * 100), deflate=True, size=2000000080)
    bad("descriptor", "the numbers behind a member are wrong", flags=8,
        behind=b"PK\7\10" + struct.pack("<3I", 1, 2, 3))
    bad("descriptor_none", "there are no numbers behind a member", flags=8)
    bad("zip64_short", "a size that should be in the extra field, which ends before it",
        local_size=0xFFFFFFFF, extra=struct.pack("<2HI", 1, 4, 1))


def npz_archives():
    good = npy()

    def refused(name, about, data):
        case(f"npz_{name}.npz", about, index_ok=False, bad=["ok"], data=data)

    def plain():
        return Zip().add("ok.npy", good)

    whole = plain().end()
    for n in (4, 40, len(whole) // 2, len(whole) - 1):
        refused(f"cut_{n}", f"cut to {n} bytes", whole[:n])
    refused("longer", "bytes follow the end record", whole + b"more")
    refused("twice", "two members of one name",
            plain().add("ok.npy", npy(data=ONES[::-1])).end())
    refused("count_more", "more members are counted than there are", plain().end(n=2))
    refused("count_less", "fewer members are counted than there are",
            plain().add("b.npy", good).end(n=1))
    refused("count_wild", "65534 members are counted", plain().end(n=65534))
    refused("offset", "the directory is not where it should be", plain().end(offset=5))
    refused("prefix", "bytes stand before the archive", b"#!/bin/sh\n" + whole)
    refused("size", "the directory has another size", plain().end(size=5))
    refused("between", "bytes stand between directory and end", plain().end(between=b"x"))
    refused("disks", "a part of an archive", plain().end(disk=1))
    refused("directory", "the directory is damaged", whole.replace(b"PK\1\2", b"PK\1\3"))
    refused("comment_cut", "the comment is cut", plain().end(comment=b"hello")[:-1])
    z = plain()
    z.add("b.npy", good, at=0, local_name=b"b.npy")
    refused("same_bytes", "two members have the same local header", z.end())
    inner = plain().data
    z = Zip().add("a.npy", npy(shape(f"({len(inner)},)", "|u1"), inner))
    z.entry(b"ok.npy", {"flags": 0, "method": 0, "crc": zlib.crc32(good), "stored": len(good),
                        "size": len(good), "directory_extra": b""},
            len(z.data) - len(inner))
    refused("within", "a member lies within another one", z.end())
    refused("overlap_bomb", "members that share one kernel, each quoting the next", bomb())
    z = plain()
    z.directory = z.directory[:-10] + struct.pack("<I", 0xFFFFFFF0) + z.directory[-6:]
    refused("local_beyond", "a local header behind the end", z.end())
    z = Zip().add("ok.npy", good, size=0xFFFFFFFF, stored=0xFFFFFFFF)
    refused("zip64_missing", "sizes of the zip64 extra field, which is not there", z.end())
    locator = b"PK\6\7" + struct.pack("<IQI", 0, 1 << 40, 1)
    refused("zip64_nowhere", "a zip64 locator that leads nowhere", plain().end(between=locator))
    z = plain()
    end64 = b"PK\6\6" + struct.pack("<Q2H2I4Q", 44, 45, 45, 0, 0, 7, 7, len(z.directory),
                                    len(z.data))
    locator = b"PK\6\7" + struct.pack("<IQI", 0, len(z.data) + len(z.directory), 1)
    refused("zip64_disagrees", "two end records that disagree", z.end(between=end64 + locator))
    refused("zip64_count", "2^60 members",
            z.end(n=0xFFFF, between=end64.replace(struct.pack("<2Q", 7, 7),
                                                  struct.pack("<2Q", 1 << 60, 1 << 60)) + locator))
    fake = plain().end(comment=b"PK\5\6" + bytes(18) + b"more")
    case("npz_comment.npz", "a comment with another end record in it", good=["ok"],
         verify_ok=True, data=fake)


def bomb():
    """Each member's data is the next one's local header and data, in a stored block."""
    content = npy(shape("(50000,)", "|u1"), bytes(50000))
    kernel = zlib.compressobj(9, zlib.DEFLATED, -15)
    data, z = kernel.compress(content) + kernel.flush(), Zip()
    entries = []
    for i in reversed(range(20)):
        name = f"{i}.npy".encode()
        if entries:  # what comes out of it: the next header as it stands, and its content
            content, data = data[:entries[-1][2]] + content, \
                b"\0" + struct.pack("<2H", entries[-1][2], 0xFFFF ^ entries[-1][2]) + data
        say = {"flags": 0, "method": 8, "crc": zlib.crc32(content), "stored": len(data),
               "size": len(content), "directory_extra": b""}
        header = b"PK\3\4" + struct.pack("<5H3I2H", 20, 0, 8, 0, 0, say["crc"], len(data),
                                         len(content), len(name), 0) + name
        data = header + data
        entries.append((name, say, len(header), len(data)))
    z.data = data
    for name, say, _, n in entries:
        z.entry(name, say, len(data) - n)
    return z.end()


def npz_names():
    good = npy()
    for name, member in [("dots", "../../ok.npy"), ("root", "/tmp/ok.npy"),
                         ("middle", "a/../../ok.npy"), ("backslash", "..\\ok.npy"),
                         ("nul", "a\0/ok.npy")]:
        case(f"npz_name_{name}.npz", f"a member is called {member!a}", good=[member[:-4]]
             if name != "nul" else [], data=Zip().add(member, good).end())
    case("npz_name_control.npz", "a name that would write to a terminal",
         good=["\x1b]0;owned\x07"], verify_ok=True,
         data=Zip().add("\x1b]0;owned\x07.npy", good).end())
    case("npz_others.npz", "members that are no arrays, and a folder", good=["ok", "a/ok"],
         verify_ok=True, data=Zip().add("ok.npy", good).add("readme.txt", b"hello")
         .add("a/", b"").add("a/ok.npy", good).end())
    n = 80 << 20
    case("npz_deflated_80m.npz", "80 MiB of zeros, which are more than may be held",
         good=[], verify_ok=True,
         data=Zip().add("zeros.npy", npy(shape(f"({n},)", "|u1"), bytes(n)), deflate=True).end())
    case("npz_fortran_80m.npz", "80 MiB in Fortran order, deflated: they cannot be held",
         bad=["zeros"], verify_ok=False,
         data=Zip().add("zeros.npy", npy(shape(f"(2, {n // 2})", "|u1", True), bytes(n)),
                        deflate=True).end())


# --- .safetensors --------------------------------------------------------------------------

def safetensors(header, data=ONES, length=None):
    text = header if isinstance(header, bytes) else \
        (header if isinstance(header, str) else json.dumps(header)).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def tensor(begin=0, end=12, dims=(3,), dtype="F32", **more):
    return {"dtype": dtype, "shape": list(dims), "data_offsets": [begin, end], **more}


def text(body):
    return '{"ok": %s}' % body


def safetensors_refused():
    def refused(name, about, *args, **more):
        case(f"st_{name}.safetensors", about, index_ok=False, bad=["ok"],
             data=safetensors(*args, **more))

    ok = json.dumps(tensor())
    for n in (0, 1, 20, 1 << 20, 100000000, 100000001, 1 << 63, (1 << 64) - 1):
        refused(f"length_{n}", f"a header of {n} bytes is claimed", {"ok": tensor()}, length=n)
    refused("hole", "a hole between two tensors",
            {"ok": tensor(), "b": tensor(16, 28)}, ONES + ONES + b"more")
    refused("hole_first", "a hole before the first tensor", {"ok": tensor(4, 16)}, ONES + b"more")
    refused("overlap", "two tensors overlap", {"ok": tensor(), "b": tensor(8, 20)}, ONES + ONES)
    refused("same_bytes", "two tensors are the same bytes", {"ok": tensor(), "b": tensor()})
    refused("backwards", "offsets that go backwards", {"ok": tensor(12, 0)})
    refused("offset_2_63", "an offset of 2^63", {"ok": tensor(0, 1 << 63)})
    refused("offset_2_64", "an offset above 2^64", {"ok": tensor(0, (1 << 64) + 12)})
    refused("twice", "a name stands twice", '{"ok": %s, "ok": %s}' % (ok, ok))
    refused("twice_empty", "a name stands twice, once without bytes",
            '{"ok": %s, "ok": %s}' % (ok, json.dumps(tensor(12, 12, (0,)))))
    refused("twice_escaped", "a name stands twice, once with an escape",
            '{"ok": %s, "\\u006fk": %s}' % (ok, json.dumps(tensor(12, 12, (0,)))))
    refused("key_twice", "a tensor has two dtypes", text('{"dtype":"I32",' + ok[1:]))
    for key in ("dtype", "shape", "data_offsets"):
        t = tensor()
        del t[key]
        refused(f"no_{key}", f"a tensor without {key}", {"ok": t})
    for name, dims in [("minus", "[-3]"), ("real", "[3.0]"), ("power", "[3e0]"),
                       ("string", '["3"]'), ("open", "[3"), ("zero_first", "[03]"),
                       ("comma", "[3,]"), ("null", "null"), ("2_64", "[18446744073709551619]"),
                       ("2_63", "[9223372036854775808]"), ("rank_255", str([1] * 255))]:
        refused(f"shape_{name}", f"the shape is {dims[:30]}", text(ok.replace("[3]", dims, 1)))
    for name, offsets in [("one", "[0]"), ("three", "[0, 12, 24]"), ("object", "{}")]:
        refused(f"offsets_{name}", f"the offsets are {offsets}",
                text(ok.replace("[0, 12]", offsets)))
    refused("dtype_null", "the dtype is null", text(ok.replace('"F32"', "null")))
    refused("list", "a list and no object", "[]")
    refused("blank_first", "a blank before the object", " " + text(ok))
    refused("garbage", "more behind the object", text(ok) + "x")
    refused("two", "two objects", text(ok) + text(ok))
    refused("open", "the object does not end", text(ok)[:-1])
    refused("nested", "a million brackets", text(ok[:-1] + ', "x": ' + "[" * 1000000))
    refused("nested_objects", "many objects in each other", text('{"a":' * 1000))
    refused("comment", "a comment", text(ok) + "// what")
    refused("quotes", "other quotes", "{'ok': 1}")
    refused("name_open", "a name that does not end", '{"ok')
    refused("name_control", "a control character in a name", '{"o\nk": %s}' % ok)
    refused("name_escape", "an escape that JSON does not have", '{"\\x6fk": %s}' % ok)
    refused("name_surrogate", "half a surrogate pair", '{"\\ud800": %s}' % ok)
    refused("name_pair", "a surrogate pair that is none", '{"\\ud800\\u0041": %s}' % ok)
    refused("name_utf8", "a name that is not UTF-8", b'{"\xff": ' + ok.encode() + b"}")
    refused("value", "a tensor that is a number", text("3"))
    refused("metadata_number", "metadata with a number",
            '{"__metadata__": {"a": 1}, "ok": %s}' % ok)
    refused("metadata_list", "metadata that is a list", '{"__metadata__": [], "ok": %s}' % ok)
    refused("metadata_twice", "metadata twice",
            '{"__metadata__": {}, "__metadata__": {}, "ok": %s}' % ok)


def safetensors_odd():
    def odd(name, about, header, data=ONES, **more):
        case(f"st_{name}.safetensors", about, data=safetensors(header, data), **more)

    good = {"good": ["ok"]}
    odd("overflow", "the product of a shape overflows to a small one",
        {"ok": tensor(), "bad": tensor(12, 16, HUGE)}, ONES + b"more", bad=["bad"], **good)
    odd("overflow_bytes", "a shape of 2^62 elements",
        {"ok": tensor(), "bad": tensor(12, 16, [1 << 62])}, ONES + b"more", bad=["bad"], **good)
    odd("size", "offsets that do not fit the shape",
        {"ok": tensor(), "bad": tensor(12, 28)}, ONES + ONES + b"more", bad=["bad"], **good)
    for dtype, size in [("F8_E8M0", 3), ("F4", 2), ("f32", 12), ("\x1b[31m" * 20, 12)]:
        name = "".join(c for c in dtype[:8] if c.isalnum())
        odd(f"dtype_{name}", "a dtype that TensorFlow does not have",
            {"ok": tensor(), "bad": tensor(12, 12 + size, dtype=dtype)}, ONES + bytes(size),
            bad=["bad"], **good)
    odd("short", "the last byte is missing", {"ok": tensor(), "bad": tensor(12, 24)},
        ONES + ONES[:-1], bad=["bad"], **good)
    odd("claims", "2^40 elements are claimed",
        {"ok": tensor(), "bad": tensor(12, 12 + (1 << 42), [1 << 40])}, bad=["bad"], **good)
    odd("longer", "bytes follow the tensors", {"ok": tensor()}, ONES + b"more", **good)
    odd("padded", "blanks behind the header", json.dumps({"ok": tensor()}) + " " * 37,
        verify_ok=True, **good)
    odd("more_keys", "keys that are not known, with all kinds of values",
        {"ok": tensor(0, 12, x=[1, -2.5e-7, None, True, {"a": [[]], "b": "\u20ac"}], y={})},
        verify_ok=True, **good)
    odd("order", "tensors in another order than their bytes",
        {"b": tensor(12, 24), "ok": tensor(), "c": tensor(12, 12, (0,))}, ONES + ONES,
        verify_ok=True, good=["ok", "b"])
    odd("control", "a name that would write to a terminal", {"\x1b]0;owned\x07": tensor()},
        verify_ok=True, good=["\x1b]0;owned\x07"])
    odd("none", "no tensors", {}, b"", verify_ok=True)


def sharded():
    one, two = "m-00001-of-00002.safetensors", "m-00002-of-00002.safetensors"

    def model(name, about, lines, shards=None, index=None, **more):
        folder = f"sharded_{name}"
        shards = {one: safetensors({"ok": tensor()}), two: safetensors({"b": tensor()})} \
            if shards is None else shards
        listed = index if index is not None else \
            json.dumps({"metadata": {"total_size": 24}, "weight_map": lines})
        case(folder, about,
             files={"m.safetensors.index.json": listed.encode(), **shards}, **more)

    both = {"ok": one, "b": two}
    model("whole", "nothing is wrong", both, good=["ok", "b"], verify_ok=True)
    model("missing", "a file is not there", both, {one: safetensors({"ok": tensor()})},
          good=["ok"], bad=["b"])
    model("html", "a file is HTML", both, {one: safetensors({"ok": tensor()}),
                                           two: b"<!DOCTYPE html><html>"}, good=["ok"], bad=["b"])
    model("short", "a file is cut", both,
          {one: safetensors({"ok": tensor()}), two: safetensors({"b": tensor()}, ONES[:5])},
          good=["ok"], bad=["b"])
    model("absent", "a tensor is not in its file", {**both, "c": two}, good=["ok", "b"],
          bad=["c"])
    model("elsewhere", "a tensor is in the other file", {"ok": two, "b": one}, good=["ok", "b"])
    model("unlisted", "a tensor is not listed", {"ok": one, "c": two},
          {one: safetensors({"ok": tensor()}),
           two: safetensors({"b": tensor(), "c": tensor(12, 24)}, ONES + ONES)},
          good=["ok", "b", "c"], verify_ok=True)
    model("twice", "a tensor is in both files", both,
          {one: safetensors({"ok": tensor()}),
           two: safetensors({"b": tensor(), "ok": tensor(12, 24)}, ONES + ONES)},
          index_ok=False, bad=["ok"])
    for name, path in [("dots", "../st_padded.safetensors"), ("root", "/etc/x.safetensors"),
                       ("hidden", ".x.safetensors"), ("other", "pytorch_model.bin"),
                       ("nul", "m\0.safetensors")]:
        model(f"path_{name}", f"it lists {path!a}", {"ok": path}, index_ok=False, bad=["ok"])
    for name, text_ in [("no_map", "{}"), ("list", "[]"), ("empty", ""), ("number", '{"weight_map": 1}'),
                        ("value", '{"weight_map": {"ok": 1}}'),
                        ("map_twice", '{"weight_map": {}, "weight_map": {}}'),
                        ("line_twice", '{"weight_map": {"ok": "%s", "ok": "%s"}}' % (one, two)),
                        ("garbage", json.dumps({"weight_map": both}) + "}")]:
        model(f"list_{name}", f"the list has a fault: {name}", None, index=text_,
              index_ok=False, bad=["ok"])


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    os.chdir(here)
    for name in os.listdir("."):
        if name != os.path.basename(__file__):
            shutil.rmtree(name) if os.path.isdir(name) else os.remove(name)
    for make in (npy_cases, npz_members, npz_archives, npz_names, safetensors_refused,
                 safetensors_odd, sharded):
        make()
    with open("cases.json", "w", encoding="ascii") as f:
        f.write("[\n" + ",\n".join(map(json.dumps, cases)) + "\n]\n")


main()
