"""Weights as safetensors files: float32 arrays by name."""
from __future__ import annotations

import json
import struct

import numpy as np


def read(path) -> dict:
    with open(path, "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        head = json.loads(file.read(size))
        body = file.read()
    head.pop("__metadata__", None)
    return {name: np.frombuffer(body[slice(*e["data_offsets"])], np.float32).reshape(e["shape"]).copy() for name, e in head.items()}


def write(path, arrays: dict) -> None:
    head, at = {}, 0
    arrays = {name: np.asarray(a, np.float32, order="C") for name, a in arrays.items()}
    for name, a in arrays.items():
        head[name] = {"dtype": "F32", "shape": list(a.shape), "data_offsets": [at, at + a.nbytes]}
        at += a.nbytes
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for a in arrays.values():
            file.write(a.tobytes())
