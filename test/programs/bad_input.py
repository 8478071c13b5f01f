#!/usr/bin/env python3
"""Bad input of every kind: the exit status says whose fault it is, the message names the place, and nothing is left half written."""
import gzip
import json
import struct

import numpy as np
from harness import DUMP, GAZE, SOURCE, main, refused, run

MODEL = SOURCE / "models/000-fashion-attention.json"
TINY = {
    "gaze_model": 1,
    "inputs": [{"name": "image", "shape": [6, 6, 1], "dtype": "float32"}],
    "layers": [
        {"name": "conv", "type": "conv2d", "filters": 2, "kernel_size": 3},
        {"name": "flatten", "type": "flatten"},
        {"name": "class", "type": "dense", "units": 3, "activation": "softmax"},
    ],
    "outputs": ["class"],
    "loss": "sparse_categorical_crossentropy",
}


def write_model(folder, change=lambda m: None):
    model = json.loads(json.dumps(TINY))
    change(model)
    path = folder / "tiny.json"
    path.write_text(json.dumps(model, indent=1))
    return path


def write_idx(folder, images=None, labels=None, n=8, side=6):
    """A data set in the MNIST format; images and labels may be given as raw bytes."""
    folder.mkdir(exist_ok=True)
    random = np.random.default_rng(0)
    for part, seed in (("train", 0), ("t10k", 1)):
        random = np.random.default_rng(seed)
        pixels = struct.pack(">4I", 0x803, n, side, side) + random.integers(0, 256, n * side * side, dtype=np.uint8).tobytes()
        classes = struct.pack(">2I", 0x801, n) + (np.arange(n, dtype=np.uint8) % 3).tobytes()
        (folder / f"{part}-images-idx3-ubyte").write_bytes(pixels if images is None else images(pixels))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(classes if labels is None else labels(classes))
    return f"idx:{folder}"


def train(folder, model, data, *more):
    return [GAZE, "train", model, "--data", data, "--out", folder / "run", "--steps", 2, "--batch-size", 4, *more]


def a_good_run_is_not_refused(folder):
    run(*train(folder, write_model(folder), write_idx(folder / "data")))


def missing_model_file(folder):
    refused(4, GAZE, "summary", folder / "nothing.json", says=["nothing.json", "no such file"])


def missing_data_folder(folder):
    refused(3, *train(folder, write_model(folder), f"idx:{folder}/nowhere"), says="nowhere")


def truncated_gz(folder):
    data = write_idx(folder / "data")
    plain = folder / "data/train-images-idx3-ubyte"
    packed = gzip.compress(plain.read_bytes())
    plain.unlink()
    (folder / "data/train-images-idx3-ubyte.gz").write_bytes(packed[: len(packed) // 2])
    refused(3, *train(folder, write_model(folder), data), says=["train-images-idx3-ubyte.gz", "byte"])


def wrong_magic(folder):
    data = write_idx(folder / "data", images=lambda raw: b"\x00\x00\x0d\x03" + raw[4:])
    refused(3, *train(folder, write_model(folder), data), says=["train-images-idx3-ubyte", "0x00000d03", "0x00000803"])


def label_out_of_range(folder):
    data = write_idx(folder / "data", labels=lambda raw: raw[:-1] + b"\x07")
    refused(3, *train(folder, write_model(folder), data), says=["train-labels-idx1-ubyte", "7"])


def unknown_layer_offers_the_nearest(folder):
    model = write_model(folder, lambda m: m["layers"][0].update(type="conv2"))
    refused(4, GAZE, "summary", model, says=["tiny.json", "conv", "conv2d"])


def unknown_key_offers_the_nearest(folder):
    model = write_model(folder, lambda m: m["layers"][0].update(filtres=3))
    refused(4, GAZE, "summary", model, says=["tiny.json", "conv", "filtres", "filters"])


def unknown_attention_kind_offers_the_nearest(folder):
    model = write_model(folder, lambda m: m["layers"].insert(1, {"name": "a", "type": "attention", "kind": "spacial"}))
    refused(4, GAZE, "summary", model, says=["tiny.json", "spacial", "spatial"])


def shapes_that_do_not_fit_name_both_layers(folder):
    def change(model):
        model["layers"][1:1] = [{"name": "other", "type": "conv2d", "filters": 2, "kernel_size": 2, "inputs": ["image"]},
                                {"name": "sum", "type": "add", "inputs": ["conv", "other"]}]
    refused(4, GAZE, "summary", write_model(folder, change), says=["tiny.json", "sum", "conv", "[4,4,2]", "other", "[5,5,2]"])


def broken_json_names_line_and_column(folder):
    (folder / "m.json").write_text('{"gaze_model": 1,\n "inputs": [}\n')
    refused(4, GAZE, "summary", folder / "m.json", says="m.json:2:13")


def weights_of_another_model(folder):
    data = write_idx(folder / "data")
    run(*train(folder, write_model(folder), data))
    other = write_model(folder, lambda m: m["layers"][0].update(filters=5))
    refused(4, GAZE, "evaluate", other, "--weights", folder / "run/weights.safetensors", "--data", data,
            says=["weights.safetensors", "conv.kernel"])


def no_opencl_platform(folder):
    (folder / "vendors").mkdir()
    refused(5, GAZE, "bench", write_model(folder), env={"OCL_ICD_VENDORS": str(folder / "vendors")},
            says=["opencl", "apt-get install pocl-opencl-icd"])


def the_reference_needs_no_platform(folder):
    (folder / "vendors").mkdir()
    np.save(folder / "x.npy", np.zeros((1, 6, 6, 1), np.float32))
    run(GAZE, "predict", write_model(folder), "--input", folder / "x.npy", "--reference", env={"OCL_ICD_VENDORS": str(folder / "vendors")})


def output_folder_that_is_a_file(folder):
    (folder / "run").write_text("not a folder")
    refused(3, *train(folder, write_model(folder), write_idx(folder / "data")), says=str(folder / "run"))


def full_disk(folder):
    disk = folder / "disk"
    disk.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", disk)
    try:
        command = train(folder, write_model(folder), write_idx(folder / "data"))
        (disk / "ballast").write_bytes(b"x" * 8192)
        command[command.index("--out") + 1] = disk / "run"
        refused(3, *command, says=["no space left", str(disk)])
        left = [f.name for f in disk.rglob("*") if f.is_file() and f.name != "ballast"]
        assert not [n for n in left if "tmp" in n or n.startswith(".")], f"half-written files are left: {left}"
    finally:
        run("umount", disk)


def batch_size_zero(folder):
    refused(2, *train(folder, write_model(folder), write_idx(folder / "data"))[:-1], "0", says="--batch-size")


def unknown_option_and_command(folder):
    refused(2, GAZE, "train", "--epoch-count", "3", says="epoch-count")
    refused(2, GAZE, "trian", says=["trian", "train"])


def more_memory_than_the_device_has(folder):
    refused(5, GAZE, "bench", MODEL, "--train", "--batch-size", 45000, env={"POCL_MEMORY_LIMIT": "1"}, says=["GiB", "batch"])


def input_of_another_shape(folder):
    np.save(folder / "x.npy", np.zeros((2, 5, 6, 1), np.float32))
    refused(3, GAZE, "predict", write_model(folder), "--input", folder / "x.npy", says=["x.npy", "[2,5,6,1]", "6,6,1"])


def truncated_image(folder):
    picture = next((SOURCE / "test/golden/pictures").glob("*.png")).read_bytes()
    (folder / "half.png").write_bytes(picture[: len(picture) // 2])
    refused(3, DUMP, write_model(folder, lambda m: m["layers"].insert(1, {"name": "a", "type": "attention", "kind": "spatial"})),
            "--input", folder / "half.png", "--out", folder / "maps", says="half.png")
    assert not list((folder / "maps").glob("*")) if (folder / "maps").exists() else True


def unknown_map(folder):
    np.save(folder / "x.npy", np.zeros((1, 6, 6, 1), np.float32))
    model = write_model(folder, lambda m: m["layers"].insert(1, {"name": "look", "type": "attention", "kind": "spatial"}))
    refused(2, DUMP, model, "--input", folder / "x.npy", "--out", folder / "maps", "--map", "lok", says=["lok", "look"])


def damaged_weights(folder):
    (folder / "w.safetensors").write_bytes(b"\xff" * 7 + b"\x7f" + b"{}" * 50)
    refused(4, GAZE, "evaluate", write_model(folder), "--weights", folder / "w.safetensors", "--data", write_idx(folder / "data"),
            says="w.safetensors")


if __name__ == "__main__":
    main([f for name, f in list(globals().items())
          if callable(f) and getattr(f, "__module__", "") == "__main__" and not name.startswith(("write_", "train"))])
