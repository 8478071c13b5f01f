"""A converted model beside the one that it was made from."""
from __future__ import annotations

import numpy as np

from .._errors import ModelError

LIMIT = 1e-4  # of a value, or of the largest where that is above 1
OPEN = 12


def random_inputs(made, id_limits: dict, padding: bool = True, batch: int = 3) -> list:
    """padding: sequences of ids end with two zeros, which an embedding may mask."""
    rng = np.random.default_rng(0)
    arrays = []
    for t in made.inputs:
        shape = (batch, *(n or OPEN for n in t.shape[1:]))
        if t.dtype == np.int32:
            ids = rng.integers(1, max(2, id_limits.get(t.name, 2)), shape)
            if padding:
                ids[..., max(1, shape[-1] - 2):] = 0
            arrays.append(ids.astype(np.int32))
        else:
            arrays.append(rng.uniform(-1, 1, shape).astype(np.float32))
    return arrays


def ask_keras(model, arrays: list) -> list:
    import keras
    given = [keras.ops.convert_to_tensor(a) for a in arrays]
    said = model(given if len(given) > 1 else given[0], training=False)
    return [np.asarray(keras.ops.convert_to_numpy(t), np.float64) for t in keras.tree.flatten(said)]


def coarse(model) -> str:
    """Which layer computes in less than float32, in words; "" where none does."""
    for layer in model.layers:
        if layer.compute_dtype in ("float16", "bfloat16"):
            return f"Keras computes '{layer.name}' in {layer.compute_dtype}"
    return ""


def compare(model, made, id_limits: dict, padding: bool = True) -> float:
    """The largest difference of a value, as a part of the largest where that is above 1."""
    arrays = random_inputs(made, id_limits, padding)
    results = made.run(arrays if len(arrays) > 1 else arrays[0], [t.name for t in made.outputs])
    worst = 0.0
    for tensor, expected in zip(made.outputs, ask_keras(model, arrays)):
        found = results[tensor.name]
        far = np.abs(found - expected).max() / max(1.0, np.abs(expected).max()) if found.shape == expected.shape else np.inf
        if not far <= LIMIT:
            lower = coarse(model)
            why = (f"{lower}, and Gaze in float32: compare with the model in float32" if lower else "please report the model")
            raise ModelError(f"the output '{tensor.name}' of the converted model is {far:.2g} from what Keras says, {LIMIT:.0e} is "
                             f"allowed: {why}; from_keras(check=False) gives it as it is")
        worst = max(worst, float(far))
    return worst
