#!/usr/bin/env python3
"""Data types from outside: each is trained on, and says what is wrong with it."""
import json
import struct
import zlib

import numpy as np
from harness import DUMP, GAZE, main, refused, run

CLASSIFIER = [{"name": "flat", "type": "flatten"}, {"name": "class", "type": "dense", "units": 4, "activation": "softmax"}]


def write_model(folder, inputs, layers, data, epochs=2):
    model = {"gaze_model": 1, "name": "small", "inputs": inputs, "layers": layers, "outputs": ["class"],
             "loss": "sparse_categorical_crossentropy", "optimizer": {"type": "adam", "learning_rate": 0.002},
             "train": {"batch_size": 50, "epochs": epochs}, "data": data}
    path = folder / "small.json"
    path.write_text(json.dumps(model))
    return path


def write_png(path, pixels):
    """pixels [height, width, 3] uint8"""
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
                     + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def write_images(folder):
    """Each class has a quarter of its own that is bright."""
    random = np.random.default_rng(0)
    for part, count in (("train", 50), ("test", 10)):
        for k, name in enumerate(("east", "north", "south", "west")):
            for i in range(count):
                pixels = random.integers(0, 100, (24, 20, 3)).astype(np.uint8)
                pixels[12 * (k // 2):12 * (k // 2) + 12, 10 * (k % 2):10 * (k % 2) + 10] += 120
                write_png(folder / part / name / f"{i:03}.png", pixels)


def image_model(folder, **more):
    return write_model(folder, [{"name": "image", "shape": [16, 16, 3]}], CLASSIFIER,
                       {"type": "folder", "path": str(folder / "images"), **more}, epochs=8)


def a_folder_of_images_is_learnt_and_its_classes_are_named(folder):
    write_images(folder / "images")
    model = image_model(folder, augment={"shift": 2, "crop": 0.9})
    done = run(GAZE, "train", model, "--out", folder / "run", "--seed", "1")
    assert "squeezed" in done.stderr, done.stderr
    lines = [json.loads(line) for line in run(GAZE, "evaluate", folder / "run", "--json").stdout.splitlines()]
    assert lines[0]["accuracy"] > 0.95 and lines[0]["samples"] == 40, lines[0]
    assert [line["class"] for line in lines[1:]] == ["east", "north", "south", "west"]


def damaged_images_are_named_counted_and_left_out_where_asked(folder):
    write_images(folder / "images")
    model = image_model(folder)
    (folder / "images/train/east/page.jpg").write_text("<html>this is no image</html>" * 3)
    cut = folder / "images/test/west/003.png"
    cut.write_bytes(cut.read_bytes()[:-30])
    refused(3, GAZE, "train", model, "--out", folder / "run", says=["page.jpg", "1 of 241 files", "--skip-bad"])
    done = run(GAZE, "train", model, "--out", folder / "run", "--epochs", "1", "--skip-bad")
    assert "1 damaged sample was left out" in done.stderr and "2 damaged samples were left out" in done.stderr
    (folder / "images/train/east/page.jpg").unlink()
    refused(3, GAZE, "evaluate", folder / "run", says=["003.png", "damaged PNG"])
    lines = run(GAZE, "evaluate", folder / "run", "--json", "--skip-bad").stdout.splitlines()
    assert json.loads(lines[0])["samples"] == 39


def damaged_images_are_left_out_of_pictures_where_asked(folder):
    write_images(folder / "images")
    layers = [{"name": "attention", "type": "attention", "kind": "spatial", "kernel_size": 3}, *CLASSIFIER]
    model = write_model(folder, [{"name": "image", "shape": [16, 16, 3]}], layers, {"type": "folder", "path": str(folder / "images")})
    cut = folder / "images/test/west/003.png"
    cut.write_bytes(cut.read_bytes()[:-30])
    dump = [DUMP, model, "--view", "map", "--out", folder / "maps", "--index"]
    refused(3, *dump, "32..34", says=["003.png", "--skip-bad"])
    done = run(*dump, "32..34", "--skip-bad")
    assert "sample 33 is left out" in done.stderr and "003.png" in done.stderr, done.stderr
    assert [s["index"] for s in json.loads((folder / "maps/folder-test.attention.json").read_text())["samples"]] == [32, 34]
    assert np.load(folder / "maps/folder-test.attention.npy").shape[0] == 2
    refused(3, *dump, "33", "--skip-bad", says="are damaged")


def the_same_seed_augments_in_the_same_way(folder):
    write_images(folder / "images")
    model = image_model(folder, augment={"flip": True, "shift": 3, "crop": 0.8})
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run(GAZE, "train", model, "--out", folder / name, "--seed", seed, "--epochs", "2")
    a, b, c = ((folder / name / "weights.safetensors").read_bytes() for name in "abc")
    assert a == b and a != c


def cifar10_is_read(folder):
    random = np.random.default_rng(0)
    images = folder / "cifar"
    images.mkdir()
    for name in [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]:
        records = random.integers(0, 256, (40, 3073)).astype(np.uint8)
        records[:, 0] = np.arange(40) % 4
        records.tofile(images / name)
    model = write_model(folder, [{"name": "image", "shape": [32, 32, 3]}], CLASSIFIER, {"type": "cifar10", "path": "nowhere"})
    done = run(GAZE, "train", model, "--out", folder / "run", "--data", f"cifar10:{images}", "--json")
    assert json.loads(done.stdout.splitlines()[-1])["epoch"] == 2
    refused(3, GAZE, "train", model, "--out", folder / "run", says=["nowhere", "cifar-10-binary.tar.gz"])


def token_ids_of_different_length_are_learnt_from_csv(folder):
    random = np.random.default_rng(0)
    (folder / "text").mkdir()
    for name, count in (("train.csv", 400), ("test.csv", 100)):
        lines = [[k, *(random.integers(1 + 10 * k, 11 + 10 * k, random.integers(5, 12)))] for k in random.integers(0, 4, count)]
        (folder / "text" / name).write_text("label,words\n" + "".join(",".join(map(str, line)) + "\n" for line in lines))
    layers = [{"name": "embedding", "type": "embedding", "input_dim": 41, "output_dim": 8, "mask_zero": True},
              {"name": "attention", "type": "attention", "kind": "additive_pool", "units": 8},
              {"name": "class", "type": "dense", "units": 4, "activation": "softmax"}]
    model = write_model(folder, [{"name": "words", "shape": [None], "dtype": "int32"}], layers,
                        {"type": "csv", "path": str(folder / "text"), "allow_overlap": True}, epochs=30)
    run(GAZE, "train", model, "--out", folder / "run", "--seed", "1")
    assert json.loads(run(GAZE, "evaluate", folder / "run", "--json").stdout.splitlines()[0])["accuracy"] > 0.95
    (folder / "text/train.csv").write_text("label,words\n1,2,3\n2,x,3\n")
    refused(3, GAZE, "train", model, "--out", folder / "run", says=["train.csv:3:3", "found 'x'"])


def unknown_types_and_sets_offer_the_nearest(folder):
    model = write_model(folder, [{"name": "x", "shape": [50, 64]}], CLASSIFIER, {"type": "fodler", "path": "x"})
    refused(2, GAZE, "train", model, "--out", folder / "run", says="did you mean 'folder'?")
    refused(2, GAZE, "train", model, "--out", folder / "run", "--data", "synthetic:needel", says="did you mean 'needle'?")


def an_lstm_with_attention_looks_at_the_needle(folder):
    layers = [{"name": "lstm", "type": "lstm", "units": 64, "return_sequences": True},
              {"name": "attention", "type": "attention", "kind": "additive_pool", "units": 64},
              {"name": "class", "type": "dense", "units": 10, "activation": "softmax"}]
    model = write_model(folder, [{"name": "sequence", "shape": [None, 64]}], layers, {"type": "synthetic", "path": "needle"}, epochs=4)
    run(GAZE, "train", model, "--out", folder / "run", "--seed", "1")
    run(DUMP, folder / "run", "--index", "0..499", "--map", "attention", "--view", "map", "--out", folder / "maps", "--seed", "1")
    (array,) = (folder / "maps").glob("*.attention.npy")
    samples = json.loads(array.with_suffix(".json").read_text())["samples"]
    hits = [one.argmax() == sample["truth"]["y0"] for one, sample in zip(np.load(array), samples)]
    print(f"arg max of the map at the needle: {100 * np.mean(hits):.1f} % of {len(hits)} test sequences")
    assert len(hits) == 500 and np.mean(hits) >= 0.95


def reversing_is_learnt_with_attention(folder):
    layers = [{"name": "read", "type": "embedding", "input_dim": 12, "output_dim": 32, "inputs": ["source"]},
              {"name": "encoder", "type": "lstm", "units": 64, "return_sequences": True, "return_state": True},
              {"name": "write", "type": "embedding", "input_dim": 12, "output_dim": 32, "inputs": ["target"]},
              {"name": "decoder", "type": "lstm", "units": 64, "return_sequences": True,
               "initial_state": ["encoder/state_h", "encoder/state_c"]},
              {"name": "attention", "type": "attention", "kind": "luong", "score": "general", "inputs": ["decoder", "encoder"]},
              {"name": "join", "type": "concatenate", "inputs": ["decoder", "attention"]},
              {"name": "class", "type": "dense", "units": 12, "activation": "softmax"}]
    inputs = [{"name": name, "shape": [10], "dtype": "int32"} for name in ("source", "target")]
    model = write_model(folder, inputs, layers, {"type": "synthetic", "path": "reverse"}, epochs=10)
    run(GAZE, "train", model, "--out", folder / "run", "--seed", "1")
    accuracy = json.loads(run(GAZE, "evaluate", folder / "run", "--json", "--seed", "1").stdout.splitlines()[0])["accuracy"]
    print(f"tokens written right: {100 * accuracy:.2f} %")
    assert accuracy > 0.99


if __name__ == "__main__":
    main([a_folder_of_images_is_learnt_and_its_classes_are_named, damaged_images_are_named_counted_and_left_out_where_asked,
          damaged_images_are_left_out_of_pictures_where_asked,
          the_same_seed_augments_in_the_same_way, cifar10_is_read, token_ids_of_different_length_are_learnt_from_csv,
          unknown_types_and_sets_offer_the_nearest, an_lstm_with_attention_looks_at_the_needle, reversing_is_learnt_with_attention])
