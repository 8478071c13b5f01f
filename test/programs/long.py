#!/usr/bin/env python3
"""Attention in tiles: 16,384 steps, 8 heads of 64, within 1 GiB; and what it makes is what the untiled form makes."""
import json
import resource

import numpy as np
from harness import GAZE, SOURCE, main, refused, run

MODEL = SOURCE / "models/long-attention.json"
STEPS, FEATURES, HEADS, DEPTH = 16384, 512, 8, 64
GIB = 1 << 30


def model(folder, name, steps, **keys):
    text = json.loads(MODEL.read_text())
    attention = text["layers"][0]
    assert (attention["num_heads"], attention["key_dim"]) == (HEADS, DEPTH) and text["inputs"][0]["shape"] == [STEPS, FEATURES]
    text["inputs"][0]["shape"] = [steps, FEATURES]
    attention.update(keys)
    text["layers"], text["outputs"] = text["layers"][:1], ["attention"]
    text.pop("loss")
    (folder / name).write_text(json.dumps(text))
    return folder / name


def sequence(folder, steps):
    values = np.random.default_rng(1).standard_normal((1, steps, FEATURES)).astype(np.float32)
    np.save(folder / "x.npy", values)
    return folder / "x.npy"


def a_prediction_stays_within_1_gib(folder):
    """The whole process, driver and kernels included: scores alone would take 8 GiB."""
    x = sequence(folder, STEPS)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    run(GAZE, "predict", MODEL, "--memory-limit", "1GiB", "--input", x, "--output", folder / "y.npy")
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    assert used > before * 1024, "the largest child so far was another"
    assert used < GIB, f"{used / GIB:.2f} GiB"
    y = np.load(folder / "y.npy")
    assert y.shape == (1, 10) and abs(y.sum() - 1) < 1e-5
    print(f"      {used / GIB:.2f} GiB in all")


def the_untiled_form_is_refused_at_that_length(folder):
    refused(5, GAZE, "predict", model(folder, "whole.json", STEPS // 2, tiled=False), "--memory-limit", "1GiB",
            "--input", sequence(folder, STEPS // 2), "--output", folder / "y.npy", says=["memory", "there are 1 GiB"])


def equal(got, want, keys, what):
    """verification.md: 8 (1 + keys) eps of the largest value of the row."""
    limit = 8 * (1 + keys) * 2.0 ** -23 * np.abs(want).max(axis=-1, keepdims=True)
    assert np.isfinite(got).all() and want.any(), what
    assert (np.abs(got.astype(np.float64) - want) <= limit).all(), f"{what}: {np.abs(got - want).max()}"


def maps_and_outputs_are_those_of_the_untiled_form(folder):
    steps = 1024
    x = sequence(folder, steps)
    for mask in ([], ["causal"]):
        y, maps = {}, {}
        for tiled in (True, False):
            path = model(folder, f"{tiled}.json", steps, tiled=tiled, **({"mask": mask} if mask else {}))
            for name, options in (("y", ["--output", folder / "y.npy"]), ("map", ["--output-map", f"attention={folder / 'map.npy'}"])):
                run(GAZE, "predict", path, "--input", x, *options)
            y[tiled], maps[tiled] = np.load(folder / "y.npy"), np.load(folder / "map.npy")
        assert maps[True].shape == (1, HEADS, steps, steps)
        equal(maps[True], maps[False], steps, f"map {mask}")
        equal(y[True], y[False], steps, f"output {mask}")


if __name__ == "__main__":
    main([a_prediction_stays_within_1_gib, the_untiled_form_is_refused_at_that_length,
          maps_and_outputs_are_those_of_the_untiled_form])
