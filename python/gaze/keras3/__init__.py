"""Keras 3 models as Gaze models. Keras itself is only imported when from_keras is called."""
from ._convert import from_keras

__all__ = ["from_keras"]
