"""What is run with faults: the smallest runs that do all of their work."""
import json
import os
import shutil
import struct
import subprocess
import zlib
from dataclasses import dataclass
from pathlib import Path

MODEL = {
    "gaze_model": 1, "name": "tiny",
    "inputs": [{"name": "image", "shape": [8, 8, 1], "dtype": "float32"}],
    "layers": [{"name": "conv", "type": "conv2d", "filters": 4, "kernel_size": 3, "activation": "relu"},
               {"name": "attention", "type": "attention", "kind": "additive_pool", "units": 4},
               {"name": "class", "type": "dense", "units": 2, "activation": "softmax"}],
    "outputs": ["class"], "loss": "sparse_categorical_crossentropy",
    "optimizer": {"type": "adam", "learning_rate": 0.01},
    "train": {"batch_size": 4, "epochs": 2}, "classes": ["a", "b"]}


@dataclass
class Scenario:
    name: str
    program: str
    words: list
    about: str
    prepare: object = None  # fills the folder of a run beforehand
    code: int = 0           # that of a run without a fault
    env: dict = None


def write_png(path, seed, side=8):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\0" + bytes((x * 7 + y * 13 + seed * 31) & 255 for x in range(side)) for y in range(side))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
                     + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def make_inputs(root, gaze, env):
    """The model, images, a trained run, one that stands after its first epoch, and kernels that do not compile."""
    root.mkdir(exist_ok=True)
    (root / "tiny.json").write_text(json.dumps(MODEL))
    for part, count, first in (("train", 4, 0), ("test", 2, 50)):
        for label, name in enumerate("ab"):
            for i in range(count):
                write_png(root / "data" / part / name / f"{i}.png", first + 2 * i + label)
    for out, epochs in (("trained", "2"), ("begun", "1")):
        subprocess.run([gaze, "train", root / "tiny.json", "--data", f"folder:{root}/data", "--out", root / out, "--epochs",
                        epochs], env={**os.environ, **env}, check=True, capture_output=True)
    (root / "kernels").mkdir()
    (root / "kernels/conv2d_filters.cl").write_text("this is no OpenCL C\n")
    (root / "kernels/conv2d.cl").write_text("this is no OpenCL C\n")


def scenarios(root):
    image, train = root / "data/test/a/0.png", ["train", root / "tiny.json", "--data", f"folder:{root}/data", "--out", "out"]

    def old_prediction(folder):
        (folder / "answer.npy").write_bytes(b"an older file")

    def begun(folder):
        shutil.copytree(root / "begun", folder / "out")

    return [
        Scenario("train", "gaze", [*train, "--keep-checkpoints", "2"], "2 epochs, a checkpoint before and after each"),
        Scenario("resume", "gaze", [*train, "--resume", "--epochs", "2"], "the second epoch, from a checkpoint", begun),
        Scenario("predict", "gaze", ["predict", root / "trained", "--input", image, "--output", "answer.npy"],
                 "of one image, over an older file", old_prediction),
        Scenario("dump", "dump_attention", [root / "trained", "--input", image, "--out", "maps"], "values and pictures of a map"),
        Scenario("broken", "gaze", ["predict", root / "trained", "--input", image],
                 "a kernel that does not compile", code=5, env={"GAZE_KERNEL_DIR": str(root / "kernels")}),
        Scenario("cold", "gaze", ["predict", root / "trained", "--input", image],
                 "as PoCL's own cache is used", env={"GAZE_PROGRAM_CACHE": "driver"}),
        Scenario("bench", "gaze", ["bench", root / "trained", "--seconds", "0.01", "--batch-size", "2"],
                 "with the times of kernels"),
    ]
