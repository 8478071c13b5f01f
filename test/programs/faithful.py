#!/usr/bin/env python3
"""gaze faithful: a map that decides does better than a random one, and its curves are what removal by hand gives."""
import json

import numpy as np
from harness import DUMP, GAZE, SOURCE, main, refused, run

TOKENS = {
    "gaze_model": 1,
    "name": "tokens",
    "inputs": [{"name": "x", "shape": [12], "dtype": "int32"}],
    "layers": [
        {"name": "embed", "type": "embedding", "input_dim": 30, "output_dim": 16},
        {"name": "attention", "type": "attention", "kind": "additive_pool"},
        {"name": "class", "type": "dense", "units": 4, "activation": "softmax"},
    ],
    "outputs": ["class"],
    "loss": "sparse_categorical_crossentropy",
    "optimizer": {"type": "adam", "learning_rate": 0.01},
    "train": {"batch_size": 50, "epochs": 3},
    "data": {"type": "npy", "path": "data"},
}


def faithful(*words):
    """(summary, {(map, removal): curves}, {map: share of samples in which it points at the truth})"""
    lines = [json.loads(line) for line in run(GAZE, "faithful", *words, "--json").stdout.splitlines()]
    curves = {(l["map"].split(":")[0], l["removal"]): l for l in lines if "removal" in l}
    return lines[0], curves, {l["map"].split(":")[0]: l["pointed"] / l["placed"] for l in lines if "placed" in l}


def better_than_random(curves, removals, *names):
    for name in names:
        for removal in removals:
            own, random = curves[name, removal], curves["random", removal]
            print(f"{name}, {removal}: deletion {own['deletion_area']:.3f} (random {random['deletion_area']:.3f}), "
                  f"insertion {own['insertion_area']:.3f} ({random['insertion_area']:.3f})")
            assert own["deletion_area"] + 4 * own["deletion_error"] < random["deletion_area"] - 4 * random["deletion_error"]
            assert own["insertion_area"] > random["insertion_area"]
            assert own["deletion_wins"] > 0.75 and own["insertion_wins"] > 0.75


def a_map_that_decides_beats_a_random_one(folder):
    run(GAZE, "train", SOURCE / "models/patch.json", "--out", folder / "run", "--seed", 1, "--quiet")
    about, curves, pointing = faithful(folder / "run", "--map", "attention", "--samples", 100, "--plot", folder / "plot.png")
    assert about["samples"] == 100 and about["parts"] == 784 and about["part"] == "test" and about["right"] >= 95
    better_than_random(curves, ["mean", "road"], "attention", "gradcam")
    print("points at the patch:", pointing)
    assert pointing["attention"] >= 0.9 and pointing["random"] < 0.1
    assert (folder / "plot.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    text = run(GAZE, "faithful", folder / "run", "--samples", 3).stdout
    assert "road" in text and "random" in text and "points at the true place, of 3 samples:  attention 1.000" in text, text


def the_needle_is_missed_when_it_is_taken_away(folder):
    run(GAZE, "train", SOURCE / "docs/gallery/needle.json", "--out", folder / "run", "--seed", 1, "--quiet")
    about, curves, pointing = faithful(folder / "run", "--samples", 100)
    assert about["parts"] == 24
    better_than_random(curves, ["mean", "road"], "attention")
    assert pointing["attention"] >= 0.95, pointing


def tokens_are_replaced_by_tokens(folder):
    draw = np.random.default_rng(5)
    for part, count in [("train", 1500), ("test", 100)]:
        x = draw.integers(5, 30, (count, 12)).astype(np.int32)
        label = draw.integers(0, 4, count).astype(np.int32)
        x[np.arange(count), draw.integers(0, 12, count)] = 1 + label
        (folder / "data" / part).mkdir(parents=True)
        np.save(folder / "data" / part / "x.npy", x)
        np.save(folder / "data" / part / "label.npy", label)
    model = folder / "tokens.json"
    model.write_text(json.dumps(TOKENS | {"data": {"type": "npy", "path": str(folder / "data")}}))
    run(GAZE, "train", model, "--out", folder / "run", "--seed", 1, "--quiet")
    about, curves, _ = faithful(folder / "run")
    assert about["samples"] == 100 and about["steps"] == 12 and about["right"] > 90, about
    assert "token 0" in about["note"] and "Left out: Grad-CAM" in about["note"], about
    better_than_random(curves, ["zero", "drawn"], "attention")
    refused(2, GAZE, "faithful", folder / "run", "--removal", "mean", says="token ids")


def deletion_by_hand(folder, images, steps):
    """Mean probability of the predicted class when the map's largest cells are set to 0, and the other way round."""
    np.save(folder / "x.npy", images)
    run(DUMP, folder / "run", "--input", folder / "x.npy", "--map", "attention", "--view", "map", "--out", folder / "maps")
    (file,) = (folder / "maps").glob("*.attention.npy")
    orders = np.argsort(-np.load(file).reshape(len(images), -1), axis=1, kind="stable")
    rows = []
    for image, order in zip(images, orders):
        for k in range(steps + 1):
            first = order[:(k * 784 + steps // 2) // steps]
            gone, left = image.copy().reshape(-1), np.zeros(784, np.float32)
            gone[first], left[first] = 0, image.reshape(-1)[first]
            rows += [gone, left]
    np.save(folder / "rows.npy", np.reshape(rows, (-1, 28, 28, 1)))
    run(GAZE, "predict", folder / "run", "--input", folder / "rows.npy", "--output", folder / "p.npy")
    p = np.load(folder / "p.npy").reshape(len(images), steps + 1, 2, -1)
    classes = p[:, 0, 0].argmax(axis=1)
    return np.stack([p[i, :, :, c] for i, c in enumerate(classes)]).mean(axis=0)


def curves_are_those_of_removal_by_hand(folder):
    run(GAZE, "train", SOURCE / "models/patch.json", "--out", folder / "run", "--epochs", 2, "--quiet")
    images = np.random.default_rng(3).random((6, 28, 28, 1), np.float32)
    for part in ("train", "test"):
        (folder / "data" / part).mkdir(parents=True)
        np.save(folder / "data" / part / "image.npy", images if part == "test" else images * 0.5)
        np.save(folder / "data" / part / "label.npy", np.zeros(6, np.int32))
    _, curves, pointing = faithful(folder / "run", "--data", f"npy:{folder / 'data'}", "--removal", "zero", "--steps", 9)
    expected = deletion_by_hand(folder, images, 9)
    own = curves["attention", "zero"]
    assert not pointing
    np.testing.assert_allclose(own["deletion"], expected[:, 0], atol=2e-5)
    np.testing.assert_allclose(own["insertion"], expected[:, 1], atol=2e-5)
    np.testing.assert_allclose(own["deletion_area"], np.trapz(expected[:, 0], dx=1 / 9), atol=2e-5)


if __name__ == "__main__":
    main([
        a_map_that_decides_beats_a_random_one,
        the_needle_is_missed_when_it_is_taken_away,
        tokens_are_replaced_by_tokens,
        curves_are_those_of_removal_by_hand,
    ])
