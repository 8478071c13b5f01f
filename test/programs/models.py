#!/usr/bin/env python3
"""The models of the tutorials: as many weights as their Keras code gives them, and what each of them is for."""
import json
import resource
import subprocess

import numpy as np
from data import write_png
from harness import DUMP, GAZE, SOURCE, main, refused, run

MODELS = SOURCE / "models"


def conv(kernel, channels, filters):
    """Conv1D and Conv2D: `kernel` taps, and a bias a filter."""
    return kernel * channels * filters + filters


def dense(values, units):
    return values * units + units


def lstm(features, units):
    return 4 * units * (features + units + 1)


def additive(features, units):
    """W, b and u of softmax(u tanh(W h + b))."""
    return dense(features, units) + units


def normal(features):
    return 2 * features


def multi_head(features, heads, key):
    """Queries, keys, values, and the way back."""
    return 3 * dense(features, heads * key) + dense(heads * key, features)


def block(features, heads, key, wide):
    """A transformer's encoder block."""
    return 2 * normal(features) + multi_head(features, heads, key) + dense(features, wide) + dense(wide, features)


def soft_gate(size, classes, rank=0):
    values = (size // 8) ** 2 * 70
    gate = 2 * rank * values + values if rank else dense(values, values)
    return conv(9, 3, 16) + conv(9, 16, 32) + conv(9, 32, 70) + gate + dense(values, 128) + dense(128, classes)


SPATIAL = conv(49, 2, 1)
WEIGHTS = {  # as Keras' summary() has them, from the layers of each tutorial's code
    "000-fashion-attention": conv(9, 1, 32) + conv(9, 32, 64) + additive(64, 32) + dense(12 * 12 * 64, 128) + dense(128, 10),
    "000-fashion-baseline": conv(9, 1, 32) + conv(9, 32, 64) + dense(12 * 12 * 64, 128) + dense(128, 10),
    "000-fashion-spatial": conv(9, 1, 64) + SPATIAL + conv(9, 64, 128) + dense(128, 10),
    "000-fashion-vit": conv(16, 1, 64) + 49 * 64 + 2 * block(64, 4, 16, 128) + normal(64) + dense(49 * 64, 10),
    "001-cifar-baseline": conv(9, 3, 32) + conv(9, 32, 64) + dense(64, 10),
    "001-cifar-spatial": conv(9, 3, 64) + SPATIAL + conv(9, 64, 128) + dense(128, 10),
    "001-cifar-residual": conv(9, 3, 64) + conv(9, 64, 64) + SPATIAL + dense(64, 10),
    "002-lstm-attention": lstm(64, 128) + additive(128, 128) + dense(128, 10),
    "003-soft-gate": soft_gate(32, 6),
    "003-soft-gate-rank": soft_gate(128, 6, rank=64),
    "004-text-attention": 1000 * 64 + conv(4, 64, 100) + dense(200, 10),
    "004-bilstm-attention": 1000 * 64 + 2 * lstm(64, 64) + additive(128, 64) + dense(128, 10),
    "004-bilstm-baseline": 1000 * 64 + 2 * lstm(64, 64) + dense(128, 10),
    "004-text-encoder": 1000 * 64 + 16 * 64 + 2 * block(64, 4, 16, 128) + normal(64) + dense(64, 10),
    "mha-block": block(256, 8, 32, 1024) + dense(256, 10),
}
# The same numbers as Keras 3.15 counts them (model.count_params()), of the models that the tutorials write down.
COUNTED = {"000-fashion-attention": 1201994, "001-cifar-baseline": 20042, "001-cifar-spatial": 77037, "001-cifar-residual": 39469,
           "002-lstm-attention": 116746, "003-soft-gate": 1425100, "004-text-attention": 91710, "004-bilstm-attention": 139658,
           "mha-block": 792330}


def weights_of(model, *options):
    lines = run(GAZE, "summary", model, "--json", *options).stdout
    return json.loads(lines)["weights"]


def every_model_has_the_weights_of_its_keras_code(folder):
    for name, expected in WEIGHTS.items():
        found = weights_of(MODELS / f"{name}.json")
        assert found == expected, f"{name}: {found} weights, expected {expected}"
    for name, expected in COUNTED.items():
        assert WEIGHTS[name] == expected, name


def every_model_names_the_command_that_trains_it(folder):
    for path in sorted(MODELS.glob("*.json")):
        about, name = json.loads(path.read_text())["about"], path.stem
        assert json.loads(path.read_text())["name"] == name
        assert f"gaze train models/{name}.json " in about and f"--out runs/{name}" in about, f"{name}: {about}"


def the_dense_gate_of_a_large_image_is_counted_without_being_made(folder):
    gate = 16 * 16 * 70
    command = [str(GAZE), "summary", str(MODELS / "003-soft-gate.json"), "--img_size", "128", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30))) as process:
        summary = json.loads(process.stdout.read())
    layer = next(l for l in summary["layers"] if l["name"] == "attention")
    assert process.returncode == 0 and layer["weights"] == gate * gate + gate == 321_144_320, layer
    assert summary["weights"] == soft_gate(128, 6)


def write_places(folder, classes):
    """Images of 40x30: each class has its own bright band."""
    random = np.random.default_rng(1)
    for part, count in (("train", 20), ("test", 5)):
        for k, name in enumerate(classes):
            for i in range(count):
                pixels = random.integers(0, 90, (40, 30, 3)).astype(np.uint8)
                pixels[10 * k:10 * k + 10] += 140
                write_png(folder / part / name / f"{i:02}.png", pixels)


def a_low_rank_gate_trains_on_large_images(folder):
    write_places(folder / "images", ["glacier", "mountain", "sea"])
    run(GAZE, "train", MODELS / "003-soft-gate-rank.json", "--num_classes", "3", "--data", f"folder:{folder}/images", "--steps", "2",
        "--batch-size", "4", "--out", folder / "run", "--seed", "1")
    log = (folder / "run/log.csv").read_text().splitlines()
    assert np.isfinite([float(x) for x in log[1].split(",")[2:4]]).all(), log


def an_adapted_model_is_kept_by_its_run(folder):
    classes = ["glacier", "mountain", "sea"]
    write_places(folder / "images", classes)
    model, data = MODELS / "003-soft-gate.json", f"folder:{folder}/images"
    refused(3, GAZE, "train", model, "--data", data, "--num_classes", "2", "--out", folder / "no",
            says=["3 classes", "--num_classes 3"])
    options = ["--data", data, "--img_size", "40x24", "--num_classes", "3", "--out", folder / "run", "--seed", "1"]
    run(GAZE, "train", model, *options, "--epochs", "12", "--batch-size", "10")
    kept = json.loads((folder / "run/model.json").read_text())
    assert kept["inputs"][0]["shape"] == [40, 24, 3] and kept["layers"][-1]["units"] == 3 and kept["classes"] == classes

    lines = [json.loads(line) for line in run(GAZE, "evaluate", folder / "run", "--json").stdout.splitlines()]
    assert lines[0]["samples"] == 15 and lines[0]["accuracy"] > 0.9, lines[0]
    files = run(DUMP, folder / "run", "--index", "0", "--out", folder / "maps").stdout.splitlines()
    assert np.load(next(f for f in files if f.endswith(".npy"))).shape == (1, 5, 3, 70)
    # a file of any size is seen as the data's sample that it is
    image = folder / "images/test/glacier/00.png"
    done = run(DUMP, folder / "run", "--input", image, "--out", folder / "file")
    assert "40x30 pixels, squeezed to become 40x24" in done.stderr, done.stderr
    assert np.array_equal(np.load(folder / "file/00.attention.npy"), np.load(folder / "maps/folder-test.attention.npy"))
    assert run(GAZE, "predict", folder / "run", "--input", image).stdout.startswith("0  glacier ")
    refused(3, GAZE, "predict", MODELS / "002-lstm-attention.json", "--input", image, says=["a picture", "'sequence'", "no image"])
    # going on needs the same words, or the run alone
    more = ["--epochs", "13", "--batch-size", "10", "--resume"]
    run(GAZE, "train", model, *options, *more)
    more[1] = "14"
    run(GAZE, "train", folder / "run", "--out", folder / "run", "--seed", "1", *more)
    assert len((folder / "run/log.csv").read_text().splitlines()) == 15
    refused(4, GAZE, "predict", folder / "run", "--num_classes", "4", "--input", folder / "images/test/sea/00.png",
            says=["class.kernel"])


def models_that_cannot_be_adapted_say_why(folder):
    refused(4, GAZE, "summary", MODELS / "002-lstm-attention.json", "--img_size", "32", says=["reads no image", "'sequence'"])
    refused(4, GAZE, "summary", MODELS / "000-fashion-vit.json", "--img_size", "3", says=["images 3x3", "patches"])
    for size in ("0", "12x", "x3", "ten", "3x4x5"):
        refused(2, GAZE, "summary", MODELS / "003-soft-gate.json", "--img_size", size, says="--img_size")
    refused(2, GAZE, "evaluate", MODELS / "003-soft-gate.json", "--num_classes", "0", says="--num_classes")


def shares_at_the_needle(run_folder, out, *options):
    run(DUMP, run_folder, "--index", "0..999", "--seed", "5", "--view", "map", "--out", out, "--quiet", *options)
    samples = json.loads(next(out.glob("*.json")).read_text())["samples"]
    return np.load(next(out.glob("*.npy"))), [s["truth"] for s in samples]


def the_lstms_attention_finds_the_needle(folder):
    """Two epochs; other sequences than those of the training, test part included."""
    run(GAZE, "train", MODELS / "002-lstm-attention.json", "--epochs", "2", "--seed", "1", "--out", folder / "run")
    maps, truth = shares_at_the_needle(folder / "run", folder / "maps")
    found = np.mean([map.argmax() == place["y0"] for map, place in zip(maps, truth)])
    print(f"      the largest weight is the needle's in {100 * found:.1f} % of {len(maps)} test sequences")
    assert found >= 0.95, found


if __name__ == "__main__":
    main([every_model_has_the_weights_of_its_keras_code, every_model_names_the_command_that_trains_it,
          the_dense_gate_of_a_large_image_is_counted_without_being_made, a_low_rank_gate_trains_on_large_images,
          an_adapted_model_is_kept_by_its_run, models_that_cannot_be_adapted_say_why, the_lstms_attention_finds_the_needle])
