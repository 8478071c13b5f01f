"""Attention maps: arrays that know what they are."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import _library as L


@dataclass(frozen=True)
class ReceptiveField:
    """Where a map's cells lie on the input image: cell i is centred on pixel first + step i and sees `size` pixels. (y, x)."""

    first: tuple
    step: tuple
    size: tuple


@dataclass(frozen=True)
class MapInfo:
    """What a map is. shape: of one sample; None where a size is open."""

    name: str
    layer: str
    kind: str
    meaning: str  #: what a value says, in one sentence
    axes: str  #: "positions" [T] or [H,W], "query-key" [Tq,Tv] or [heads,Tq,Tv], "channels" [C], "values" [T,D] or [H,W,C]
    shape: tuple
    field: ReceptiveField | None  #: None: it has no place on an image
    sums_to_one: bool
    model: str = ""

    def __str__(self):
        sizes = ",".join("?" if n is None else str(n) for n in self.shape)
        return f"{self.name} [{sizes}] {self.kind}: {self.meaning}"


def read_info(info: L.MapInfo, model: str) -> MapInfo:
    field = info.field
    place = ReceptiveField(tuple(field.first), tuple(field.step), tuple(field.size)) if field.known else None
    name, layer, kind, meaning = (text.decode() for text in (info.name, info.layer, info.kind, info.meaning))
    return MapInfo(name, layer, kind, meaning, L.AXES[info.axes], tuple(n or None for n in info.shape[:info.rank]), place,
                   info.sums_to_one, model)


def write_info(info: MapInfo) -> L.MapInfo:
    """For the library. Its texts live as long as the struct."""
    axes = {word: number for number, word in L.AXES.items()}[info.axes]
    field = L.ReceptiveField(known=info.field is not None)
    if info.field:
        field = L.ReceptiveField(True, (L.c.c_double * 2)(*info.field.first), (L.c.c_double * 2)(*info.field.step),
                                 (L.c.c_double * 2)(*info.field.size))
    return L.MapInfo(info.name.encode(), info.layer.encode(), info.kind.encode(), info.meaning.encode(), axes, len(info.shape),
                     L.Shape(*(n or 0 for n in info.shape)), field, info.sums_to_one)


class Map(np.ndarray):
    """A map of a batch, float32 [batch, the map's shape]: a NumPy array with `info`, a MapInfo, that gaze.show reads.

    Slices keep it: maps[3] is sample 3's.
    """

    info: MapInfo | None

    def __new__(cls, values: np.ndarray, info: MapInfo):
        made = np.asarray(values).view(cls)
        made.info = info
        return made

    def __array_finalize__(self, source):
        self.info = getattr(source, "info", None)

    def __array_wrap__(self, array, context=None, return_scalar=False):
        """What is worked out from a map is a plain array or number."""
        plain = np.asarray(array)
        return plain[()] if plain.ndim == 0 else plain
