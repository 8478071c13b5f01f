"""Attention layers of the user's own: which of Gaze's kinds they compute.

Weights' shapes say what a layer may be; that it is that is proven by running it beside Gaze's references on random inputs with random
weights.
"""
from __future__ import annotations

import itertools
import json
import os
from tempfile import TemporaryDirectory

import numpy as np

from .._model import Model
from .._safetensors import write
from ._common import array

OPEN, BATCH = 7, 3
LIMIT = 1e-4  # of the largest value: what float32 may differ from double


class Candidate:
    """What a layer may be. weights: for each weight in Gaze the positions of the layer's variables that it is the sum of, and its
    shape; none: zeros."""

    def __init__(self, kind: str, weights: dict, order: tuple = (0,), **options):
        self.entry = {"type": "attention", "kind": kind, **options}
        self.weights, self.order = weights, order

    def values(self, variables: list) -> dict:
        return {name: sum((variables[at].reshape(shape) for at in places), np.zeros(shape, np.float32))
                for name, (places, shape) in self.weights.items()}


def _arrangements(shapes: list, wanted: list):
    """Every way to give each wanted shape a variable of its own with as many values and the same long axes."""
    def bare(shape):
        return tuple(n for n in shape if n != 1)
    fitting = [[i for i, s in enumerate(shapes) if bare(s) == bare(w)] for w in wanted]
    return (c for c in itertools.islice(itertools.product(*fitting), 64) if len(set(c)) == len(c))


def _pick(kind, shapes, wanted: dict, biases: dict | None = None, scalars=False, order=(0,), **options):
    """Candidates that use every variable: one for each of `wanted`; all others of a bias' shape, which add up (it may have none);
    and, with `scalars`, single numbers that change nothing, as one that is added to all scores before a softmax."""
    for places in _arrangements(shapes, list(wanted.values())):
        weights = {name: ([at], shape) for (name, shape), at in zip(wanted.items(), places)}
        left = [i for i in range(len(shapes)) if i not in places]
        for name, shape in (biases or {}).items():
            weights[name] = ([i for i in left if shapes[i] == shape], shape)
            left = [i for i in left if shapes[i] != shape]
        if all(scalars and np.prod(shapes[i]) == 1 for i in left):
            yield Candidate(kind, weights, order, **options)


def _token_weights(shapes, features, output_rank):
    kind = "additive_pool" if output_rank == 2 else "additive_scale"
    for units in {s[-1] for s in shapes if len(s) == 2 and s[0] == features}:
        yield from _pick(kind, shapes, {"hidden.kernel": (features, units), "score.kernel": (units, 1)}, {"hidden.bias": (units,)},
                         scalars=True, units=units)


def _of_image(shapes, size):
    height, width, channels = size
    for k in {s[:2] for s in shapes if len(s) == 4}:
        yield from _pick("spatial", shapes, {"conv.kernel": (*k, 2, 1)}, {"conv.bias": (1,)}, kernel_size=list(k))
    for k in {s[0] for s in shapes if len(s) == 3}:
        yield from _pick("efficient_channel", shapes, {"conv.kernel": (k, 1, 1)}, kernel_size=k)
    for reduced in {s[-1] for s in shapes if len(s) == 2 and s[0] == channels}:
        wanted = {"reduce.kernel": (channels, reduced), "expand.kernel": (reduced, channels)}
        biases = {"reduce.bias": (reduced,), "expand.bias": (channels,)}
        for kind in ("squeeze_excite", "channel"):
            yield from _pick(kind, shapes, wanted, biases, ratio=channels // reduced)


def _gates(shapes, size):
    values = int(np.prod(size))
    for gate in ("softmax", "sigmoid"):
        yield from _pick("soft_gate", shapes, {"gate.kernel": (values, values)}, {"gate.bias": (values,)}, gate=gate)


def _query_key(shapes, sizes):
    for order in ((0, 1), (1, 0)):
        dq, dk = sizes[order[0]][-1], sizes[order[1]][-1]
        if not shapes and dq == dk:
            yield Candidate("dot", {}, order)
        yield from _pick("luong", shapes, {"general.kernel": (dq, dk)}, order=order, score="general")
        if dq == dk:
            yield from _pick("additive", shapes, {"scale": (dq,)}, order=order)
        for units in {s[-1] for s in shapes if len(s) == 2}:
            wanted = {"query.kernel": (dq, units), "key.kernel": (dk, units), "score.kernel": (units, 1)}
            yield from _pick("bahdanau", shapes, wanted, {"bias": (units,)}, scalars=True, order=order, units=units)
            yield from _pick("luong", shapes, {"concat.kernel": (dq + dk, units), "score.kernel": (units, 1)}, scalars=True,
                             order=order, score="concat", units=units)


def _candidates(shapes: list, inputs: list, output: tuple):
    """inputs, output: shapes with a batch."""
    sizes = [s[1:] for s in inputs]
    if len(inputs) == 1 and len(sizes[0]) in (2, 3):
        yield from _token_weights(shapes, sizes[0][-1], len(output))
    if len(inputs) == 1 and len(sizes[0]) == 3:
        yield from _of_image(shapes, sizes[0])
    if len(inputs) == 1 and int(np.prod(sizes[0])) <= 1 << 14:
        yield from _gates(shapes, sizes[0])
    if len(inputs) == 2 and all(len(s) == 2 for s in sizes):
        yield from _query_key(shapes, sizes)


def _say(layer, arguments, inputs: list) -> np.ndarray:
    """The layer's first output for these arrays."""
    import keras
    tensors = iter([keras.ops.convert_to_tensor(a) for a in inputs])
    given = keras.tree.map_structure(lambda v: next(tensors) if isinstance(v, keras.KerasTensor) else v, arguments)
    return np.asarray(keras.ops.convert_to_numpy(keras.tree.flatten(layer(*given))[0]), np.float64)


def _run(candidate: Candidate, weights: list, inputs: list) -> np.ndarray:
    """The same from Gaze's references."""
    names = [f"x{i}" for i in range(len(inputs))]
    file = {"gaze_model": 1, "inputs": [{"name": n, "shape": list(x.shape[1:])} for n, x in zip(names, inputs)],
            "layers": [{"name": "y", **candidate.entry, "inputs": [names[i] for i in candidate.order]}], "outputs": ["y"]}
    with TemporaryDirectory() as folder:
        path, file_of_weights = os.path.join(folder, "m.json"), os.path.join(folder, "w.safetensors")
        with open(path, "w", encoding="utf-8") as text:
            json.dump(file, text)
        write(file_of_weights, {f"y.{name}": value for name, value in candidate.values(weights).items()})
        with Model(path, file_of_weights, reference=True) as model:
            return model.run(dict(zip(names, inputs)), ["y"])["y"]


def _same(found: np.ndarray, expected: np.ndarray) -> bool:
    return found.size == expected.size and np.abs(found.reshape(expected.shape) - expected).max() <= LIMIT * np.abs(expected).max()


def _prove(call, shapes: list, inputs: list):
    """The first candidate that makes what the layer makes."""
    layer, rng = call.layer, np.random.default_rng(1)
    kept = [np.asarray(w) for w in layer.get_weights()]
    drawn = [rng.normal(0, 0.6 / max(1, s[0]) ** 0.25 if s else 1, s).astype(np.float32) for s in shapes]
    arrays = [rng.normal(0, 1, s).astype(np.float32) for s in inputs]
    output = tuple(call.outputs[0].shape)
    try:
        layer.set_weights(drawn)
        expected = _say(layer, call.arguments, arrays)
    finally:
        layer.set_weights(kept)
    for candidate in _candidates(shapes, inputs, output):
        try:
            if _same(_run(candidate, drawn, arrays), expected):
                return candidate
        except ValueError:  # shapes that this kind doesn't take
            continue
    return None


def recognize(call) -> bool:
    """Adds the layer as the attention kind that it computes; False: it computes none."""
    if call.keywords and any(v is not None and k != "training" for k, v in call.keywords.items()):
        return False
    tensors = [t for argument in call.arguments for t in (argument if isinstance(argument, (list, tuple)) else [argument])]
    if not 1 <= len(tensors) <= 2 or not all(hasattr(t, "shape") and "float" in str(t.dtype) for t in tensors):
        return False
    inputs = [(BATCH, *(n or OPEN for n in t.shape[1:])) for t in tensors]
    shapes = [tuple(w.shape) for w in call.layer.weights]
    if len(shapes) > 6:
        return False
    found = _prove(call, shapes, inputs)
    if found is None:
        return False
    weights = found.values([array(w) for w in call.layer.weights])
    names = [call.graph.name_of(tensors[i]) for i in found.order[:len(tensors)]]
    _add(call, found, weights, names)
    return True


def _add(call, found: Candidate, weights: dict, names: list) -> None:
    """Tokens that are an image's cells are attended to as those, so that the map has their rows and columns and its place on the
    image; what the layer makes then gets the tokens' shape again."""
    graph, shape = call.graph, call.outputs[0].shape[1:]
    image = graph.images.get(names[0]) if found.entry["kind"] in ("additive_pool", "additive_scale") else None
    name = call.add(found.entry, weights, inputs=[image] if image else names)
    flat = found.entry["kind"] == "soft_gate" and len(shape) == 1
    if (image and len(shape) == 2) or (flat and len(call.inputs[0].shape) > 2):
        back = graph.name(f"{name}_tokens" if image else f"{name}_flat")
        entry = {"type": "reshape", "target_shape": [-1 if n is None else n for n in shape]}
        graph.emit(back, entry if image else {"type": "flatten"}, [name], {})
        name = back
    call.give(name)
