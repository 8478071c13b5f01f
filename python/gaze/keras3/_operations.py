"""keras.ops in a functional model (x + y, ops.relu(x), ...): those that a layer of Gaze's stands for."""
from __future__ import annotations

from ._common import Unsupported

ACTIVATIONS = {"Relu": "relu", "Sigmoid": "sigmoid", "Tanh": "tanh", "Elu": "elu", "Silu": "silu", "Gelu": "gelu", "Softmax": "softmax",
               "LeakyRelu": "leaky_relu"}
POOLS = {("Mean", 4): "global_average_pool2d", ("Max", 4): "global_max_pool2d", ("Mean", 3): "global_average_pool1d",
         ("Max", 3): "global_max_pool1d"}
ACROSS: dict = {4: {(1, 2)}, 3: {(1,)}}


def _tensors(call) -> list:
    import keras
    given = [v for v in keras.tree.flatten((call.arguments, call.keywords)) if isinstance(v, keras.KerasTensor)]
    others = [v for v in call.arguments if not isinstance(v, (keras.KerasTensor, list, tuple))]
    if others:
        raise Unsupported("it is given a number or an array beside tensors, which Gaze has no layer for")
    return given


def _merge(call, kind: str) -> dict:
    tensors = _tensors(call)
    if len({tuple(t.shape) for t in tensors}) > 1 or len(tensors) < 2:
        raise Unsupported(f"{kind} of shapes {', '.join(str(t.shape) for t in tensors)}: Gaze takes equal ones only")
    return {"type": kind}


def _activation(call, kind: str) -> dict:
    operation = call.layer
    approximate, axis = getattr(operation, "approximate", False), getattr(operation, "axis", -1)
    if approximate or axis not in (-1, len(call.inputs[0].shape) - 1) or getattr(operation, "alpha", 1.0) != 1.0:
        raise Unsupported(f"{kind} with other options than Gaze's")
    if kind == "LeakyRelu" and abs(operation.negative_slope - 0.2) > 1e-6:
        raise Unsupported(f"a negative slope of {operation.negative_slope}, Gaze has 0.2 only")
    return {"type": "activation", "activation": ACTIVATIONS[kind]}


def _pool(call, kind: str) -> dict:
    rank = len(call.inputs[0].shape)
    axis = call.layer.axis
    axes = tuple(sorted(a % rank for a in (axis if isinstance(axis, (list, tuple)) else [axis]))) if axis is not None else None
    if axes not in ACROSS.get(rank, ()):
        raise Unsupported(f"{kind} over axes {axis}: Gaze has it over the steps of a sequence or the pixels of an image")
    return {"type": POOLS[kind, rank], **({"keepdims": True} if call.layer.keepdims else {})}


def _entry(call, kind: str) -> dict:
    if kind in ("Add", "Multiply"):
        return _merge(call, kind.lower())
    if kind in ACTIVATIONS:
        return _activation(call, kind)
    if kind in ("Mean", "Max"):
        return _pool(call, kind)
    if kind == "Concatenate":
        axis = call.layer.axis
        return {"type": "concatenate", **({} if axis == -1 else {"axis": axis})}
    if kind == "Reshape":
        shape = list(call.outputs[0].shape[1:])
        return {"type": "reshape", "target_shape": [-1 if n is None else n for n in shape]}
    raise Unsupported(f"Gaze has no layer like keras.ops' {kind}")


def convert(call) -> None:
    entry = _entry(call, type(call.layer).__name__)
    call.give(call.add(entry, inputs=_tensors(call)))
