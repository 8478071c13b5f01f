"""Gaze: neural networks with attention on any OpenCL device, and what they look at.

    import gaze
    m = gaze.Model("000-fashion-attention")
    x, y = m.samples(range(16))                # of the model's own data; any float array [batch, 28, 28, 1] will do
    p = m.predict(x)                           # [16, 10]
    gaze.show(m.map("attention", x)[0], x[0])  # a picture; notebooks display it
    m.fit(x_train, y_train, validation_data=(x_test, y_test), epochs=3)
    m.save("my-model")

Arrays are float32, images [batch, height, width, channels], sequences [batch, time, features], token ids int32 [batch, time].
"""
from ._arrays import Tensor
from ._devices import Device, devices
from ._errors import (DataError, DeviceError, Error, Interrupted, ModelError, NotFiniteError, UnsupportedError, UsageError)
from .keras3 import from_keras
from ._library import lib as _lib
from ._map import Map, MapInfo, ReceptiveField
from ._model import Model, models
from ._picture import Picture, show
from ._progress import Step
from ._results import Answers, History, Metrics

__version__ = _lib.version().decode()
__all__ = ["Answers", "DataError", "Device", "DeviceError", "Error", "History", "Interrupted", "Map", "MapInfo", "Metrics", "Model",
           "ModelError", "NotFiniteError", "Picture", "ReceptiveField", "Step", "Tensor", "UnsupportedError", "UsageError", "devices",
           "from_keras", "models", "show"]
