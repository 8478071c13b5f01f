"""A data set of the library's while it is open."""
from __future__ import annotations

import ctypes as c

import numpy as np

from . import _library as L
from ._arrays import describe, describe_all, take
from ._library import lib


class Data:
    def __init__(self, handle, keep=()):
        self.handle = handle
        self.keep = keep  # arrays that the library reads where they are

    @classmethod
    def named(cls, model, spec: str | None, seed: int) -> Data:
        handle = c.c_void_p()
        lib.data_open_with(model, c.byref(L.DataOptions(spec=L.encode(spec), seed=seed)), c.byref(handle))
        return cls(handle)

    @classmethod
    def arrays(cls, model, train: tuple, test: tuple | None, allow_overlap: bool) -> Data:
        """train, test: (arrays, names, labels)."""
        handle = c.c_void_p()
        tests = None if test is None else c.byref(_part(*test))
        lib.data_from(model, c.byref(_part(*train)), tests, allow_overlap, c.byref(handle))
        return cls(handle, (train, test))

    def sample(self, test: bool, index: int, n_inputs: int) -> tuple:
        arrays, label = (L.Array * n_inputs)(), c.c_int32()
        lib.data_sample(self.handle, test, index, arrays, n_inputs, c.byref(label))
        return [take(a) for a in arrays], label.value

    def __enter__(self):
        return self

    def __exit__(self, *_):
        lib.data_close(self.handle)


def _part(arrays: list, names: list, labels: np.ndarray) -> L.DataArrays:
    inputs = describe_all(arrays, names)
    return L.DataArrays(inputs, len(arrays), c.pointer(describe(labels)))
