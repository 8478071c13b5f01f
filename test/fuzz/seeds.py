#!/usr/bin/env python3
"""Writes the fuzz targets' first inputs: seeds.py [FOLDER], by default corpus/ beside this file.

The same bytes every time. What fuzzing found lies beside them under names of its own and is left alone.
Model files are those of test/golden/cases, cut down to one of each layer and attention kind.
"""
import gzip
import json
import os
import struct
import sys
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))


def parts(first, second):
    return struct.pack("<H", len(first)) + first + second


def npy(descr, shape, data, version=1):
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    size = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes([version, 0]) + size + header + data


def npy_seeds():
    labels = npy("<i4", (2,), struct.pack("<2i", 1, 0))
    floats = struct.pack("<6f", 1, 2, 3, 4, 5, float("nan"))
    yield "floats", parts(labels, npy("<f4", (2, 3), floats))
    yield "doubles", parts(labels, npy("<f8", (2, 1), struct.pack("<2d", 1e300, 2)))
    yield "bytes", parts(labels, npy("|u1", (2, 3), bytes(range(6)), version=2))
    yield "ids", parts(npy("<i8", (2, 1), struct.pack("<2q", 1, 9)), npy("<i8", (2, 2, 1), struct.pack("<4q", 1, 2, 3, 4)))
    yield "empty", parts(labels, npy("<f4", (0, 1 << 40), b""))
    yield "huge", parts(labels, npy("<f4", (1 << 32, 1 << 30), b"1234"))
    yield "deep", parts(labels, npy("<f4", (1,) * 9, b"1234"))


def safetensors(tensors, metadata=None, data=b""):
    header = {"__metadata__": metadata} if metadata else {}
    for name, (dtype, shape, begin, end) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(text)) + text + data


def safetensors_seeds():
    data = struct.pack("<4f2i", 1, 2, 3, 4, 1, 0)
    yield "set", safetensors({"x": ("F32", [2, 2], 0, 16), "label": ("I32", [2], 16, 24)}, {"a": "b"}, data)
    yield "image", safetensors({"x": ("U8", [2, 2, 2], 0, 8), "label": ("I64", [2], 8, 24)}, None, bytes(24))
    yield "half", safetensors({"a": ("F16", [2], 0, 4), "b": ("BF16", [2], 4, 8), "c": ("F64", [1], 8, 16)}, None, bytes(16))
    yield "none", safetensors({})
    yield "huge", safetensors({"x": ("F32", [1 << 50, 1 << 50], 0, 4)}, None, bytes(4))
    yield "nothing", safetensors({"x": ("F32", [0, 1 << 50], 0, 0)})
    yield "header", struct.pack("<Q", 99999999) + b"{}"


def weights_seeds():
    both = {"d.kernel": ("F32", [3, 2], 0, 24), "d.bias": ("F32", [2], 24, 32)}
    yield "whole", safetensors(both, {"model": "small"}, bytes(32))
    yield "missing", safetensors({"d.bias": ("F32", [2], 0, 8)}, None, bytes(8))
    yield "more", safetensors(both | {"e": ("F32", [], 32, 36)}, None, bytes(36))
    yield "shape", safetensors({"d.kernel": ("F32", [2, 3], 0, 24), "d.bias": ("F32", [2], 24, 32)}, None, bytes(32))


def png(width, height, depth, color, rows, extra=(), interlace=0):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlace)
    middle = b"".join(chunk(kind, data) for kind, data in extra)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + middle + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def png_seeds():
    yield "gray", png(3, 2, 8, 0, b"\0\1\2\3\1\4\5\6")
    yield "bits", png(9, 2, 1, 0, b"\0\xaa\x80\0\x55\0", [(b"tRNS", b"\0\1")])
    yield "rgb", png(2, 2, 8, 2, b"\2" + bytes(range(6)) + b"\4" + bytes(range(6)))
    yield "palette", png(5, 1, 2, 3, b"\0\x1b\0", [(b"PLTE", bytes(range(12))), (b"tRNS", b"\0\x80")])
    yield "alpha", png(2, 1, 16, 6, b"\0" + bytes(range(16)))
    yield "interlaced", png(2, 2, 8, 4, b"\0\1\2\0\3\4\0\5\6\7\x08", interlace=1)
    yield "text", png(1, 1, 8, 0, b"\0\7", [(b"tEXt", b"a\0b"), (b"zTXt", b"a\0\0" + zlib.compress(b"c" * 99)),
                                           (b"gAMA", b"\0\0\xb1\x8f")])
    yield "huge", png(100000, 100000, 1, 0, b"\0")
    yield "inflated-text", png(1, 1, 8, 0, b"\0\7", [(b"zTXt", b"a\0\0" + zlib.compress(bytes(1 << 20), 9))] * 2)


def jpeg_segment(marker, data):
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data


def jpeg(frame, height, width, components, scans, extra=b""):
    """Huffman tables with one code, 0, for `no difference` and for `no more coefficients`: every block is gray."""
    tables = jpeg_segment(0xdb, b"\0" + bytes([1] * 64))
    for kind in (0x00, 0x10):
        tables += jpeg_segment(0xc4, bytes([kind, 1] + [0] * 15 + [0]))
    size = struct.pack(">BHHB", 8, height, width, len(components))
    head = jpeg_segment(frame, size + b"".join(bytes([c, sampling, 0]) for c, sampling in components))
    body = b""
    for chosen, spectral, bits in scans:
        body += jpeg_segment(0xda, bytes([len(chosen)]) + b"".join(bytes([c, 0]) for c in chosen) + bytes(spectral)) + bits
    return b"\xff\xd8" + extra + tables + head + body + b"\xff\xd9"


def jpeg_seeds():
    gray, color, all_of_them = [(1, 0x11)], [(1, 0x22), (2, 0x11), (3, 0x11)], (0, 63, 0)
    exif = b"Exif\0\0MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x112, 3, 1, 6, 0, 0)
    yield "gray", jpeg(0xc0, 8, 5, gray, [([1], all_of_them, b"\x3f")])
    yield "color", jpeg(0xc0, 9, 3, color, [([1, 2, 3], all_of_them, b"\0\x0f")])
    yield "upright", jpeg(0xc0, 8, 5, gray, [([1], all_of_them, b"\x3f")], jpeg_segment(0xe1, exif))
    yield "progressive", jpeg(0xc2, 8, 8, gray, [([1], (0, 0, 1), b"\x7f"), ([1], (0, 0, 0x10), b"\x7f"),
                                                 ([1], (1, 63, 0), b"\x7f")])
    yield "restart", jpeg(0xc0, 8, 16, gray, [([1], all_of_them, b"\x3f\xff\xd0\x3f")], jpeg_segment(0xdd, b"\0\1"))
    yield "huge", jpeg(0xc0, 65500, 65500, gray, [([1], all_of_them, b"\x3f")])
    yield "many-scans", jpeg(0xc2, 8, 8, gray, [([1], (0, 0, 0), b"\x7f")] * 120)
    yield "scans", jpeg(0xc2, 160, 160, gray, [([1], (1, 63, 0), b"\0" * 50)] * 30)


def idx(magic, counts, data):
    return struct.pack(f">{1 + len(counts)}I", magic, *counts) + data


def idx_seeds():
    labels, images = idx(0x801, [2], b"\1\0"), idx(0x803, [2, 2, 3], bytes(range(12)))
    yield "plain", parts(labels, images)
    yield "gzip", parts(gzip.compress(labels, mtime=0), gzip.compress(images, mtime=0))
    yield "huge", parts(labels, idx(0x803, [0xffffffff, 0xffffffff, 0xffffffff], b""))
    yield "exchanged", parts(images, labels)


def gzip_seeds():
    yield "member", gzip.compress(b"hello, hello, hello", mtime=0)
    yield "members", gzip.compress(b"a", mtime=0) + gzip.compress(b"b" * 300, mtime=0)
    yield "named", b"\x1f\x8b\x08\x1f\0\0\0\0\0\3\2\0xyname\0comment\0" + bytes(8)
    yield "bomb", gzip.compress(bytes(1 << 20), 9, mtime=0)
    yield "plain", b"no gzip"


def cifar10_seeds():
    record = b"\3" + bytes(i % 251 for i in range(3072))
    yield "record", parts(b"", record)
    yield "names", parts(b"\n".join(b"name%d" % i for i in range(10)) + b"\n", record)
    yield "label", parts(b"a\nb\n", b"\x0b" + record[1:])
    yield "short", parts(b"", record[:100])


def csv_seeds():
    yield "numbers", b"label,a,b\n1,0.5,-2e3\n0,nan,7\n"
    yield "values", b"\xef\xbb\xbf1,0.5,-2\r\n\r\n0, 3 ,4\r\n"
    yield "ids", b"1,4,5,6\n0,7\n9,1,1,1,1\n"
    yield "gzip", gzip.compress(b"1,2,3\n0,4,5\n", mtime=0)
    yield "quotes", b"1,\"2\",3\n"
    yield "commas", b"1" + b"," * 50


def record_seeds():
    run = json.dumps({"gaze": "0.1.0", "data": "idx", "data_path": "/data"}).encode()
    log = b"epoch,step,loss,accuracy,validation_loss,validation_accuracy,seconds,samples_per_second\n"
    yield "run", parts(run, log + b"1,10,0.5,0.25,,,1.5,100\n2,20,0.4,0.5,0.3,0.4,3,100\n")
    yield "huge", parts(b"{\"data\": null}", log + b"1e300,1,1,1,1,1,1,1\n")
    yield "negative", parts(b"", log + b"1,-5,inf,nan,1,1,1,1\n")


def entries(store):
    """Every word of a model file, to leave out files that show nothing new."""
    if isinstance(store, dict):
        for key, value in store.items():
            yield from (key, *entries(value))
    elif isinstance(store, list):
        for value in store:
            yield from entries(value)
    elif isinstance(store, str):
        yield store


def model_seeds():
    cases, seen = os.path.join(HERE, "..", "golden", "cases"), set()
    for case in sorted(os.listdir(cases)):
        with open(os.path.join(cases, case, "model.json")) as file:
            model = json.load(file)
        words = {(layer["type"], layer.get("kind"), word) for layer in model["layers"] for word in entries(layer)}
        words = {word for word in words if word[2] not in {layer["name"] for layer in model["layers"]}}
        if words <= seen:
            continue
        seen |= words
        yield case, json.dumps(model, separators=(",", ":")).encode()
    layer = {"name": "d", "type": "dense", "units": 1 << 52}
    model = {"gaze_model": 1, "inputs": [{"name": "x", "shape": [1 << 52]}], "layers": [layer], "outputs": ["d"]}
    yield "huge", json.dumps(model).encode()
    yield "nested", b"[" * 2000


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "corpus")
    for name, seeds in sorted(globals().items()):
        if not name.endswith("_seeds"):
            continue
        target = os.path.join(folder, name[:-len("_seeds")])
        os.makedirs(target, exist_ok=True)
        for seed, contents in seeds():
            with open(os.path.join(target, f"seed-{seed}"), "wb") as file:
                file.write(contents)


if __name__ == "__main__":
    main()
