#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make.py: writes checkpoints that are hostile, damaged, or merely odd; one folder a case.

    make.py           writes NAME/... for every case, and cases.json
    make.py --check   reads them back with a reader of its own and compares with cases.json

Every checksum is right unless the case is about a wrong one: random damage is caught by the
checksums, so only a file that passes them reaches the code behind.  Plain Python, no imports
beyond the standard library; the same bytes come out on every machine.

cases.json is a list of
    name          the folder
    path          what a user would pass, relative to this folder
    about         what is wrong, or odd, in one sentence
    index_ok      can the index be listed at all (bad entries marked, good ones whole)
    bad_tensors   names that must give an error, never values
    good_tensors  names that must read
    verify_ok     is the checkpoint sound as a whole (notes allowed); null: an open question
    values        what the good tensors hold, nested like the shape; complex is [re, im]
A name that stands in neither list is left open.  Names are exact; bytes that are not UTF-8
are written \\xNN.
"""

import itertools
import json
import math
import os
import shutil
import struct
import sys
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
MAGIC = 0xDB4775248B80FB57

FLOAT32, STRING, COMPLEX64, UINT8, FLOAT16, RESOURCE, VARIANT = 1, 7, 8, 4, 19, 20, 21
ELEMENT = {FLOAT32: "f", UINT8: "B", FLOAT16: "e"}      # struct codes


# ---- bytes ---------------------------------------------------------------------------------

def _crc_table():
    table = []
    for n in range(256):
        for _ in range(8):
            n = (n >> 1) ^ (0x82F63B78 if n & 1 else 0)
        table.append(n)
    return table


CRC_TABLE = _crc_table()


def crc32c(data, crc=0):
    """CRC-32C (Castagnoli) of data, going on from crc."""
    crc ^= 0xFFFFFFFF
    for byte in data:
        crc = CRC_TABLE[(crc ^ byte) & 255] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def mask(crc):
    """The form in which TensorFlow stores a checksum."""
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def u32(n):
    return struct.pack("<I", n)


def varint(n, length=0):
    """A varint; negative numbers as 64-bit two's complement; overlong up to length bytes."""
    n &= (1 << 64) - 1
    out = bytearray()
    while n > 127 or len(out) + 1 < length:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def as_bytes(name):
    return name if isinstance(name, bytes) else name.encode()


# ---- protobuf ------------------------------------------------------------------------------

def tag(field, wire_type):
    return varint(field << 3 | wire_type)


def number(field, n):
    """An integer field; 0 is absent, as proto3 has it."""
    return tag(field, 0) + varint(n) if n else b""


def message(field, content):
    """A field of bytes: a string or a message."""
    return tag(field, 2) + varint(len(content)) + content


def shape_proto(dims, unknown_rank=False):
    return b"".join(message(2, number(1, d)) for d in dims) + number(3, int(unknown_rank))


def slice_proto(extents):
    """TensorSliceProto; an extent is (start, length), or None for the full one."""
    return b"".join(message(1, b"" if e is None else number(1, e[0]) + tag(2, 0) + varint(e[1]))
                    for e in extents)


def header(num_shards=1, endianness=0, version=None):
    """BundleHeaderProto; version is a VersionDef, producer 1 unless given."""
    version = number(1, 1) if version is None else version
    return number(1, num_shards) + number(2, endianness) + message(3, version)


def entry(dtype, shape, offset=0, size=0, crc=0, shard=0, slices=(), unknown_rank=False,
          before=b"", after=b""):
    """BundleEntryProto; crc unmasked, None for no field; before and after are put in raw."""
    return (before + number(1, dtype) + message(2, shape_proto(shape, unknown_rank))
            + number(3, shard) + number(4, offset) + number(5, size)
            + (b"" if crc is None else tag(6, 5) + u32(mask(crc)))
            + b"".join(message(7, slice_proto(s)) for s in slices) + after)


# ---- keys of slices: OrderedCode -----------------------------------------------------------

def signed_code(n):
    """A signed number so that the bytes sort as the numbers do."""
    length = 1
    while not -(1 << 7 * length - 1) <= n < 1 << 7 * length - 1:
        length += 1
    bits = (n & (1 << 8 * length) - 1) ^ ((1 << length) - 1) << 7 * length
    return bits.to_bytes(length, "big")


def slice_key(name, extents):
    """The table key of one slice of a tensor (EncodeTensorNameSlice)."""
    text = as_bytes(name).replace(b"\xff", b"\xff\1").replace(b"\0", b"\0\xff")
    text = text.replace(b"\xff\1", b"\xff\0")
    rank = len(extents)
    size = (rank.bit_length() + 7) // 8
    out = b"\0" + text + b"\0\1" + bytes([size]) + rank.to_bytes(size, "big")
    for extent in extents:
        start, length = (0, -1) if extent is None else extent
        out += signed_code(start) + signed_code(length)
    return out


# ---- table ---------------------------------------------------------------------------------

def record(shared, suffix, value, non_shared=None, value_len=None):
    """One entry of a block, with lengths that may lie."""
    non_shared = len(suffix) if non_shared is None else non_shared
    value_len = len(value) if value_len is None else value_len
    return varint(shared) + varint(non_shared) + varint(value_len) + suffix + value


def end_block(records, restarts=(0,), count=None):
    """Records and their restart array make a block."""
    count = len(restarts) if count is None else count
    return records + b"".join(u32(r) for r in restarts) + u32(count)


def block(entries, interval=16):
    """A block of (key, value) with prefix compression."""
    out, restarts, last = b"", [], b""
    for i, (key, value) in enumerate(entries):
        key = as_bytes(key)
        shared = 0
        if i % interval == 0:
            restarts.append(len(out))
        else:
            shared = len(os.path.commonprefix([last, key]))
        out += record(shared, key[shared:], value)
        last = key
    return end_block(out, restarts or [0])


def handle(offset, size):
    return varint(offset) + varint(size)


class Table:
    """A table file under construction: blocks, the index block, the footer."""

    def __init__(self):
        self.file = bytearray()
        self.index = []

    def write(self, contents, kind=0, flip=0):
        """Append a block and its trailer; flip spoils the checksum. Returns (offset, size)."""
        offset = len(self.file)
        crc = mask(crc32c(contents + bytes([kind]))) ^ flip
        self.file += contents + bytes([kind]) + u32(crc)
        return offset, len(contents)

    def point(self, key, offset, size, tail=b""):
        """An entry of the index block."""
        self.index.append((key, handle(offset, size) + tail))

    def add(self, entries, last=None, tail=b""):
        """A healthy block and its index entry."""
        where = self.write(block(entries))
        self.point(entries[-1][0] if last is None else last, *where, tail)

    def finish(self, index_block=None, kind=0, flip=0, metaindex=None, index=None, magic=MAGIC,
               flip_meta=0):
        """The whole file. metaindex and index replace the handles that the footer would have."""
        meta = self.write(block([]), flip=flip_meta)
        contents = block(self.index, 1) if index_block is None else index_block
        where = self.write(contents, kind, flip)
        footer = handle(*(metaindex or meta)) + handle(*(index(*where) if index else where))
        return bytes(self.file) + footer.ljust(40, b"\0") + struct.pack("<Q", magic)


# ---- snappy --------------------------------------------------------------------------------

def literal(data):
    """Snappy literals of at most 200 bytes."""
    out = b""
    for i in range(0, len(data), 200):
        part = data[i:i + 200]
        n = len(part) - 1
        out += (bytes([n << 2]) if n < 60 else bytes([60 << 2, n])) + part
    return out


def copy(length, distance):
    """One snappy copy, of the shortest kind that fits."""
    if 4 <= length <= 11 and distance < 2048:
        return bytes([1 | length - 4 << 2 | distance >> 8 << 5, distance & 255])
    if distance < 65536:
        return bytes([2 | length - 1 << 2]) + struct.pack("<H", distance)
    return bytes([3 | length - 1 << 2]) + u32(distance)


def snappy(data, distances=()):
    """A snappy block: literals, and copies from the distances that are offered."""
    out, plain, i = [varint(len(data))], 0, 0
    while i < len(data):
        best = (0, 0)
        for d in distances:
            n = 0
            while d <= i and n < 64 and i + n < len(data) and data[i + n] == data[i + n - d]:
                n += 1
            best = max(best, (n, -d))
        if best[0] < 4:
            i += 1
            continue
        out += [literal(data[plain:i]), copy(best[0], -best[1])]
        i += best[0]
        plain = i
    return b"".join(out) + literal(data[plain:])


# ---- values as they are stored -------------------------------------------------------------

def string_data(values, lengths=None, big=False, flip=0, tail=b"", overlong=0):
    """(bytes, checksum) of a string tensor; lengths may lie, flip spoils their checksum,
    tail is appended unseen by the checksum, overlong stretches the first length."""
    order = ">" if big else "<"
    values = [as_bytes(v) for v in values]
    lengths = [len(v) for v in values] if lengths is None else lengths
    crc = 0
    for n in lengths:
        crc = crc32c(struct.pack(order + ("Q" if n >> 32 else "I"), n), crc)
    check = struct.pack(order + "I", mask(crc) ^ flip)
    crc = crc32c(b"".join(values), crc32c(check, crc))
    sizes = b"".join(varint(n, 0 if i else overlong) for i, n in enumerate(lengths))
    return sizes + check + b"".join(values) + tail, crc


def variant_data(elements, flip=0, first_len=None):
    """(bytes, checksum) of a variant tensor; flip spoils the checksum of the last element."""
    out, crc = b"", 0
    for i, element in enumerate(elements):
        n = first_len if first_len is not None and i == 0 else len(element)
        crc = crc32c(element, crc32c(struct.pack("<Q", n), crc))
        check = u32(mask(crc) ^ (flip if i == len(elements) - 1 else 0))
        crc = crc32c(check, crc)
        out += varint(n) + element + check
    return out, crc


def data(dtype, values, big=False):
    """(bytes, checksum) of a flat list of values."""
    if dtype == STRING:
        return string_data(values, big=big)
    if dtype == VARIANT:
        return variant_data(values)
    order = ">" if big else "<"
    if dtype == COMPLEX64:
        raw = b"".join(struct.pack(order + "2f", *v) for v in values)
    else:
        raw = struct.pack(f"{order}{len(values)}{ELEMENT[dtype]}", *values)
    return raw, crc32c(raw)


def nest(values, shape):
    """A flat list as lists within lists."""
    if not shape:
        return values[0]
    step = math.prod(shape[1:])
    return [nest(values[i * step:(i + 1) * step], shape[1:]) for i in range(shape[0])]


# ---- a case --------------------------------------------------------------------------------

CASES = []


class Case:
    """One folder: tensors, the files that they make, and what must come of them."""

    def __init__(self, name, about, head=None, shards=1, index_ok=True, verify_ok=None):
        self.name, self.about, self.index_ok, self.sound = name, about, index_ok, verify_ok
        self.head = header(shards) if head is None else head
        self.entries = []                       # (key, BundleEntryProto)
        self.shards = [bytearray() for _ in range(shards)]
        self.good, self.bad, self.values = [], [], {}
        self.files = {}                         # file name -> bytes; None: not there
        self.open_question = False
        CASES.append(self)

    def ok(self, good=True, big=False):
        """The healthy tensor that stands beside the hostile one."""
        return self.tensor("ok", FLOAT32, [2], [1.5, 2.5], good=good, big=big)

    def expect(self, name, good, values=None):
        """Say that name must read (True), must not (False), or is left open (None)."""
        if good is not None:
            text = as_bytes(name).decode("utf-8", "backslashreplace")
            (self.good if good else self.bad).append(text)
            if good and values is not None:
                self.values[text] = values

    def store(self, raw, shard=0):
        """Append bytes to a shard; returns their offset."""
        self.shards[shard] += raw
        return len(self.shards[shard]) - len(raw)

    def tensor(self, name, dtype, shape, values, good=True, big=False, shard=0, **lies):
        """A tensor with its data; lies replace fields of its entry."""
        return self.raw(name, dtype, shape, data(dtype, values, big), good=good, shard=shard,
                        values=None if dtype == VARIANT else values, **lies)

    def raw(self, name, dtype, shape, stored, good=True, shard=0, values=None, **lies):
        """The same for stored bytes and their checksum, a pair."""
        raw, crc = stored
        fields = dict(dtype=dtype, shape=shape, offset=self.store(raw, shard), size=len(raw),
                      crc=crc, shard=shard)
        fields.update(lies)
        self.entries.append((as_bytes(name), entry(**fields)))
        flat = values is None or good is not True
        self.expect(name, good, None if flat else nest(values, fields["shape"]))
        return self

    def sliced(self, name, dtype, shape, pieces, good, listed=None, values=None):
        """A tensor in pieces (extents, flat values[, lies]); listed replaces the list of them."""
        for extents, part, *lies in pieces:
            lies = dict(lies[0]) if lies else {}
            box = [d if e is None else e[1] for e, d in zip(extents, shape)]
            key = slice_key(name, extents)
            if lies.pop("absent", False):
                continue
            self.tensor(key, lies.pop("dtype", dtype), lies.pop("shape", box), part, good=None,
                        **lies)
        listed = [p[0] for p in pieces] if listed is None else listed
        self.entries.append((as_bytes(name), entry(dtype, shape, crc=None, slices=listed)))
        self.expect(name, good, values)
        return self

    def rows(self):
        """Header and entries in the order of the keys."""
        return [(b"", self.head)] + sorted(self.entries)

    def plain_index(self):
        table = Table()
        table.add(self.rows())
        return table.finish()

    def save(self, root):
        """Write the folder."""
        folder = os.path.join(root, self.name)
        shutil.rmtree(folder, ignore_errors=True)
        files = {}
        if "m" not in self.files:
            for i, shard in enumerate(self.shards):
                files["m.data-%05d-of-%05d" % (i, len(self.shards))] = shard
            files["m.index"] = None if "m.index" in self.files else self.plain_index()
        files.update(self.files)
        for name, content in files.items():
            if content is not None:
                path = os.path.join(folder, name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "wb") as f:
                    f.write(content)

    def describe(self):
        """The record in cases.json."""
        sound = self.sound
        if sound is None and not self.open_question:
            sound = self.index_ok and not self.bad
        return dict(name=self.name, path=self.name + "/m", about=self.about,
                    index_ok=self.index_ok, bad_tensors=self.bad, good_tensors=self.good,
                    verify_ok=sound, values=self.values)


# ---- the cases: the index as a file --------------------------------------------------------

LFS_POINTER = (b"version https://git-lfs.github.com/spec/v1\n"
               b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\n"
               b"size 12345\n")
HTML = (b"<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head>\n"
        b"<body><h1>Not Found</h1></body></html>\n")


def gzip_stored(content):
    """A gzip file with one stored block: the same bytes with any zlib."""
    n = len(content)
    return (b"\x1f\x8b\x08\0\0\0\0\0\0\xff\1" + struct.pack("<HH", n, n ^ 0xFFFF) + content
            + u32(zlib.crc32(content)) + u32(n))


def whole_index_cases():
    """Nothing in the index can be had."""
    for name, about, change in [
            ("index_empty", "index of 0 bytes", lambda b: b""),
            ("index_10_bytes", "index cut to 10 bytes", lambda b: b[:10]),
            ("index_47_bytes", "index cut to 47 bytes, one less than a footer", lambda b: b[:47]),
            ("index_half", "first half of an index", lambda b: b[:len(b) // 2]),
            ("index_bad_magic", "one bit of the footer's magic flipped",
             lambda b: b[:-1] + bytes([b[-1] ^ 1])),
            ("index_html", "index is the HTML of a failed download", lambda b: HTML),
            ("index_lfs", "index is a git-lfs pointer", lambda b: LFS_POINTER),
            ("index_gzip", "index is gzipped", gzip_stored)]:
        case = Case(name, about, index_ok=False).ok(good=False)
        case.files["m.index"] = change(case.plain_index())


def two_blocks(case, write, last=b"x"):
    """Header and ok in a first block; write(table) returns the index handle of the second."""
    rows = case.rows()
    table = Table()
    table.add(rows[:2])
    table.point(last, *write(table))
    return table


def with_x(name, about, x=False, **how):
    """A case with ok and x, and a healthy block that holds x alone."""
    case = Case(name, about, **how).ok()
    case.tensor("x", FLOAT32, [2], [3.5, 4.5], good=x)
    return case, block(case.rows()[2:])


def footer_cases():
    near = 1 << 64
    for name, about, index in [
            ("footer_offset_huge", "footer: index offset 2^64-1", lambda o, n: (near - 1, n)),
            ("footer_size_huge", "footer: index size 2^64-5, so that size + 5 wraps to 0",
             lambda o, n: (o, near - 5)),
            ("footer_sum_wraps", "footer: index offset + size + 5 wraps to 5",
             lambda o, n: (o, near - o)),
            ("footer_beyond_eof", "footer: index handle beyond the end of the file",
             lambda o, n: (o + 4096, n)),
            ("footer_index_in_footer", "footer: index block runs into the footer",
             lambda o, n: (o, n + 10))]:
        case = Case(name, about, index_ok=False).ok(good=False)
        table = Table()
        table.add(case.rows())
        case.files["m.index"] = table.finish(index=index)

    case = Case("footer_metaindex_huge", "footer: metaindex handle near 2^64; readers ignore it")
    case.ok().open_question = True
    table = Table()
    table.add(case.rows())
    case.files["m.index"] = table.finish(metaindex=(near - 1, near - 1))


def handle_cases():
    near = 1 << 64
    for name, about, where in [
            ("handle_beyond_eof", "handle of the second block beyond the end of the file",
             lambda o, n: (1 << 30, n)),
            ("handle_size_huge", "handle of the second block with size 2^64-5",
             lambda o, n: (o, near - 5)),
            ("handle_offset_huge", "handle of the second block with offset 2^64-1",
             lambda o, n: (near - 1, n)),
            ("handle_size_3", "handle of the second block with size 3: no room for restarts",
             None)]:
        case, contents = with_x(name, about)
        if where is None:
            table = two_blocks(case, lambda t: t.write(b"\0\0\0"))
        else:
            table = two_blocks(case, lambda t, b=contents, w=where: w(*t.write(b)))
        case.files["m.index"] = table.finish()

    case, contents = with_x("handle_cut", "handle of the second block is half a varint")
    table = two_blocks(case, lambda t, b=contents: t.write(b))
    table.index[1] = (b"x", b"\xff\xff")
    case.files["m.index"] = table.finish()

    case = Case("handle_trailing", "bytes after a block handle; legal").ok()
    table = Table()
    table.add(case.rows(), tail=b"trailing bytes")
    case.files["m.index"] = table.finish()

    case, _ = with_x("index_self_loop", "second entry of the index block points at that block")
    table = two_blocks(case, lambda t: (0, 0))
    here = len(table.file) + len(block([])) + 5
    size = 0
    while True:
        table.index[1] = (b"x", handle(here, size))
        if len(block(table.index, 1)) == size:
            break
        size = len(block(table.index, 1))
    case.files["m.index"] = table.finish()

    case = Case("index_no_entries", "index block without entries", index_ok=False)
    case.ok(good=False).files["m.index"] = Table().finish()

    case = Case("index_block_crc", "wrong checksum of the index block", index_ok=False)
    table = Table()
    table.add(case.ok(good=False).rows())
    case.files["m.index"] = table.finish(flip=0x100)

    case = Case("index_same_block", "100,000 index entries that all point at the same block",
                verify_ok=False).ok()
    table = Table()
    where = table.write(block(case.rows()))
    records, period = counted(b"ok", 100000, handle(*where))
    case.files["m.index"] = table.finish(snappy(end_block(records), [period]), 1)


DIGITS = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz".encode()


def counter(i):
    """Three letters that sort as the numbers do."""
    return bytes([DIGITS[i >> 12], DIGITS[i >> 6 & 63], DIGITS[i & 63]])


def counted(prefix, n, value):
    """n records, prefix and a counter, all with the same value; and the distance at which
    they repeat but for the letters that carry."""
    out, shared = [record(0, prefix + counter(0), value)], len(prefix)
    for i in range(1, n):
        same = 2 if i & 63 else 1 if i & 4095 else 0
        out.append(record(shared + same, counter(i)[same:], value))
    return b"".join(out), sum(map(len, out[65:129]))


# ---- the cases: one block ------------------------------------------------------------------

def block_cases():
    """x stands in a second block of its own, and that block is what the case says."""
    huge = 0x80000000
    value = entry(FLOAT32, [2], offset=8, size=8, crc=crc32c(struct.pack("<2f", 3.5, 4.5)))
    one = record(0, b"x", value)
    for name, about, change in [
            ("blk_type_2", "block type 2", lambda b: (b, 2)),
            ("blk_type_255", "block type 255", lambda b: (b, 255)),
            ("blk_crc", "wrong checksum of the second block", lambda b: (b, 0, 1)),
            ("blk_len_wrap", "non_shared and value_len of 2^31 each: the sum wraps 32 bits",
             lambda b: (end_block(record(0, b"x", value, huge, huge)), 0)),
            ("blk_len_beyond", "value_len of 1,000,000 in a small block",
             lambda b: (end_block(record(0, b"x", value, value_len=1000000)), 0)),
            ("blk_len_into_restarts", "value_len reaches into the restart array",
             lambda b: (end_block(record(0, b"x", value, value_len=len(value) + 4)), 0)),
            ("blk_shared_gt", "an entry shares more than the previous key has",
             lambda b: (end_block(record(0, b"w", value) + record(200, b"x", value)), 0)),
            ("blk_shared_first", "the first entry of a block shares a byte with nothing",
             lambda b: (end_block(record(1, b"x", value)), 0)),
            ("blk_varint_6", "a length of a block entry takes 6 bytes",
             lambda b: (end_block(varint(0, 6) + one[1:]), 0)),
            ("blk_restarts_0", "restart count 0", lambda b: (end_block(one, ()), 0)),
            ("blk_restarts_7fffffff", "restart count 0x7fffffff",
             lambda b: (end_block(one, (0,), 0x7FFFFFFF), 0)),
            ("blk_restarts_2_30", "restart count 2^30: times 4 wraps 32 bits",
             lambda b: (end_block(one, (0,), 1 << 30), 0)),
            ("blk_restarts_beyond", "restart offsets beyond the entries",
             lambda b: (end_block(one, (0, 0xFFFFFF00, 0xFFFFFFFF)), 0)),
            ("snappy_bad", "snappy block with a copy from before its start",
             lambda b: (varint(len(b)) + literal(b[:8]) + copy(20, 4000), 1)),
            ("snappy_bomb", "snappy block of 5 bytes that claims 4 GiB",
             lambda b: (varint(0xFFFFFFFF), 1)),
            ("snappy_offset_0", "snappy copy with offset 0",
             lambda b: (varint(len(b)) + literal(b[:8]) + copy(len(b) - 8, 0), 1)),
            ("snappy_cut", "snappy literal runs past the end of the block",
             lambda b: (varint(len(b)) + literal(b)[:-5], 1)),
            ("snappy_short", "snappy block yields fewer bytes than it claims",
             lambda b: (varint(len(b) + 10) + literal(b), 1)),
            ("snappy_long", "snappy block yields more bytes than it claims",
             lambda b: (varint(len(b) - 4) + literal(b), 1)),
            ("snappy_empty", "snappy block of no bytes at all", lambda b: (b"", 1))]:
        case, contents = with_x(name, about)
        table = two_blocks(case, lambda t, b=contents, c=change: t.write(*c(b)))
        case.files["m.index"] = table.finish()
        if name == "blk_shared_gt":
            case.expect("w", None)      # before the damage: may be had, need not

    case, contents = with_x("snappy_literals", "snappy block of literals only; legal", x=True)
    case.files["m.index"] = two_blocks(case, lambda t: t.write(snappy(contents), 1)).finish()

    case = Case("snappy_copies", "snappy block with copies, some overlapping; legal").ok()
    for i in range(40):
        case.tensor(b"x" * 90 + b"/%02d" % i, FLOAT32, [], [float(i)])
    contents = block(case.rows()[2:])
    packed = snappy(contents, [1, len(record(91, b"00", case.entries[1][1]))])
    case.files["m.index"] = two_blocks(case, lambda t: t.write(packed, 1), b"y").finish()

    case = Case("blk_crc_first", "wrong checksum of the only block, the header's",
                index_ok=False).ok(good=False)
    table = Table()
    table.point(b"p", *table.write(block(case.rows()), flip=1))
    case.files["m.index"] = table.finish()


def many_block_cases():
    """Several blocks, and keys that are not what they should be."""
    for damaged in (False, True):
        about = "12 blocks of 5 tensors"
        case = (Case("blocks_one_crc", about + ", wrong checksum of the fourth") if damaged
                else Case("blocks_several", about + "; legal")).ok()
        lost = range(15, 20) if damaged else ()
        for i in range(60):
            case.tensor("t/%02d" % i, FLOAT32, [], [i / 4], good=i not in lost)
        rows = case.rows()
        table = Table()
        table.add(rows[:2])
        for i in range(0, 60, 5):
            part = rows[2 + i:7 + i]
            table.point(part[-1][0], *table.write(block(part), flip=damaged and i == 15))
        case.files["m.index"] = table.finish()

    for name, about, first, second in (
            ("index_key_low", "index key of the second block below its only key: no search "
             "finds that", None, b"w"),
            ("index_key_high", "index key of the first block above the second's only key", b"y",
             b"z")):
        case = Case(name, about, verify_ok=False).ok()
        case.tensor("x", FLOAT32, [], [1.0], good=None)
        table = Table()
        table.add(case.rows()[:2], last=first)
        table.add(case.rows()[2:], last=second)
        case.files["m.index"] = table.finish()

    case = Case("metaindex_crc", "wrong checksum of the metaindex block, which no reader needs",
                verify_ok=False).ok()
    table = Table()
    table.add(case.rows())
    case.files["m.index"] = table.finish(flip_meta=1)

    case = Case("unsorted", "keys out of order", verify_ok=False).ok()
    for i, name in enumerate(["z", "b", "a"]):
        case.tensor(name, FLOAT32, [], [float(i)])
    table = Table()
    table.add([(b"", case.head)] + case.entries, last=b"zz")
    case.files["m.index"] = table.finish()

    case = Case("dup_key", "the same key twice, with different values", verify_ok=False)
    case.ok().tensor("dup", FLOAT32, [], [1.0], good=None)
    case.tensor("dup", FLOAT32, [], [2.0], good=None)

    case = Case("key_too_long", "one key of 70,000 bytes; legal, as for TensorFlow").ok()
    case.tensor(b"x" * 70000, FLOAT32, [], [1.0])
    rows = case.rows()
    table = Table()
    table.add(rows[:2])
    table.add(rows[2:], last=b"y")
    case.files["m.index"] = table.finish()

    case = Case("keybomb", "1,500 keys that share 60 KiB each: 25 KB hold 92 MB of names",
                index_ok=False).ok(good=None)
    rows, long = case.rows(), b"x" * 61440
    value = entry(FLOAT32, [0], crc=None)
    table = Table()
    table.add(rows)
    table.point(b"y", *table.write(end_block(counted(long, 1500, value)[0])))
    case.files["m.index"] = table.finish()

    case = Case("no_tensors", "a header and nothing else; legal")


# ---- the cases: header ---------------------------------------------------------------------

def header_cases():
    case = Case("no_header", "first key is not the empty one: no header").ok(good=False)
    table = Table()
    table.add(case.rows()[1:])
    case.files["m.index"] = table.finish()

    for name, about, head, index_ok in [
            ("header_garbage", "header is no protobuf", b"\xff\xff\xff\xff", True),
            ("num_shards_0", "num_shards 0", header(0), True),
            ("num_shards_neg", "num_shards -1", header(-1), True),
            ("header_endianness_7", "endianness 7", header(endianness=7), True),
            ("header_min_consumer_2", "version: min_consumer 2, which TensorFlow refuses",
             header(version=number(1, 2) + number(2, 2)), False),
            ("header_bad_consumer", "version: bad_consumers [1], which TensorFlow refuses",
             header(version=number(1, 1) + message(3, b"\1")), False)]:
        Case(name, about, head, index_ok=index_ok).ok(good=False)

    Case("header_no_version", "header without a version; legal", number(1, 1)).ok()

    case = Case("num_shards_2e9", "num_shards 2,000,000,000, of which the first is there",
                header(2000000000)).ok()
    case.files = {"m.data-00000-of-00001": None,
                  "m.data-00000-of-2000000000": bytes(case.shards[0])}
    case.open_question = True


# ---- the cases: one entry ------------------------------------------------------------------

def nested(levels, group=False):
    """An unknown field 15 that holds itself, levels deep."""
    if group:
        return tag(15, 3) * levels + tag(15, 4) * levels
    parts, size = [], 0
    for _ in range(levels):
        head = tag(15, 2) + varint(size)
        parts.append(head)
        size += len(head)
    return b"".join(reversed(parts))


X = dict(dtype=FLOAT32, shape=[2])      # what x is unless a case says otherwise

ENTRY_CASES = [     # name, about, what replaces the entry's fields, does x read
    ("neg_dim", "dimension -2", dict(shape=[-2]), False),
    ("dim_overflow", "dimensions whose product wraps 64 bits to 4",
     dict(shape=[4194305, 4194305, 211106198978564]), False),
    ("dim_product_2_63", "dimensions of 2^63 elements; times 4 wraps to 0 bytes",
     dict(shape=[1 << 32, 1 << 31], size=0, crc=0), False),
    ("dim_zero_then_huge", "shape [0, 2^62, 2^62]: no elements",
     dict(shape=[0, 1 << 62, 1 << 62], size=0, crc=0), True),
    ("dim_huge_then_zero", "shape [2^62, 2^62, 0]: the product overflows before it is 0",
     dict(shape=[1 << 62, 1 << 62, 0], size=0, crc=0), None),
    ("rank_254", "254 dimensions, the most that TensorFlow takes", dict(shape=[1] * 253 + [2]),
     True),
    ("rank_255", "255 dimensions, one too many", dict(shape=[1] * 254 + [2]), False),
    ("rank_300", "300 dimensions", dict(shape=[1] * 299 + [2]), False),
    ("unknown_rank", "shape of unknown rank, which TensorFlow takes for a scalar",
     dict(shape=[], unknown_rank=True, size=4, crc=crc32c(struct.pack("<f", 3.5))), False),
    ("unknown_rank_dims", "shape of unknown rank that has a dimension", dict(unknown_rank=True),
     False),
    ("dtype_0", "dtype 0, invalid", dict(dtype=0), False),
    ("dtype_999", "dtype 999, unknown", dict(dtype=999), False),
    ("dtype_neg", "dtype -1", dict(dtype=-1), False),
    ("dtype_ref", "dtype 101, a reference, which is for graphs only", dict(dtype=101), False),
    ("dtype_resource", "dtype 20, a resource", dict(dtype=RESOURCE), False),
    ("size_not_shape", "3 elements in 8 bytes", dict(shape=[3]), False),
    ("neg_size", "size -8", dict(size=-8), False),
    ("neg_offset", "offset -8", dict(offset=-8), False),
    ("offset_size_overflow", "offset + size is beyond 2^63", dict(offset=(1 << 63) - 4), False),
    ("offset_beyond_shard", "offset far beyond the end of the shard", dict(offset=1 << 40),
     False),
    ("offset_straddles_end", "the last 4 of 8 bytes are beyond the end of the shard",
     dict(offset=12), False),
    ("shard_1_of_1", "shard 1 where there is only shard 0", dict(shard_id=1), False),
    ("shard_neg", "shard -1", dict(shard_id=-1), False),
    ("huge_claim", "2^40 float32 in 2^42 bytes of a 16-byte shard",
     dict(shape=[1 << 40], size=1 << 42), False),
    ("huge_string_count", "2^40 strings in 8 bytes", dict(dtype=STRING, shape=[1 << 40]), False),
    ("crc_absent", "entry without a checksum field", dict(crc=None), False),
    ("proto_field_0", "a field with number 0", dict(after=b"\0\1"), False),
    ("proto_wire_type_6", "a field with wire type 6", dict(after=tag(15, 6) + b"\1"), False),
    ("proto_wire_type_7", "a field with wire type 7", dict(after=tag(15, 7) + b"\1"), False),
    ("proto_group", "an unknown group; legal",
     dict(after=tag(15, 3) + number(1, 150) + message(2, b"in") + tag(15, 4)), True),
    ("proto_group_open", "a group that does not end", dict(after=tag(15, 3) + number(1, 7)),
     False),
    ("proto_group_end_only", "the end of a group that did not begin", dict(after=tag(15, 4)),
     False),
    ("proto_group_mismatch", "a group that ends as another", dict(after=tag(15, 3) + tag(14, 4)),
     False),
    ("proto_group_deep", "groups nested 10,000 deep", dict(after=nested(10000, True)), False),
    ("proto_nested_deep", "an unknown field of bytes that looks 10,000 messages deep; legal",
     dict(after=nested(10000)), True),
    ("proto_varint_10", "dtype as a varint of 10 bytes; legal",
     dict(dtype=0, before=tag(1, 0) + varint(FLOAT32, 10)), True),
    ("proto_varint_11", "dtype as a varint of 11 bytes",
     dict(dtype=0, before=tag(1, 0) + varint(FLOAT32, 11)), False),
    ("proto_tag_huge", "a tag of more than 32 bits", dict(after=varint(1 << 40) + b"\1"), False),
    ("proto_wrong_wire", "dtype as a fixed32: an unknown field, so the dtype is 0",
     dict(dtype=0, before=tag(1, 5) + u32(FLOAT32)), False),
    ("proto_shape_twice", "shape given twice: protobuf merges [1] and [2] to [1, 2]; legal",
     dict(before=message(2, shape_proto([1]))), True),
    ("proto_last_wins", "size given twice, the last is right; legal", dict(before=number(5, 99)),
     True),
    ("proto_truncated_varint", "entry ends within a varint", dict(after=tag(4, 0) + b"\x88"),
     False),
    ("proto_truncated_field", "a length beyond the end of the entry",
     dict(after=tag(7, 2) + varint(200) + b"\1"), False),
    ("proto_length_huge", "a field of 2^64-1 bytes", dict(after=tag(7, 2) + varint(-1)), False),
]


def entry_cases():
    for name, about, lies, good in ENTRY_CASES:
        case = Case(name, about).ok()
        lies = dict(lies)
        if "shard_id" in lies:
            lies["shard"] = lies.pop("shard_id")
        raw, crc = data(FLOAT32, [3.5, 4.5] * (2 if name == "dim_overflow" else 1))
        fields = dict(X, offset=case.store(raw), size=len(raw), crc=crc)
        fields.update(lies)
        case.entries.append((b"x", entry(**fields)))
        values = {"dim_zero_then_huge": [], "proto_shape_twice": [[3.5, 4.5]], "rank_254": None}
        case.expect("x", good, values.get(name, [3.5, 4.5]))
        case.open_question = good is None

    for name, about, value in [
            ("bad_entry_proto", "an entry that is no protobuf", b"\xff\xff\xff\xff\xff\xff"),
            ("proto_empty", "an entry of 0 bytes: dtype 0", b"")]:
        case = Case(name, about).ok()
        case.entries.append((b"x", value))
        case.expect("x", False)


def string_cases():
    words = ["a", "", "h\u00e9llo"]
    case = Case("str_ok", "strings; legal").ok()
    case.tensor("x", STRING, [3], words)
    case = Case("str_none_4", "0 strings in 4 bytes, as TensorFlow writes them; legal").ok()
    case.tensor("x", STRING, [0], [])
    case = Case("str_none_0", "0 strings in 0 bytes; legal").ok()
    case.raw("x", STRING, [0], (b"", 0), values=[])

    wrap = [(1 << 64) - 1, 9]
    for name, about, args, lies in [
            ("str_len_lie", "a length far beyond the tensor's bytes",
             dict(lengths=[1, 0, 200]), {}),
            ("str_len_huge", "a length of 2^63", dict(lengths=[1, 0, 1 << 63]), {}),
            ("str_len_wrap", "lengths whose sum wraps 64 bits to the right one",
             dict(lengths=[*wrap, (7 - sum(wrap)) % (1 << 64)]), {}),
            ("str_len_varint_11", "a length that takes 11 bytes", dict(overlong=11), {}),
            ("str_len_crc", "wrong checksum of the lengths", dict(flip=1), {}),
            ("str_trailing", "bytes after the last string; TensorFlow reads on",
             dict(tail=b"junk"), {}),
            ("str_crc", "wrong checksum of the tensor", {}, dict(crc=0x12345678)),
            ("str_size_2", "size 2 for 3 strings", {}, dict(size=2))]:
        case = Case(name, about).ok()
        case.raw("x", STRING, [3], string_data(words, **args), good=False, **lies)

    def number_variant(n):
        return message(1, b"int") + message(2, struct.pack("<i", n))

    two = [number_variant(7), number_variant(-1)]
    for name, about, args, good in [
            ("variant_ok", "2 variants; legal", {}, True),
            ("variant_crc", "wrong checksum of the second variant", dict(flip=1), False),
            ("variant_len_lie", "length of a variant beyond the tensor's bytes",
             dict(first_len=5000), False)]:
        Case(name, about).ok().raw("x", VARIANT, [2], variant_data(two, **args), good=good)

    case = Case("big_endian", "big-endian numbers, strings, complex numbers; legal",
                header(endianness=1)).ok(big=True)
    case.tensor("s", STRING, [3], words, big=True)
    case.tensor("z", COMPLEX64, [2], [[1.5, -2.0], [0.25, 3.0]], big=True)


def layout_cases():
    case = Case("overlapping_extents", "two tensors on the same bytes; legal").ok()
    case.tensor("a", FLOAT32, [2], [3.5, 4.5])
    case.entries.append((b"b", dict(case.entries)[b"a"]))
    case.expect("b", True, [3.5, 4.5])

    case = Case("gap", "unused bytes between two tensors; legal").ok()
    case.store(b"\xaa" * 24)
    case.tensor("x", FLOAT32, [2], [3.5, 4.5])

    case = Case("overlap_many", "4,000 tensors on the same 16 KiB").ok()
    raw = bytes(16384)
    value = entry(UINT8, [len(raw)], offset=case.store(raw), size=len(raw), crc=crc32c(raw))
    rows = case.rows()
    table = Table()
    table.add(rows)
    records, period = counted(b"x/", 4000, value)
    table.point(b"y", *table.write(snappy(end_block(records), [period]), 1))
    case.expect(b"x/" + counter(0), True)
    case.expect(b"x/" + counter(3999), True)
    case.files["m.index"] = table.finish()

    for name, about, key in [
            ("name_ctrl", "ESC and BEL in a name", b"x\x1b]0;owned\x07\x1b[2Jy"),
            ("name_c1", "a C1 control in a name", "x\u009b2Jy".encode()),
            ("name_bidi", "a bidirectional override in a name", "x\u202ey".encode()),
            ("name_newline", "newline, carriage return and tab in a name", b"x\r\n\ty"),
            ("name_badutf8", "a name that is not UTF-8", b"x\xff\xc3"),
            ("name_traversal", "a name that climbs out of a folder", b"../../x"),
            ("name_absolute", "a name that is an absolute path", b"/x"),
            ("name_space", "a name that is one space", b" "),
            ("name_option", "a name that looks like an option", b"--help")]:
        case = Case(name, about + "; legal").ok()
        case.tensor(key, FLOAT32, [2], [3.5, 4.5])


# ---- the cases: slices ---------------------------------------------------------------------

def slice_cases():
    def rows(first, n):
        """Rows of w, which is float32 [4, 2] and holds 0 to 7."""
        return [(first, n), None]

    def part(first, n):
        return [float(v) for v in range(2 * first, 2 * (first + n))]

    def piece(first, n, **lies):
        return (rows(first, n), part(first, n), lies)

    case = Case("slices_ok", "tensors in slices, of types that TensorFlow cannot assemble; "
                "legal").ok()
    case.sliced("w", FLOAT32, [3, 4], [
        ([(0, 1), None], [0.0, 1.0, 2.0, 3.0]),
        ([(1, 2), (0, 3)], [4.0, 5.0, 6.0, 8.0, 9.0, 10.0]),
        ([(1, 2), (3, 1)], [7.0, 11.0])], True, values=nest([float(i) for i in range(12)], [3, 4]))
    case.sliced("h", FLOAT16, [2, 2], [([None, (0, 1)], [0.5, 2.5]), ([None, (1, 1)], [1.5, 3.5])],
                True, values=[[0.5, 1.5], [2.5, 3.5]])
    case.sliced("s", STRING, [3], [([(0, 1)], ["a"]), ([(1, 2)], ["", "h\u00e9llo"])], True,
                values=["a", "", "h\u00e9llo"])

    whole, values = [piece(0, 2), piece(2, 2)], nest(part(0, 4), [4, 2])
    for name, about, pieces, listed in [
            ("slices_dup", "the same slice twice in the list", whole,
             [rows(0, 2), rows(0, 2), rows(2, 2)]),
            ("slices_overlap", "slices that overlap", [piece(0, 3), piece(2, 2)], None),
            ("slices_hole", "slices that leave a hole", [piece(0, 2), piece(3, 1)], None),
            ("slices_piece_absent", "a listed slice has no entry",
             [piece(0, 2), piece(2, 2, absent=True)], None),
            ("slices_piece_dtype", "the entry of a slice has another dtype",
             [piece(0, 2), (rows(2, 2), [4, 5, 6, 7], dict(dtype=UINT8))], None),
            ("slices_piece_shape", "the entry of a slice has another shape than the slice",
             [piece(0, 2), piece(2, 2, shape=[4, 1])], None),
            ("slices_piece_crc", "wrong checksum of a slice", [piece(0, 2), piece(2, 2, crc=1)],
             None),
            ("slices_piece_sliced", "the entry of a slice lists itself as its slice",
             [piece(0, 2), piece(2, 2, slices=[rows(2, 2)])], None),
            ("slices_rank", "a slice of rank 1 of a tensor of rank 2",
             [piece(0, 2), ([(2, 2)], part(2, 2), dict(shape=[2, 2]))], None),
            ("slices_extent_neg", "a slice that starts at -1",
             [piece(0, 2), (rows(-1, 2), part(2, 2))], None),
            ("slices_length_neg", "a slice of length -7",
             [piece(0, 2), (rows(2, -7), part(2, 2), dict(shape=[2, 2]))], None),
            ("slices_extent_overflow", "a slice whose start + length is beyond 2^63",
             [piece(0, 2), (rows((1 << 63) - 1, (1 << 63) - 1), part(2, 2),
                            dict(shape=[2, 2]))], None),
            ("slices_beyond_shape", "a slice that reaches beyond the shape",
             [piece(0, 2), (rows(2, 4), part(2, 4))], None)]:
        Case(name, about).ok().sliced("w", FLOAT32, [4, 2], pieces, False, listed)

    case = Case("slices_one_full",
                "one slice that is the whole tensor; TensorFlow lists none then").ok()
    case.sliced("w", FLOAT32, [4, 2], [([None, None], part(0, 4))], True, values=values)

    case = Case("slices_rank_0", "a scalar with one slice of rank 0, as V1 has them").ok()
    case.sliced("w", FLOAT32, [], [([], [7.0])], True, values=7.0)
    case.open_question = True

    case = Case("slices_orphan", "the entry of a slice of a tensor that is not there",
                verify_ok=False).ok()
    case.tensor(slice_key("w", rows(0, 2)), FLOAT32, [2, 2], part(0, 2), good=None)
    case.expect("w", False)

    case = Case("slices_key_garbage", "a key that begins like a slice's and is none").ok()
    case.tensor(b"\0w\0\xff\0\1\1\2\x80", FLOAT32, [2], [3.5, 4.5], good=None)
    case.open_question = True


# ---- the cases: data files -----------------------------------------------------------------

def data_cases():
    def three(name, about, bad, change):
        """a, ok and z in one shard of 28 bytes, with change(shard) applied."""
        case = Case(name, about)
        case.tensor("a", FLOAT32, [1], [0.5], good="a" not in bad)
        case.ok(good="ok" not in bad)
        case.tensor("z", FLOAT32, [4], [3.0, 10.5, 0.125, 4.0], good="z" not in bad)
        content = bytes(case.shards[0])
        case.files["m.data-00000-of-00001"] = change(content)
        return case

    def flip(content):
        return content[:20] + bytes([content[20] ^ 16]) + content[21:]

    every = ["a", "ok", "z"]
    three("data_flip", "one bit of z flipped in the shard", ["z"], flip)
    three("data_truncated", "shard cut in the middle of z, the last", ["z"], lambda c: c[:20])
    three("data_empty", "shard of 0 bytes", every, lambda c: b"")
    three("data_missing", "no data file", every, lambda c: None)
    three("data_zero_tail", "second half of the shard is zeros: a lost write", ["z"],
          lambda c: c[:14] + bytes(len(c) - 14))
    three("data_longer", "bytes after the last tensor; legal", [], lambda c: c + b"\xaa" * 100)
    three("data_lfs", "data file is a git-lfs pointer", every, lambda c: LFS_POINTER)
    three("data_other_save", "data file of another save: same sizes, other values", every,
          lambda c: struct.pack("<7f", *range(1, 8)))
    case = three("data_directory", "data file is a directory", every, lambda c: None)
    case.files["m.data-00000-of-00001/placeholder"] = b"git does not keep an empty directory\n"

    case = Case("data_crlf", "data file copied as text: CR put before every LF").ok()
    case.tensor("x", UINT8, [9], list(b"one\ntwo\n\0"), good=False)
    case.tensor("y", FLOAT32, [1], [0.5], good=False)
    case.files["m.data-00000-of-00001"] = bytes(case.shards[0]).replace(b"\n", b"\r\n")

    case = Case("data_missing_one", "the second of two shards is missing", shards=2).ok()
    case.tensor("x", FLOAT32, [2], [3.5, 4.5], good=False, shard=1)
    case.files["m.data-00001-of-00002"] = None


def v1_meta(name, dtype, shape, slices):
    """A SavedSliceMeta within the metadata."""
    return message(1, message(1, name.encode()) + shape_of_v1(shape) + number(3, dtype)
                   + b"".join(message(4, slice_proto(s)) for s in slices))


def shape_of_v1(shape):
    return message(2, shape_proto(shape))


def v1_row(name, extents, values):
    """The entry of one slice; values is the content of its TensorProto."""
    return slice_key(name, extents), message(2, message(1, name.encode())
                                             + message(2, slice_proto(extents))
                                             + message(3, values))


def v1_file(case, metas, rows, versions=message(2, number(1, 1)), packed=False):
    """The table of one V1 file, m."""
    table, entries = Table(), [(b"", message(1, metas + versions))] + sorted(rows)
    if packed:
        where = table.write(snappy(block(entries)), 1)
        table.point(b"\1", *where)
    else:
        table.add(entries, last=b"\1")
    case.files["m"] = table.finish()


def v1_cases():
    """V1 checkpoints: one table of SavedTensorSlices."""
    case = Case("v1", "a V1 checkpoint; legal")     # the smallest that TensorFlow writes
    metas, rows = b"", []
    for name, value in [("a", 0.5), ("b", 2.0)]:
        metas += v1_meta(name, FLOAT32, [], [[]])
        rows.append(v1_row(name, [], message(5, struct.pack("<f", value))))
        case.expect(name, True, value)
    v1_file(case, metas, rows)

    def floats(*values):
        return message(5, struct.pack("<%df" % len(values), *values))

    case = Case("v1_snappy", "a V1 checkpoint in a Snappy block; legal")
    case.expect("a", True, [0.5, 2.0])
    v1_file(case, v1_meta("a", FLOAT32, [2], [[None]]), [v1_row("a", [None], floats(0.5, 2.0))],
            packed=True)

    case = Case("v1_no_version", "V1 metadata without a version; legal")
    case.expect("a", True, [0.5, 2.0])
    v1_file(case, v1_meta("a", FLOAT32, [2], [[None]]), [v1_row("a", [None], floats(0.5, 2.0))],
            versions=b"")

    case = Case("v1_unpacked", "V1 values one by one, not packed; legal")
    case.expect("a", True, [0.5, 2.0])
    case.expect("i", True, [-1, 7, 300])
    single = b"".join(tag(5, 5) + struct.pack("<f", v) for v in (0.5, 2.0))
    ints = number(7, (1 << 64) - 1) + number(7, 7) + number(7, 300)
    v1_file(case, v1_meta("a", FLOAT32, [2], [[None]]) + v1_meta("i", 3, [3], [[None]]),
            [v1_row("a", [None], single), v1_row("i", [None], ints)])

    case = Case("v1_slices", "V1 slices of float32 and float16; legal, TensorFlow reads neither")
    case.expect("w", True, [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])
    case.expect("h", True, [0.5, 1.5, 2.5])
    halves = [int.from_bytes(struct.pack("<e", v), "little") for v in (0.5, 1.5, 2.5)]
    v1_file(case,
            v1_meta("w", FLOAT32, [2, 3], [[None, (0, 1)], [None, (1, 2)]])
            + v1_meta("h", FLOAT16, [3], [[(2, 1)], [(0, 2)]]),
            [v1_row("w", [None, (0, 1)], floats(0.0, 3.0)),
             v1_row("w", [None, (1, 2)], floats(1.0, 2.0, 4.0, 5.0)),
             v1_row("h", [(2, 1)], message(13, varint(halves[2]))),
             v1_row("h", [(0, 2)], message(13, varint(halves[0]) + varint(halves[1])))])

    case = Case("v1_too_few", "a V1 tensor with fewer values than elements", verify_ok=False)
    case.expect("ok", True, [1.5, 2.5])
    case.expect("x", False)
    v1_file(case, v1_meta("ok", FLOAT32, [2], [[None]]) + v1_meta("x", FLOAT32, [3], [[None]]),
            [v1_row("ok", [None], floats(1.5, 2.5)), v1_row("x", [None], floats(1.0, 2.0))])

    case = Case("v1_too_many", "a V1 tensor with more values than elements", verify_ok=False)
    case.expect("ok", True, [1.5, 2.5])
    case.expect("x", False)
    v1_file(case, v1_meta("ok", FLOAT32, [2], [[None]]) + v1_meta("x", FLOAT32, [1], [[None]]),
            [v1_row("ok", [None], floats(1.5, 2.5)), v1_row("x", [None], floats(1.0, 2.0))])

    case = Case("v1_absent", "V1 metadata lists values that are not there", verify_ok=False)
    case.expect("ok", True, [1.5, 2.5])
    case.expect("x", False)
    v1_file(case, v1_meta("ok", FLOAT32, [2], [[None]]) + v1_meta("x", FLOAT32, [1], [[None]]),
            [v1_row("ok", [None], floats(1.5, 2.5))])

    case = Case("v1_orphan", "V1 values that the metadata does not list", verify_ok=False)
    case.expect("ok", True, [1.5, 2.5])
    v1_file(case, v1_meta("ok", FLOAT32, [2], [[None]]),
            [v1_row("ok", [None], floats(1.5, 2.5)), v1_row("x", [None], floats(1.0))])


def make_all():
    """All cases, in the order of cases.json."""
    for group in (whole_index_cases, footer_cases, handle_cases, block_cases, many_block_cases,
                  header_cases, entry_cases, string_cases, layout_cases, slice_cases, data_cases,
                  v1_cases):
        group()
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names), "two cases of one name"


def write_all(root):
    make_all()
    for case in CASES:
        case.save(root)
    lines = [json.dumps(case.describe()) for case in CASES]
    with open(os.path.join(root, "cases.json"), "w", encoding="ascii") as f:
        f.write("[\n" + ",\n".join(lines) + "\n]\n")


# ---- the reader of --check: shares nothing with the writer but crc32c and mask -------------

class Damaged(Exception):
    """What a good reader would print."""


def need(truth, text):
    if not truth:
        raise Damaged(text)


def get_varint(buf, at, longest=10):
    value = 0
    for i in range(longest):
        need(at + i < len(buf), "cut varint")
        value |= (buf[at + i] & 127) << 7 * i
        if buf[at + i] < 128:
            return value & (1 << 64) - 1, at + i + 1
    raise Damaged("varint too long")


def fields(buf):
    """(number, wire type, value) of a message; groups are walked and dropped."""
    at, groups, out = 0, [], []
    while at < len(buf):
        key, at = get_varint(buf, at)
        field, kind = key >> 3, key & 7
        need(0 < field < 1 << 29, "field number %d" % field)
        if kind == 0:
            value, at = get_varint(buf, at)
        elif kind == 2:
            size, at = get_varint(buf, at)
            need(size <= len(buf) - at, "field beyond the end")
            value, at = buf[at:at + size], at + size
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
            need(size <= len(buf) - at, "field beyond the end")
            value, at = int.from_bytes(buf[at:at + size], "little"), at + size
        elif kind == 3:
            groups.append(field)
            need(len(groups) <= 100, "groups too deep")
            continue
        else:
            need(kind == 4 and groups and groups.pop() == field, "wire type %d" % kind)
            continue
        if not groups:
            out.append((field, kind, value))
    need(not groups, "open group")
    return out


def signed(value, bits=64):
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> bits - 1 else value


def unsnappy(buf):
    size, at = get_varint(buf, 0, 5)
    need(size <= min(64 << 20, 64 * len(buf)), "snappy block claims %d bytes" % size)
    out = bytearray()
    while at < len(buf):
        kind, n, at = buf[at] & 3, buf[at] >> 2, at + 1
        if kind == 0:
            extra = max(0, n - 59)
            need(extra <= len(buf) - at, "cut snappy tag")
            n = (int.from_bytes(buf[at:at + extra], "little") if extra else n) + 1
            at += extra
            need(n <= len(buf) - at, "snappy literal beyond the end")
            out += buf[at:at + n]
            at += n
            continue
        extra = (1, 2, 4)[kind - 1]
        need(extra <= len(buf) - at, "cut snappy tag")
        back = int.from_bytes(buf[at:at + extra], "little")
        if kind == 1:
            back, n = back | n >> 3 << 8, (n & 7) + 3
        at += extra
        need(0 < back <= len(out), "snappy offset %d" % back)
        need(len(out) + n + 1 <= size, "snappy block too long")
        for _ in range(n + 1):
            out.append(out[-back])
    need(len(out) == size, "snappy block of another length than it claims")
    return bytes(out)


def read_block(file, offset, size, limit):
    """The records of one block, as a list."""
    need(size <= limit and offset <= limit - size and limit - size - offset >= 5,
         "block %d+%d beyond byte %d" % (offset, size, limit))
    contents, kind = file[offset:offset + size], file[offset + size]
    stored = struct.unpack_from("<I", file, offset + size + 1)[0]
    need(mask(crc32c(file[offset:offset + size + 1])) == stored, "block checksum")
    need(kind in (0, 1), "block type %d" % kind)
    if kind:
        contents = unsnappy(contents)
    need(len(contents) >= 4, "block too small")
    count = struct.unpack_from("<I", contents, len(contents) - 4)[0]
    need(0 < count <= (len(contents) - 4) // 4, "restart count %d" % count)
    end = len(contents) - 4 - 4 * count
    for restart in struct.unpack_from("<%dI" % count, contents, end):
        need(restart < end or restart == 0, "restart beyond the entries")
    at, key, out, held = 0, b"", [], 0
    while at < end:
        shared, at = get_varint(contents, at, 5)
        non_shared, at = get_varint(contents, at, 5)
        length, at = get_varint(contents, at, 5)
        need(shared <= len(key), "shared beyond the previous key")
        need(at + non_shared + length <= end, "record beyond the entries")
        key = key[:shared] + contents[at:at + non_shared]
        need(len(key) <= 1 << 20, "key of %d bytes" % len(key))
        held += len(key)
        need(held <= 1 << 26, "names of more than 64 MiB")
        at += non_shared
        out.append((key, contents[at:at + length]))
        at += length
    return out


def read_table(file):
    """(records, damage): all records that can be had, and why not the others."""
    need(len(file) >= 48, "too short")
    need(struct.unpack_from("<Q", file, len(file) - 8)[0] == MAGIC, "bad magic")
    at, words = len(file) - 48, []
    for _ in range(4):
        word, at = get_varint(file, at)
        words.append(word)
    records, damage, done, bound = [], [], 0, None
    index = read_block(file, words[2], words[3], len(file) - 48)
    need(index, "no blocks")
    try:
        read_block(file, words[0], words[1], len(file) - 48)
    except Damaged as why:
        damage.append("metaindex: %s" % why)
    for last, value in index:
        try:
            offset, at = get_varint(value, 0)
            size, at = get_varint(value, at)
            need(offset >= done, "block at %d again" % offset)
            part = read_block(file, offset, size, words[2])
            records += part
            done = offset + size + 5
            if part and (part[-1][0] > last or (bound is not None and part[0][0] <= bound)):
                damage.append("block at %d is not where its keys are looked for" % offset)
            bound = last
        except Damaged as why:
            damage.append(str(why))
            need(records, "first block: %s" % why)
    return records, damage


def read_slice_key(key):
    """(name, extents) of the key of a slice, or None."""
    if key[:1] != b"\0":
        return None
    name, at = b"", 1
    while key[at:at + 2] != b"\0\1":
        if at >= len(key):
            return None
        pair = key[at:at + 2]
        escaped = pair in (b"\0\xff", b"\xff\0")
        name, at = name + key[at:at + 1], at + (2 if escaped else 1)
    at += 2
    if at >= len(key) or at + 1 + key[at] > len(key):
        return None
    rank = int.from_bytes(key[at + 1:at + 1 + key[at]], "big")
    at, words = at + 1 + key[at], []
    while at < len(key):
        first = int.from_bytes(key[at:at + 2].ljust(2, b"\0"), "big")
        first ^= 0 if first >> 15 else 0xFFFF       # the length is a run of the sign
        size = next((i for i in range(16) if not first >> 15 - i & 1), 16)
        bits = int.from_bytes(key[at:at + size], "big") ^ ((1 << size) - 1) << 7 * size
        words.append(signed(bits, 8 * size))
        at += size
    if len(words) != 2 * rank:
        return None
    return name, tuple(zip(words[::2], words[1::2]))


class Entry:
    """A BundleEntryProto, parsed and not yet believed."""

    def __init__(self, buf):
        self.dtype = self.shard = self.offset = self.size = self.crc = 0
        self.shape, self.slices, self.unknown_rank = [], [], False
        for field, kind, value in fields(buf):
            if (field, kind) in ((1, 0), (3, 0)):
                setattr(self, "dtype" if field == 1 else "shard", signed(value, 32))
            elif (field, kind) in ((4, 0), (5, 0)):
                setattr(self, "offset" if field == 4 else "size", signed(value))
            elif (field, kind) == (6, 5):
                self.crc = value
            elif (field, kind) == (2, 2):
                for f, k, v in fields(value):
                    if (f, k) == (2, 2):
                        dim = [signed(n) for g, _, n in fields(v) if g == 1]
                        self.shape.append(dim[-1] if dim else 0)
                    elif (f, k) == (3, 0):
                        self.unknown_rank = v != 0
            elif (field, kind) == (7, 2):
                extents = []
                for f, k, v in fields(value):
                    if (f, k) == (1, 2):
                        start, length = 0, -1
                        for g, _, n in fields(v):
                            start, length = ((signed(n), length) if g == 1
                                             else (start, signed(n)))
                        extents.append((start, length))
                self.slices.append(tuple(extents))

    def count(self):
        """How many elements; an error unless the shape is one."""
        need(not self.unknown_rank, "unknown rank")
        need(len(self.shape) <= 254, "rank %d" % len(self.shape))
        n = 1
        for d in self.shape:
            need(d >= 0, "dimension %d" % d)
            n *= d
            need(n < 1 << 63, "too many elements")
        return n


class Bundle:
    """A V2 checkpoint."""

    def __init__(self, prefix):
        with open(prefix + ".index", "rb") as f:
            records, self.damage = read_table(f.read())
        self.prefix, self.raw, self.pieces = prefix, {}, {}
        self.num_shards = self.big = None
        keys = [key for key, _ in records]
        if keys != sorted(set(keys)):
            self.damage.append("keys not in order")
        for key, value in records:
            piece = read_slice_key(key)
            if key == b"":
                self.header(value)
            elif piece:
                self.pieces[piece] = value
            else:
                self.raw.setdefault(key, []).append(value)

    def header(self, value):
        self.num_shards, endianness = 0, 0
        try:
            head = fields(value)
        except Damaged:
            self.num_shards = None
            return
        for field, kind, v in head:
            if field == 1:
                self.num_shards = signed(v, 32)
            elif field == 2:
                endianness = v
            elif (field, kind) == (3, 2):
                for f, k, n in fields(v):
                    need(f != 2 or n <= 1, "min_consumer %r" % n)
                    need(f != 3 or n != 1 and n != b"\1", "bad consumer")
        self.big = {0: False, 1: True}.get(endianness)

    def names(self):
        return list(self.raw)

    def read(self, name):
        need(self.num_shards is not None, "no header")
        need(self.big is not None, "unknown endianness")
        need(len(self.raw.get(name, ())) == 1, "not exactly one entry")
        whole = Entry(self.raw[name][0])
        if not whole.slices:
            return nest(self.elements(whole), whole.shape) if whole.count() else []
        flat, left = [None] * whole.count(), whole.count()
        need(left < 1 << 20, "too large for this reader")
        for extents in whole.slices:
            need(len(extents) == len(whole.shape), "rank of a slice")
            box = []
            for (start, length), d in zip(extents, whole.shape):
                start, length = (0, d) if (start, length) == (0, -1) else (start, length)
                need(0 <= start <= d and 0 <= length <= d - start, "slice beyond the shape")
                box.append((start, length))
            need((name, extents) in self.pieces, "piece without entry")
            piece = Entry(self.pieces[name, extents])
            need(not piece.slices, "slice of a slice")
            need(piece.dtype == whole.dtype, "dtype of a slice")
            need(piece.shape == [n for _, n in box], "shape of a slice")
            for i, value in enumerate(self.elements(piece)):
                at, scale = 0, 1
                for (start, n), d in zip(reversed(box), reversed(whole.shape)):
                    at, i, scale = at + (start + i % n) * scale, i // n, scale * d
                need(flat[at] is None, "overlapping slices")
                flat[at] = value
                left -= 1
        need(left == 0, "slices leave a hole")
        return nest(flat, whole.shape)

    def elements(self, e):
        """The flat values of an entry without slices."""
        n = e.count()
        sizes = {1: 4, 4: 1, 8: 8, 19: 2}
        need(e.dtype in sizes or e.dtype in (7, 21), "dtype %d" % e.dtype)
        need(0 <= e.shard < self.num_shards, "shard %d" % e.shard)
        need(e.offset >= 0 and e.size >= 0, "negative offset or size")
        need(e.dtype in (7, 21) or n * sizes[e.dtype] == e.size, "size does not match shape")
        path = "%s.data-%05d-of-%05d" % (self.prefix, e.shard, self.num_shards)
        need(os.path.isfile(path), "no data file")
        need(e.offset + e.size <= os.path.getsize(path), "beyond the end of the shard")
        with open(path, "rb") as f:
            f.seek(e.offset)
            raw = f.read(e.size)
        order = ">" if self.big else "<"
        if e.dtype == 7:
            values, crc = self.strings(raw, n, order)
        elif e.dtype == 21:
            values, crc = self.variants(raw, n)
        else:
            values, crc = [], crc32c(raw)
        need(mask(crc) == e.crc, "tensor checksum")
        if e.dtype == 8:
            flat = struct.unpack(order + "%df" % (2 * n), raw)
            values = [list(flat[2 * i:2 * i + 2]) for i in range(n)]
        elif e.dtype in sizes:
            values = list(struct.unpack(order + str(n) + {1: "f", 4: "B", 19: "e"}[e.dtype], raw))
        return values

    @staticmethod
    def strings(raw, n, order):
        if not raw and n == 0:
            return [], 0
        need(n + 4 <= len(raw), "fewer bytes than strings")
        at, lengths, crc = 0, [], 0
        for _ in range(n):
            length, at = get_varint(raw, at)
            lengths.append(length)
            wide = "Q" if length > 0xFFFFFFFF else "I"
            crc = crc32c(struct.pack(order + wide, length), crc)
        need(len(raw) - at == 4 + sum(lengths), "lengths do not add up")
        need(struct.unpack_from(order + "I", raw, at)[0] == mask(crc), "checksum of the lengths")
        crc, at, values = crc32c(raw[at:], crc), at + 4, []
        for length in lengths:
            values.append(raw[at:at + length].decode())
            at += length
        return values, crc

    @staticmethod
    def variants(raw, n):
        at, crc, values = 0, 0, []
        for _ in range(n):
            length, at = get_varint(raw, at)
            need(length + 4 <= len(raw) - at, "variant beyond the tensor")
            crc = crc32c(raw[at:at + length], crc32c(struct.pack("<Q", length), crc))
            values.append(fields(raw[at:at + length]))
            at += length
            need(struct.unpack_from("<I", raw, at)[0] == mask(crc), "checksum of a variant")
            crc, at = crc32c(raw[at:at + 4], crc), at + 4
        need(at == len(raw), "bytes after the last variant")
        return values, crc


class Slices:
    """A V1 checkpoint, of one file."""

    FIELD = {FLOAT32: (5, 5, "<f"), 3: (7, 0, None), FLOAT16: (13, 0, "<e")}

    def __init__(self, path):
        with open(path, "rb") as f:
            self.records, self.damage = read_table(f.read())
        top = dict((f, v) for f, _, v in fields(dict(self.records)[b""]))[1]
        self.metas = [fields(v) for f, _, v in fields(top) if f == 1]

    def names(self):
        return [m[0][2] for m in self.metas]

    @classmethod
    def values(cls, dtype, proto):
        """The numbers of a TensorProto's typed field, packed or one by one."""
        field, wire, code = cls.FIELD[dtype]
        found = []
        for f, kind, v in fields(proto):
            if f != field:
                continue
            if kind != 2:
                found.append(v)
            elif wire == 5:
                found += struct.unpack("<%dI" % (len(v) // 4), v)
            else:
                at = 0
                while at < len(v):
                    n, at = get_varint(v, at)
                    found.append(n)
        if code == "<f":
            return [struct.unpack("<f", struct.pack("<I", n))[0] for n in found]
        if code == "<e":
            return [struct.unpack("<e", struct.pack("<H", n))[0] for n in found]
        return [signed(n) for n in found]

    def read(self, name):
        meta = next((m for m in self.metas if m[0][2] == name), None)
        need(meta is not None, "no such tensor")
        dtype = next(v for f, _, v in meta if f == 3)
        dims = [dict((a, c) for a, _, c in fields(d)).get(1, 0)
                for f, _, v in meta if f == 2 for g, _, d in fields(v) if g == 2]
        cells = {}
        for key, value in self.records:
            found = read_slice_key(key)
            if not found or found[0] != name:
                continue
            box = [range(n) if e is None or e[1] < 0 else range(e[0], e[0] + e[1])
                   for e, n in zip(found[1], dims)]
            saved = dict((f, v) for f, _, v in fields(fields(value)[0][2]))
            values = self.values(dtype, saved[3])
            places = list(itertools.product(*box))
            need(len(values) == len(places), "%d values for %d" % (len(values), len(places)))
            cells.update(zip(places, values))
        total = math.prod(dims)
        need(len(cells) == total, "%d of %d elements" % (len(cells), total))
        return nest([cells[p] for p in itertools.product(*map(range, dims))], dims)


def key_of(text):
    """The bytes of a name in cases.json."""
    return text.encode("latin-1" if text.isascii() else "utf-8").decode(
        "unicode_escape").encode("latin-1") if "\\x" in text else text.encode()


def check_case(root, case):
    """What does not agree with cases.json, as a list of sentences."""
    path = os.path.join(root, case["path"])
    try:
        reader = (Bundle if os.path.exists(path + ".index") else Slices)(path)
    except Damaged as why:
        wrong = [] if not case["index_ok"] else ["index does not open: %s" % why]
        return wrong + ["%s cannot be read: %s" % (name, why) for name in case["good_tensors"]]
    wrong = []
    if not case["index_ok"] and not reader.damage:
        wrong.append("index lists")
    for name in case["good_tensors"]:
        try:
            value = reader.read(key_of(name))
            if case["values"].get(name, value) != value:
                wrong.append("%r holds %r" % (name, value))
        except Damaged as why:
            wrong.append("%r cannot be read: %s" % (name, why))
    for name in case["bad_tensors"]:
        try:
            wrong.append("%r reads: %r" % (name, reader.read(key_of(name))))
        except Damaged:
            pass
    if case["verify_ok"] and reader.damage:
        wrong.append("damage: %s" % reader.damage)
    return wrong


def check_all(root):
    """Check the primitives and all cases; returns how many are wrong."""
    assert crc32c(b"123456789") == 0xE3069283 and mask(0) == 0xA282EAD8
    for n, code in [(0, "80"), (63, "bf"), (64, "c040"), (-1, "7f"), (-64, "40"), (-65, "3fbf"),
                    (784, "c310"), (8192, "e02000"), (1 << 20, "f0100000"),
                    (1 << 31, "f880000000"), (1 << 40, "fd0000000000"),
                    (1 << 55, "ff8080000000000000"), (1 << 62, "ffc04000000000000000")]:
        assert signed_code(n).hex() == code, n
        assert read_slice_key(slice_key(b"a\0\xffb", [(n, -n)])) == (b"a\0\xffb", ((n, -n),)), n
    assert slice_key("w", [(0, 2), None]).hex() == "0077000101028082807f"
    with open(os.path.join(root, "cases.json"), encoding="ascii") as f:
        cases = json.load(f)
    folders = {d for d in os.listdir(root) if os.path.isdir(os.path.join(root, d))}
    failures = 0
    for extra in sorted(folders - {case["name"] for case in cases} - {"__pycache__"}):
        print("%s: a folder without a case" % extra)
        failures += 1
    for case in cases:
        for wrong in check_case(root, case):
            print("%s: %s" % (case["name"], wrong))
            failures += 1
    print("%d cases, %d wrong" % (len(cases), failures))
    return failures


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(1 if check_all(HERE) else 0)
    if sys.argv[1:]:
        sys.exit("usage: make.py [--check]")
    write_all(HERE)
