#!/usr/bin/env python3
"""Hard attention learns from its losses alone: no gradient reaches the choice. One step of twelve tells the class, of four."""
import json

import numpy as np
from harness import DUMP, GAZE, main, run

MODEL = {
    "gaze_model": 1, "name": "hard",
    "inputs": [{"name": "sequence", "shape": [12, 8], "dtype": "float32"}],
    "layers": [
        {"name": "hidden", "type": "dense", "units": 16, "activation": "tanh"},
        {"name": "attention", "type": "attention", "kind": "hard", "units": 16},
        {"name": "class", "type": "dense", "units": 4, "activation": "softmax"},
    ],
    "outputs": ["class"], "loss": "sparse_categorical_crossentropy",
    "optimizer": {"type": "adam", "learning_rate": 0.003},
    "train": {"batch_size": 64, "epochs": 6}, "data": {"type": "synthetic", "path": "needle"},
}


def train(folder, name, seed, *options):
    (folder / "hard.json").write_text(json.dumps(MODEL))
    run(GAZE, "train", folder / "hard.json", "--out", folder / name, "--seed", seed, "--quiet", *options)
    return folder / name


def accuracy(model):
    return json.loads(run(GAZE, "evaluate", model, "--json").stdout.splitlines()[0])["accuracy"]


def it_finds_the_step_that_tells_the_class(folder):
    """Untrained it is right about once in four times."""
    assert accuracy(train(folder, "untrained", 1, "--steps", 1)) < 0.5
    model = train(folder, "run", 1)
    assert accuracy(model) > 0.95
    run(DUMP, model, "--index", "0..199", "--view", "map", "--out", folder / "maps")
    choice = np.load(folder / "maps/synthetic-test.attention.npy")
    samples = json.loads((folder / "maps/synthetic-test.attention.json").read_text())["samples"]
    assert ((choice == 0) | (choice == 1)).all() and (choice.sum(axis=1) == 1).all()
    found = np.mean([row.argmax() == sample["truth"]["y0"] for row, sample in zip(choice, samples)])
    assert found > 0.95, f"the needle is taken in {found:.2f} of the samples"
    a = np.load(folder / "maps/synthetic-test.attention__probability.npy")
    assert np.abs(a.sum(axis=1) - 1).max() < 1e-5 and (a.argmax(axis=1) == choice.argmax(axis=1)).all()


def the_same_seed_draws_the_same(folder):
    first, again, other = (train(folder, name, seed, "--epochs", 2).joinpath("weights.safetensors").read_bytes()
                           for name, seed in (("first", 5), ("again", 5), ("other", 6)))
    assert first == again and first != other


def it_goes_on_where_it_was(folder):
    """The moving average of the losses is kept in checkpoints too."""
    whole = train(folder, "whole", 2, "--epochs", 2)
    train(folder, "parts", 2, "--epochs", 1)
    parts = train(folder, "parts", 2, "--epochs", 2, "--resume")
    assert (whole / "weights.safetensors").read_bytes() == (parts / "weights.safetensors").read_bytes()


if __name__ == "__main__":
    main([it_finds_the_step_that_tells_the_class, the_same_seed_draws_the_same, it_goes_on_where_it_was])
