"""A training as Python sees it: progress shown, callbacks called, Ctrl-C heard."""
from __future__ import annotations

import numpy as np

from . import _library as L
from ._errors import Interrupted, UsageError
from ._progress import choose, read_step
from ._results import History


class Training:
    """Around the library's call: `function` is what it calls. On leaving, what a callback raised is raised here."""

    def __init__(self, progress, callback):
        self.shown = choose(progress)
        self.callback = callback
        self.history = History()
        self.raised: BaseException | None = None
        self.function = L.ProgressFunction(self._hear)

    def _hear(self, _user, progress) -> bool:
        """Nothing may be raised through C: it is kept, and the training stops."""
        try:
            step = read_step(progress.contents)
            if step.epoch_end:
                self.history.add(step)
            self.shown.show(step)
            self.history.stopped = self.callback is not None and self.callback(step) is False
            return not self.history.stopped
        except BaseException as error:
            self.raised = error
            return False

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.shown.end()
        if self.raised is not None:
            raise self.raised
        return kind is Interrupted and self.history.stopped


def split_off(arrays: list, y, share: float, validation_data) -> tuple:
    """The last part of x and y for validation."""
    if validation_data is not None:
        raise UsageError("give either validation_data or validation_split")
    count = len(arrays[0])
    first = count - int(round(count * share))
    if not 0 < first < count:
        raise UsageError(f"a validation_split of {share} leaves {first} of {count} samples for training")
    y = np.asarray(y)
    if len(y) != count:
        raise UsageError(f"y has {len(y)} labels for {count} samples")
    parts = [[a[:first] for a in arrays], [a[first:] for a in arrays]]
    train, test = parts if len(arrays) > 1 else (parts[0][0], parts[1][0])
    return train, y[:first], (test, y[first:])
