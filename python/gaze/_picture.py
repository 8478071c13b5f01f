"""Pictures of maps, drawn by the library: the views, colours and words of dump_attention."""
from __future__ import annotations

import ctypes as c
import struct
import zlib

import numpy as np

from . import _library as L
from ._arrays import adopt, describe
from ._errors import DataError
from ._map import Map, MapInfo, write_info


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


class Picture:
    """uint8 [height, width, 3] in `array`. Notebooks display it; save() writes a PNG."""

    def __init__(self, array: np.ndarray):
        self.array = array

    def png(self) -> bytes:
        """The picture as a PNG file."""
        height, width, _ = self.array.shape
        rows = np.zeros((height, 1 + 3 * width), np.uint8)  # each begins with a filter: 0, none
        rows[:, 1:] = self.array.reshape(height, -1)
        head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        return (b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows.tobytes(), 6))
                + _chunk(b"IEND", b""))

    def save(self, path) -> None:
        with open(path, "wb") as file:
            file.write(self.png())

    def __array__(self, dtype=None, copy=None):
        return np.array(self.array, dtype=dtype) if copy or dtype not in (None, np.uint8) else self.array

    def _repr_png_(self) -> bytes:
        return self.png()

    def __repr__(self):
        height, width, _ = self.array.shape
        return f"<gaze.Picture {width} x {height}; .save('map.png') writes it>"


def _guess(values: np.ndarray, image) -> MapInfo:
    """For an array from elsewhere: a value for each cell of the image, or for each step."""
    pairs = values.ndim > 1 and image is None
    return MapInfo("map", "map", "array", "value of the cell" if not pairs else "what a query gives a key",
                   "query-key" if pairs else "positions", values.shape, None, False)


def _as_image(image) -> np.ndarray:
    image = np.asarray(image)
    if image.dtype == np.uint8:
        image = image / np.float32(255)
    if image.dtype.kind not in "biuf":
        raise TypeError(f"the image is an array of {image.dtype}, expected floats in 0..1 or uint8")
    if image.ndim == 2 or (image.ndim == 3 and image.shape[-1] not in (1, 3)):
        image = image[..., None]
    return np.ascontiguousarray(image, np.float32)


def show(map, image=None, *, view: str | None = None, colors: str = "viridis", scale: str = "minmax", reduce: str | None = None,
         query: int | None = None, tokens=None, query_tokens=None, value_tokens=None, pixel: int = 0,
         title: str | None = None) -> Picture:
    """A picture of a map, drawn as dump_attention draws it: every cell where it lies on the image, a colour bar with numbers, and
    below in words what the numbers mean.

    map: of Model.map, one sample's (`maps[0]`) or a batch of at most 64 (a contact sheet); or any float array [H,W] or [T].
    image: the input, [H,W], [H,W,1] or [H,W,3], floats in 0..1 or uint8; with a batch of maps as many.
    view: overlay, map, side (image, cells, overlay), sheet, matrix, heads, bars or text; None: what fits.
    colors: viridis, gray or jet. scale: minmax, 0..1 or percentile.
    reduce: how heads or channels become one map: mean, max or head:K.
    query: whose row of a query-key map bars and text show.
    tokens, query_tokens, value_tokens: names of steps, queries, keys.
    pixel: screen pixels for an input pixel; 0: about 400 pixels in all.

    Raises DataError where shapes don't fit, or where nothing is to be seen (every value is the same, one cell, NaN), which it says.
    """
    info = map.info if isinstance(map, Map) and map.info else None
    values = np.ascontiguousarray(np.asarray(map), np.float32)
    info = info or _guess(values, image)
    if values.ndim not in (len(info.shape), len(info.shape) + 1):
        raise DataError(f"map '{info.name}' has {len(info.shape)} axes a sample, found an array of {values.ndim}")
    photo = None if image is None else _as_image(image)
    options = L.DumpOptions(view=L.encode(view), colors=L.encode(colors), scale=L.encode(scale), pixel=pixel, reduce=L.encode(reduce),
                            query=None if query is None else str(int(query)).encode(), tokens=L.names(tokens),
                            query_tokens=L.names(query_tokens), value_tokens=L.names(value_tokens))
    if title is None and info.model:
        title = f"{info.model}: {info.name}"
    drawn = L.Picture()
    L.lib.draw(c.byref(write_info(info)), c.byref(describe(values)), None if photo is None else c.byref(describe(photo)),
               None if title is None else str(title).encode(), c.byref(options), c.byref(drawn))
    return Picture(adopt(drawn.rgb, (drawn.height, drawn.width, 3), np.uint8))
