"""from_keras: a model's graph becomes a model file and its weights, which are opened and compared with the model."""
from __future__ import annotations

import json
import os
import re
import warnings
from tempfile import TemporaryDirectory

from .._errors import ModelError, UnsupportedError
from .._model import Model
from .._safetensors import write
from ._common import first_line


def _need_keras() -> None:
    try:
        import keras
    except ImportError as error:
        raise ImportError(f"gaze.from_keras needs Keras 3 ({error}): pip install keras, and a backend of it, such as tensorflow",
                          name="keras") from error
    if int(keras.__version__.split(".")[0]) < 3:
        raise ImportError(f"gaze.from_keras needs Keras 3, this is {keras.__version__}: pip install -U keras")


def _load(model):
    if not isinstance(model, (str, os.PathLike)):
        return model
    import keras
    path = os.fspath(model)
    if not os.path.exists(path):
        raise ModelError(f"{path}: there is no such file; expected a .keras file, or a Keras model")
    try:
        return keras.saving.load_model(path)
    except Exception as error:
        own = re.search(r"Could not locate (?:class|function) '(\w+)'", str(error))
        if own:
            raise ModelError(f"{path}: Keras finds no class '{own[1]}', one of your own: load it yourself, from_keras(keras.saving.load_model("
                             f"{path!r}, custom_objects={{'{own[1]}': {own[1]}}}))") from error
        raise ModelError(f"{path}: Keras can't load it; expected a .keras file: {first_line(error)}") from error


def _inputs(model) -> list:
    """None of a Sequential model that wasn't built: asking it raises."""
    return getattr(model, "inputs", None) or []


def _check_kind(model) -> None:
    import keras
    if not isinstance(model, keras.Model):
        raise TypeError(f"from_keras takes a Keras 3 model (Sequential or functional), or a .keras file; found {type(model)}")
    if not isinstance(model, keras.Sequential) and not _inputs(model):
        raise ModelError(f"the model '{model.name}' is a subclass of keras.Model and has no graph: make it with keras.Sequential or "
                         "keras.Model(inputs, outputs)")
    if not _inputs(model):
        raise ModelError(f"the model '{model.name}' doesn't know its input's shape yet: begin it with keras.Input, or call build")


def _refuse(model, refused: dict) -> None:
    lines = "".join(f"\n  {name}: {reason}" for name, reason in refused.items())
    raise UnsupportedError(f"the Keras model '{model.name}' has {len(refused)} layer{'s' * (len(refused) > 1)} that Gaze can't take:"
                           f"{lines}", refused)


def from_keras(model, *, custom: dict | None = None, classes: list | None = None, check: bool = True, **options) -> Model:
    """A Keras 3 model of known layers, with its weights, as a Gaze model.

    model: Sequential or functional, nested ones too, or the path of a .keras file.
        A layer class of your own is taken where it computes one of Gaze's attention kinds (which is proven by running it on random
        inputs with random weights; its map is then there under the layer's name), or where its call is made of known layers and
        keras.ops.
    custom: {class or its name: function}, for others: function(layer) returns (keys of the layer in a model file, weights by name),
        as in docs/attention.md: ({"type": "attention", "kind": "spatial", "kernel_size": 7}, {"conv.kernel": k, "conv.bias": b}).
    classes: names for the model's classes.
    check: run both on random inputs; predictions further apart than 1e-4 raise a ModelError.
    options: as of Model: device, reference, seed, memory_limit.

    What a compiled model says of loss and optimizer is kept, so that fit goes on.
    Warns of what only training would notice (dropout inside attention, regularizers).
    Raises UnsupportedError with every layer that can't be taken, each with the reason.
    """
    _need_keras()
    from ._check import compare
    from ._graph import convert
    model = _load(model)
    _check_kind(model)
    graph = convert(model, custom or {})
    if graph.refused:
        _refuse(model, graph.refused)
    if classes is not None:
        graph.file["classes"] = [str(c) for c in classes]
    for note in graph.notes:
        warnings.warn(note, stacklevel=2)
    with TemporaryDirectory() as folder:
        path, weights = os.path.join(folder, "model.json"), os.path.join(folder, "weights.safetensors")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text_of(graph.file))
        write(weights, graph.weights)
        made = Model(path, weights, **options)
    if check:
        compare(model, made, graph.id_limits, not graph.padding_differs)
    return made


def text_of(file: dict) -> str:
    """A model file as people write it: a line a layer."""
    lines = []
    for key, value in file.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            text = "[\n" + ",\n".join(f"    {json.dumps(entry)}" for entry in value) + "\n  ]"
        else:
            text = json.dumps(value)
        lines.append(f"  {json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}\n"
