"""What goes wrong, with the library's message: what failed, where, what was found, what was expected."""


class Error(Exception):
    """Of the library. The text is its message."""


class UsageError(Error, ValueError):
    """A wrong call: a word that isn't known, options that contradict each other."""


class DataError(Error, ValueError):
    """Data or a file: missing, damaged, of another shape."""


class ModelError(Error, ValueError):
    """A model file or weights."""


class DeviceError(Error, RuntimeError):
    """Device, driver or memory."""


class NotFiniteError(Error, ArithmeticError):
    """A loss that is not finite."""


class Interrupted(Error):
    """Training stopped because it was told to."""


class UnsupportedError(ModelError):
    """Layers of a Keras model that Gaze can't take. `layers`: every one of them, by name, with the reason."""

    def __init__(self, message: str, layers: dict):
        super().__init__(message)
        self.layers = layers


for _class in (Error, UsageError, DataError, ModelError, DeviceError, NotFiniteError, Interrupted, UnsupportedError):
    _class.__module__ = "gaze"  # as people write it, so that tracebacks say it so

ERRORS = {2: UsageError, 3: DataError, 4: ModelError, 5: DeviceError, 6: NotFiniteError, 130: Interrupted}
