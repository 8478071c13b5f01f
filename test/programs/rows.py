#!/usr/bin/env python3
"""Exact weights of attention in tiles: some rows of some heads, at 16,384 steps within 1 GiB, and they are what the output is
made with."""
import json
import resource

import numpy as np
from harness import DUMP, GAZE, SOURCE, main, refused, run

STEPS, FEATURES, HEADS, DEPTH = 16384, 512, 8, 64
GIB = 1 << 30
KERNELS = ("query", "key", "value", "output")


def write_model(folder, steps, **keys):
    """models/long-attention.json with so many steps, or its attention layer alone where keys are given."""
    text = json.loads((SOURCE / "models/long-attention.json").read_text())
    text["inputs"][0]["shape"] = [steps, FEATURES]
    text["layers"][0].update(keys)
    text["layers"], text["outputs"] = text["layers"][:1], ["attention"]
    text.pop("loss")
    (folder / "model.json").write_text(json.dumps(text))
    return folder / "model.json"


def write_weights(folder):
    """Random queries and keys; values and output are the identity, so that y holds softmax(q k^T) x, head by head."""
    random, one = np.random.default_rng(2), np.eye(FEATURES, dtype=np.float32)
    arrays = {}
    for name in KERNELS:
        shape = (HEADS, DEPTH, FEATURES) if name == "output" else (FEATURES, HEADS, DEPTH)
        kernel = random.normal(0, 1.5 / FEATURES ** 0.5, (FEATURES, FEATURES)).astype(np.float32) if name in ("query", "key") else one
        arrays[f"attention.{name}.kernel"] = kernel.reshape(shape)
        arrays[f"attention.{name}.bias"] = np.zeros((FEATURES,) if name == "output" else (HEADS, DEPTH), np.float32)
    header, at = {}, 0
    for name, array in arrays.items():
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [at, at + array.nbytes]}
        at += array.nbytes
    text = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(
        len(text).to_bytes(8, "little") + text + b"".join(a.tobytes() for a in arrays.values()))


def sequence(folder, steps):
    values = np.random.default_rng(1).standard_normal((1, steps, FEATURES)).astype(np.float32)
    np.save(folder / "x.npy", values)
    return values[0]


def dump(folder, model, *words):
    run(DUMP, model, "--input", folder / "x.npy", "--out", folder / "out", *words)
    return np.load(folder / "out/x.attention.npy")


def limit(keys):
    """verification.md: of attention."""
    return 8 * (1 + keys) * 2.0 ** -23


def rows_of_16384_steps_are_within_1_gib_and_make_the_output(folder):
    """The whole process, driver and kernels included: the whole map would take 8 GiB."""
    x, model = sequence(folder, STEPS), write_model(folder, STEPS)
    write_weights(folder)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    a = dump(folder, model, "--memory-limit", "1GiB", "--query", "9000..9003", "--reduce", "head:3")
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    assert used > before * 1024, "the largest child so far was another"
    assert used < GIB, f"{used / GIB:.2f} GiB"
    assert a.shape == (1, 1, 4, STEPS) and (abs(a.sum(axis=-1) - 1) < 1e-5).all()
    run(GAZE, "predict", model, "--memory-limit", "1GiB", "--input", folder / "x.npy", "--output", folder / "y.npy")
    head = slice(3 * DEPTH, 4 * DEPTH)
    y = np.load(folder / "y.npy")[0, 9000:9004, head]
    made = a[0, 0].astype(np.float64) @ x[:, head]
    error, largest = abs(y - made).max(), a.max()
    print(f"      {used / GIB:.2f} GiB in all; largest weight {largest:.3g}, largest output {abs(y).max():.3g}, differs by {error:.2g}")
    assert largest > 20 / STEPS and abs(y).max() > 0.05, "weights so even would agree with any others"
    assert error <= limit(STEPS) * min(1, abs(y).max())
    assert error < 1e-5, "the limit of so many keys is wide"


def rows_are_the_bits_of_the_whole_map(folder):
    """By the same kernels, in tiles and causal."""
    steps = 1024
    x = sequence(folder, steps)
    write_weights(folder)
    for keys in ({}, {"mask": "causal"}):
        model = write_model(folder, steps, tiled=True, **keys)
        run(GAZE, "predict", model, "--input", folder / "x.npy", "--output", folder / "y.npy")
        y, whole = np.load(folder / "y.npy")[0], dump(folder, model, "--view", "matrix")
        assert whole.shape == (1, HEADS, steps, steps)
        for first, last, head in ((0, 0, 0), (511, 514, 7), (1000, 1023, None)):
            rows = dump(folder, model, "--query", f"{first}..{last}", "--view", "matrix", *([] if head is None else ["--reduce", f"head:{head}"]))
            some = slice(None) if head is None else slice(head, head + 1)
            assert np.array_equal(rows, whole[:, some, first:last + 1]), (keys, first, last, abs(rows - whole[:, some, first:last + 1]).max())
            for h in range(HEADS)[some]:
                part = slice(h * DEPTH, (h + 1) * DEPTH)
                made = rows[0, h - (head or 0)].astype(np.float64) @ x[:, part]
                assert abs(y[first:last + 1, part] - made).max() <= limit(steps), (keys, first, h)


def one_row_is_a_page_of_bars(folder):
    sequence(folder, 600)
    row = dump(folder, write_model(folder, 600), "--query", 599, "--view", "bars")
    assert row.shape == (1, HEADS, 1, 600)
    part = json.loads((folder / "out/x.attention.json").read_text())["part"]
    assert part == {"query": 599, "queries": 1, "of_queries": 600, "head": 0, "heads": HEADS, "of_heads": HEADS}


def a_map_that_is_too_large_names_the_command(folder):
    sequence(folder, STEPS)
    said = refused(2, DUMP, write_model(folder, STEPS), "--input", folder / "x.npy", "--out", folder / "out",
                   says=["takes 8.0 GiB for 1 sample", "16384 queries", "--query 0..3 --reduce head:0"])
    assert "out" not in [p.name for p in folder.iterdir()] or not list((folder / "out").iterdir()), said.stderr


if __name__ == "__main__":
    main([rows_of_16384_steps_are_within_1_gib_and_make_the_output, rows_are_the_bits_of_the_whole_map,
          one_row_is_a_page_of_bars, a_map_that_is_too_large_names_the_command])
