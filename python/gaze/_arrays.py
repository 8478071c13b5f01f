"""NumPy arrays to and from the library, without a copy wherever their bytes are already what it takes."""
from __future__ import annotations

import ctypes as c
import os
import weakref
from dataclasses import dataclass

import numpy as np

from ._errors import DataError
from ._library import FLOAT32, INT32, Array, Shape, free

DTYPES = {FLOAT32: np.dtype(np.float32), INT32: np.dtype(np.int32)}


@dataclass(frozen=True)
class Tensor:
    """An input or output of a model. shape: with the batch first; None where a size is open."""

    name: str
    dtype: np.dtype
    shape: tuple

    def __str__(self):
        return f"{self.name} {_shape_text(self.shape)} {self.dtype}"


def tensor_of(array: Array) -> Tensor:
    shape = tuple(n or None for n in array.shape[:array.rank])
    return Tensor(array.name.decode(), DTYPES[array.dtype], shape)


def _shape_text(shape) -> str:
    return "[" + ",".join("?" if n is None else str(n) for n in shape) + "]"


def _expected(tensor: Tensor) -> str:
    return _shape_text(("batch", *tensor.shape[1:]))


def _hint(found: tuple, wanted: tuple) -> str:
    """What the most common slips are mended with."""
    def like(shape):
        return len(shape) == len(wanted) and all(w is None or w == n for n, w in zip(shape, wanted))
    if like((1, *found)):
        return "; for one sample give x[None], a batch of one"
    if like((*found, 1)):
        return "; give x[..., None], one channel"
    if len(found) == 4 and like((found[0], found[2], found[3], found[1])):
        return "; channels come last: x.transpose(0, 2, 3, 1)"
    return ""


def _convert(array: np.ndarray, tensor: Tensor, what: str) -> np.ndarray:
    kind = array.dtype.kind
    if kind not in "biuf":
        raise TypeError(f"{what} is an array of {array.dtype}, expected {tensor.dtype} for input '{tensor.name}'")
    if tensor.dtype == np.float32:
        if array.dtype == np.uint8:
            raise TypeError(f"{what} is uint8, expected float32 for input '{tensor.name}': x / 255 where the model learned on "
                            "0..1, x.astype('float32') to take the bytes as they are")
    elif kind == "f":
        raise TypeError(f"{what} is {array.dtype}, expected integers (token ids) for input '{tensor.name}': x.astype('int32')")
    elif array.dtype.itemsize > 2 and array.dtype != np.int32 and array.size:
        low, high = int(array.min()), int(array.max())
        if low < -2**31 or high >= 2**31:
            raise DataError(f"{what} runs from {low} to {high}, beyond int32")
    return np.ascontiguousarray(array, dtype=tensor.dtype)


def as_input(x, tensor: Tensor, what: str = "x") -> np.ndarray:
    """x as the library takes it for this input: itself if it is that already, else a contiguous copy."""
    if x is None or isinstance(x, (str, bytes, os.PathLike)):
        raise TypeError(f"{what} is {x!r}, expected an array {_expected(tensor)} for input '{tensor.name}'" +
                        ("" if x is None else "; the model's read(path) makes one of a picture or an .npy file"))
    array = np.asarray(x)
    fits = array.ndim == len(tensor.shape) and all(w is None or w == n for n, w in zip(array.shape, tensor.shape))
    if not fits:
        raise DataError(f"{what} has the shape {_shape_text(array.shape)}, expected {_expected(tensor)} for input "
                        f"'{tensor.name}'{_hint(array.shape, tensor.shape)}")
    if 0 in array.shape:
        raise DataError(f"{what} has the shape {_shape_text(array.shape)}: it holds no samples")
    return _convert(array, tensor, what)


def as_inputs(x, tensors: list, what: str = "x") -> list:
    """One array for each input: an array where there is one input, else a list in their order or a dict by their names."""
    if isinstance(x, dict):
        unknown = set(x) - {t.name for t in tensors}
        missing = [t.name for t in tensors if t.name not in x]
        if unknown or missing:
            raise DataError(f"{what} has the keys {sorted(x)}, expected {[t.name for t in tensors]}")
        x = [x[t.name] for t in tensors]
    elif len(tensors) == 1:
        x = [x]
    if not isinstance(x, (list, tuple)) or len(x) != len(tensors):
        raise DataError(f"{what}: the model has {len(tensors)} inputs, {', '.join(t.name for t in tensors)}; expected a list of as "
                        "many arrays, or a dict by these names")
    single = len(tensors) == 1
    arrays = [as_input(a, t, what if single else f"{what}['{t.name}']") for a, t in zip(x, tensors)]
    counts = {len(a) for a in arrays}
    if len(counts) > 1:
        raise DataError(f"{what}: the inputs have {', '.join(str(len(a)) for a in arrays)} samples, expected as many of each")
    return arrays


def _one_hot(y: np.ndarray, what: str) -> np.ndarray:
    if not (((y == 0) | (y == 1)).all() and (y.sum(-1) == 1).all()):
        raise DataError(f"{what} has the shape {_shape_text(y.shape)} but isn't one-hot: a 1 and zeros in every row were expected")
    return y.argmax(-1)


def as_labels(y, output: Tensor, count: int, what: str = "y") -> np.ndarray:
    """Class numbers as int32, [samples] or [samples, steps], from those or from one-hot rows."""
    y = np.asarray(y)
    rank, classes = len(output.shape) - 1, output.shape[-1]
    if y.dtype.kind not in "biuf":
        raise TypeError(f"{what} is an array of {y.dtype}, expected class numbers as integers, or one-hot rows")
    if y.ndim == rank + 1 and y.shape[-1] == classes and classes != 1:
        y = _one_hot(y, what)
    elif y.ndim == rank + 1 and y.shape[-1] == 1:
        y = y[..., 0]
    if y.ndim != rank or len(y) != count:
        wanted = _shape_text((count, *["steps"] * (rank - 1)))
        raise DataError(f"{what} has the shape {_shape_text(y.shape)}, expected {wanted} class numbers, one for each sample"
                        f"{' and step' if rank > 1 else ''}, or one-hot rows of {classes}")
    if y.dtype.kind == "f":
        raise TypeError(f"{what} is {y.dtype}, expected class numbers as integers, or one-hot rows: y.astype('int32')")
    if y.size and (y.min() < 0 or y.max() >= classes):
        raise DataError(f"{what} has labels from {y.min()} to {y.max()}, expected 0..{classes - 1}: the model has {classes} classes")
    return np.ascontiguousarray(y, dtype=np.int32)


def describe(array: np.ndarray, name: str | None = None) -> Array:
    """The library's struct over the array's own memory, which has to outlive it."""
    return Array(name.encode() if name else None, INT32 if array.dtype == np.int32 else FLOAT32, array.ndim, Shape(*array.shape),
                 array.ctypes.data)


def describe_all(arrays: list, names: list):
    return (Array * len(arrays))(*[describe(a, n) for a, n in zip(arrays, names)])


def adopt(address: int, shape: tuple, dtype) -> np.ndarray:
    """An array over memory that free() takes; it is freed when the last view of it is gone."""
    dtype = np.dtype(dtype)
    count = int(np.prod(shape, dtype=np.int64))
    memory = (c.c_char * max(count * dtype.itemsize, 1)).from_address(address)
    weakref.finalize(memory, free, address)
    return np.frombuffer(memory, dtype=dtype, count=count).reshape(shape)


def take(array: Array) -> np.ndarray:
    """A result of the library, without a copy."""
    return adopt(array.data, tuple(array.shape[:array.rank]), DTYPES[array.dtype])
