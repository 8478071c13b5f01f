"""That Gaze and a peer run the same model: one set of weights, inputs and labels, and what Gaze predicts with them."""
import json
import subprocess
from pathlib import Path

import numpy as np

SAMPLES = 64


def input_shapes(model):
    """What a model file is measured with: {input: (shape, dtype)}; "bench_shape" stands where a size is open."""
    shapes = {i["name"]: (i.get("bench_shape", i["shape"]), i.get("dtype", "float32")) for i in model["inputs"]}
    for name, (shape, _) in shapes.items():
        if None in shape:
            raise ValueError(f"input '{name}' of {model['name']} is {shape}: give its \"bench_shape\"")
    return shapes


def make(gaze, path, classes, folder):
    """Fills `folder`: inputs and labels from a seed, weights after a step of training on them, Gaze's predictions."""
    model, random = json.loads(Path(path).read_text()), np.random.default_rng(0)
    (folder / "train").mkdir(parents=True)
    shapes, words = input_shapes(model), []
    (folder / "inputs.json").write_text(json.dumps(list(shapes)))
    for name, (shape, dtype) in shapes.items():
        size = (SAMPLES, *shape)
        x = random.integers(1, 1000, size).astype("int32") if dtype == "int32" else random.random(size, dtype="float32")
        np.save(folder / "train" / f"{name}.npy", x)
        words += ["--input", f"{name}={folder / 'train' / name}.npy"]
    np.save(folder / "train" / "label.npy", random.integers(0, classes, SAMPLES).astype("int32"))
    run(gaze, "train", path, "--data", f"npy:{folder}", "--steps", "1", "--seed", "1", "--out", folder / "run", "--quiet")
    run(gaze, "predict", path, "--weights", folder / "run/weights.safetensors", *words, "--output", folder / "predictions.npy", "--quiet")


def run(*words):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(str(w) for w in words)}: {done.stderr.strip()}")


class Samples:
    """What `make` left in a folder."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def inputs(self, batch):
        names = json.loads((self.folder / "inputs.json").read_text())
        return [np.load(self.folder / "train" / f"{name}.npy")[:batch] for name in names]

    def labels(self, batch):
        return np.load(self.folder / "train" / "label.npy")[:batch]

    def predictions(self, batch):
        return np.load(self.folder / "predictions.npy")[:batch]

    def weights(self):
        from safetensors.numpy import load_file
        return load_file(self.folder / "run/weights.safetensors")
