"""What the converters of Keras' layers share."""
from __future__ import annotations

import textwrap

import numpy as np


class Unsupported(Exception):
    """Why a layer can't be taken."""


def first_line(error: Exception) -> str:
    """What an exception says, in a line."""
    return textwrap.shorten(str(error).strip().partition("\n")[0], 160, placeholder=" ...")


def is_keras(layer) -> bool:
    return type(layer).__module__.split(".")[0] == "keras"


def array(variable) -> np.ndarray:
    import keras
    return np.asarray(keras.ops.convert_to_numpy(variable), np.float32)


def activation_word(function) -> str:
    """The model file's word for a Keras activation, of a layer or as a layer."""
    import keras
    a = keras.activations
    words = {"linear": a.linear, "relu": a.relu, "sigmoid": a.sigmoid, "tanh": a.tanh, "softmax": a.softmax, "gelu": a.gelu,
             "silu": a.silu, "elu": a.elu, "leaky_relu": a.leaky_relu}
    if function is None:
        return "linear"
    if isinstance(function, keras.layers.Layer):
        return activation_of_layer(function)
    for word, known in words.items():
        if function is known:
            return word
    raise Unsupported(f"its activation {getattr(function, '__name__', function)!r} is none of {', '.join(words)}")


def activation_of_layer(layer) -> str:
    kind, config = type(layer).__name__, layer.get_config()
    if kind == "Activation":
        return activation_word(layer.activation)
    if kind == "ReLU":
        expect(config, max_value=None, negative_slope=(0, None), threshold=(0, None))
        return "relu"
    if kind == "LeakyReLU":
        expect(config, negative_slope=0.2)
        return "leaky_relu"
    if kind == "ELU":
        expect(config, alpha=1)
        return "elu"
    if kind == "Softmax":
        expect(config, axis=-1)
        return "softmax"
    raise Unsupported(f"{kind} is no activation that Gaze has")


def expect(config: dict, **wanted) -> None:
    """Options that Gaze has at these values only (a tuple: any of them). Numbers that a float32 can't tell apart are one."""
    for key, values in wanted.items():
        found = config.get(key)
        values = values if isinstance(values, tuple) else (values,)
        same = any(found == v or (isinstance(found, float) and v is not None and np.float32(found) == np.float32(v)) for v in values)
        if key in config and not same:
            raise Unsupported(f"its {key} is {found}, Gaze has {values[0]} only")


def one(value):
    """[3, 3] is 3."""
    value = list(value) if isinstance(value, (list, tuple)) else [value]
    return value[0] if len(set(value)) == 1 else value


def options(config: dict, **defaults) -> dict:
    """Those that aren't what a model file takes them for anyway."""
    found = {key: one(config[key]) if isinstance(config[key], (list, tuple)) else config[key] for key in defaults}
    return {key: value for key, value in found.items() if value != defaults[key]}


def weights_there(layer, **names) -> dict:
    return {key: array(getattr(layer, of)) for key, of in names.items() if getattr(layer, of, None) is not None}
