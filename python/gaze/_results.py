"""What training, evaluation and decoding give back."""
from __future__ import annotations

import ctypes as c
from dataclasses import dataclass, field

import numpy as np

from . import _library as L
from ._arrays import take
from ._library import lib
from ._progress import Step


@dataclass(frozen=True)
class Metrics:
    """confusion: int64 [classes, classes], rows are true classes, columns predicted ones."""

    loss: float
    accuracy: float
    samples: int
    seconds: float
    test: bool  #: measured on a data set's own test part
    confusion: np.ndarray = field(repr=False)


def read_metrics(found: L.Metrics, test: bool) -> Metrics:
    n = found.n_classes
    try:
        confusion = np.ctypeslib.as_array(found.confusion, (n, n)).astype(np.int64)
        return Metrics(found.loss, found.accuracy, found.samples, found.seconds, bool(test), confusion)
    finally:
        lib.metrics_free(c.byref(found))


@dataclass
class History:
    """What a training came to. epochs: the last Step of each."""

    epochs: list = field(default_factory=list)
    stopped: bool = False  #: by the callback

    @property
    def history(self) -> dict:
        """{"loss": [...], "accuracy": [...], "val_loss": [...], "val_accuracy": [...]}, a value an epoch, as Keras has it."""
        columns = {"loss": "loss", "accuracy": "accuracy", "val_loss": "validation_loss", "val_accuracy": "validation_accuracy"}
        values = {name: [getattr(step, of) for step in self.epochs] for name, of in columns.items()}
        return {name: v for name, v in values.items() if None not in v}

    def add(self, step: Step) -> None:
        self.epochs.append(step)

    def __repr__(self):
        last = {name: round(v[-1], 4) for name, v in self.history.items() if v}
        return f"<gaze.History {len(self.epochs)} epochs, the last: {last}>"


@dataclass(frozen=True)
class Answers:
    """Sequences that a model wrote, the best first."""

    tokens: np.ndarray  #: int32 [batch, n_best, max_length]; behind an answer the end token
    lengths: np.ndarray  #: int64 [batch, n_best], the end not counted
    log_probability: np.ndarray  #: float64 [batch, n_best]; -inf where there is no such answer
    target: np.ndarray  #: int32 [batch, steps], for the input of that name


def read_answers(found: L.Decoded) -> Answers:
    shape = (found.batch, found.n_best)
    try:
        target = np.array(take(_own(found.target)))
        return Answers(np.ctypeslib.as_array(found.tokens, (*shape, found.max_length)).copy(),
                       np.ctypeslib.as_array(found.lengths, shape).astype(np.int64),
                       np.ctypeslib.as_array(found.log_probability, shape).copy(), target)
    finally:
        lib.decoded_free(c.byref(found))


def _own(array: L.Array) -> L.Array:
    """Takes the memory out of the struct, so that it is freed once."""
    mine = L.Array.from_buffer_copy(array)
    array.data = None
    return mine
