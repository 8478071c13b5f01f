"""What a training shows: a bar on terminals and in notebooks, a line an epoch everywhere else, or nothing."""
from __future__ import annotations

import sys
from dataclasses import dataclass

BAR_CELLS = 24


@dataclass(frozen=True)
class Step:
    """Where a training is. loss and accuracy: means so far in this epoch; the validation's are None but at an epoch's end."""

    epoch: int  #: from 1
    epochs: int  #: 0: as many as the steps take
    step: int
    steps: int  #: of an epoch
    loss: float
    accuracy: float
    samples_per_second: float
    seconds_left: float
    epoch_end: bool
    validation_loss: float | None
    validation_accuracy: float | None
    epoch_seconds: float


def read_step(p) -> Step:
    return Step(p.epoch, p.epochs, p.step, p.steps, p.loss, p.accuracy, p.samples_per_second, p.seconds_left, p.epoch_end,
                p.validation_loss if p.has_validation else None, p.validation_accuracy if p.has_validation else None, p.epoch_seconds)


def line(step: Step) -> str:
    """As `gaze train` prints it."""
    text = f"epoch {step.epoch}  loss {step.loss:.4f}  accuracy {step.accuracy:.4f}"
    if step.validation_loss is not None:
        text += f"  validation loss {step.validation_loss:.4f}  accuracy {step.validation_accuracy:.4f}"
    return f"{text}  {step.epoch_seconds:.1f} s  {step.samples_per_second:.0f} samples/s"


def bar(step: Step) -> str:
    full = step.step * BAR_CELLS // step.steps if step.steps else 0
    epoch = f"{step.epoch}/{step.epochs}" if step.epochs else str(step.epoch)
    left = round(step.seconds_left)
    time = f"{left // 60}:{left % 60:02}" if left < 3600 else f"{left // 3600}:{left // 60 % 60:02}:{left % 60:02}"
    return (f"epoch {epoch} [{'#' * full}{'-' * (BAR_CELLS - full)}] {step.step}/{step.steps}  loss {step.loss:.4f}  "
            f"accuracy {step.accuracy:.4f}  {step.samples_per_second:.0f} samples/s  {time} left")


class Silent:
    def show(self, step: Step) -> None:
        pass

    def end(self) -> None:
        pass


class Lines(Silent):
    """A line an epoch: for logs, which bars would wreck."""

    def show(self, step):
        if step.epoch_end:
            print(line(step), flush=True)


class Terminal(Lines):
    """The bar lives on stderr, the lines of the epochs go to stdout."""

    def show(self, step):
        if step.epoch_end:
            self.end()
            super().show(step)
        else:
            sys.stderr.write("\r\033[K" + bar(step))
            sys.stderr.flush()

    def end(self):
        sys.stderr.write("\r\033[K")
        sys.stderr.flush()


class Notebook(Silent):
    """One display that is updated: the epochs so far, and the bar below them."""

    def __init__(self):
        from IPython.display import display
        self.lines: list = []
        self.handle = display(self._text(""), display_id=True)

    def _text(self, last: str):
        from IPython.display import HTML
        from html import escape
        return HTML("<pre style='margin:0'>" + escape("\n".join([*self.lines, last]).strip()) + "</pre>")

    def show(self, step):
        if step.epoch_end:
            self.lines.append(line(step))
        self.handle.update(self._text("" if step.epoch_end else bar(step)))

    def end(self):
        self.handle.update(self._text(""))


def in_notebook() -> bool:
    """Does a notebook's kernel run this (not a terminal's IPython, which has no displays to update)?"""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")


def choose(progress: str | bool | None):
    """"auto": notebook, terminal or lines by where this runs; True or "bar", "lines", None or False: nothing."""
    if progress is None or progress is False:
        return Silent()
    if progress not in ("auto", "bar", "lines", True):
        raise ValueError(f"progress is {progress!r}, expected 'auto', 'bar', 'lines' or None")
    if progress == "lines":
        return Lines()
    if in_notebook():
        return Notebook()
    return Terminal() if progress != "auto" or sys.stderr.isatty() else Lines()
