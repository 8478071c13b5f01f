"""gaze import: test/onnx/cases, made and computed by others (test/onnx/make.py), and files that have to be refused."""
import json
import os
import shutil

import numpy as np

from harness import DUMP, GAZE, SOURCE, main, refused, run

CASES, REFUSED = SOURCE / "test/onnx/cases", SOURCE / "test/onnx/refused"


def imported(model, out, *options):
    return json.loads(run(GAZE, "import", model, "--out", out, "--json", *options).stdout)


def as_gaze(array, axes):
    """An array of ONNX as Gaze has it."""
    array = array.transpose([a for a in axes if a is not None])
    sizes = iter(array.shape)
    return np.ascontiguousarray(array.reshape([1 if a is None else next(sizes) for a in axes]))


def options(name):
    if name.startswith("logarithms"):
        return ["--softmax"]
    return ["--batch-axis", "1"] if name in ("open-steps", "gru-reset-before", "lstm-reverse") else []


def predicted(folder, case, info, *mode):
    words = []
    for at, about in enumerate(info["inputs"]):
        np.save(folder / f"in{at}.npy", as_gaze(np.load(case / f"input.{at}.npy"), about["axes"]))
        words += ["--input", f"{about['name']}={folder}/in{at}.npy"]
    run(GAZE, "predict", folder / "model.json", *words, "--output", folder / "y.npy", *mode)
    return np.load(folder / "y.npy")


def check(case, folder):
    info = imported(case / "model.onnx", folder, *options(case.name))
    expected = as_gaze(np.load(case / "output.0.npy"), info["outputs"][0]["axes"])
    if "--softmax" in options(case.name):
        expected = np.exp(expected)
    found = predicted(folder, case, info, "--reference")
    assert found.shape == expected.shape, f"shape {found.shape}, ONNX Runtime's is {expected.shape}"
    worst = np.abs(found - expected).max() / np.abs(expected).max()
    assert worst < 2e-5, f"the largest difference is {worst:.1e} of the largest value"
    return info


def every_case_gives_what_onnx_runtime_gives(folder):
    cases = sorted(c for c in CASES.iterdir() if c.is_dir())
    assert len(cases) > 40
    wrong = []
    for case in cases:
        try:
            check(case, folder / case.name)
        except AssertionError as error:
            wrong.append(f"{case.name}: {error}")
    assert not wrong, "\n".join(wrong)


def a_device_gives_the_same(folder):
    for name in ("residual-dynamo", "decoder-dynamo", "bilstm-script"):
        info = imported(CASES / name / "model.onnx", folder)
        device, reference = (predicted(folder, CASES / name, info, *mode) for mode in ((), ("--reference",)))
        np.testing.assert_allclose(device, reference, rtol=1e-3, atol=1e-5)


def attention_over_any_number_of_steps_keeps_it_open(folder):
    """The sum over the steps is the attention's own; the same sum of anything else wants to know how many there are."""
    info = imported(CASES / "attention-over-steps-keras/model.onnx", folder / "open")
    model = json.loads((folder / "open/model.json").read_text())
    assert model["inputs"][0]["shape"] == [None, 4], model["inputs"]
    assert [layer.get("kind") for layer in model["layers"]] == [None, "additive_pool", None], model["layers"]
    name = info["inputs"][0]["name"]
    for steps in (3, 11):
        np.save(folder / "x.npy", np.ones((1, steps, 4), np.float32))
        out = run(DUMP, folder / "open/model.json", "--input", f"{name}={folder}/x.npy", "--out", folder / f"maps{steps}").stdout
        assert np.load(out.split()[0]).shape == (1, steps)


def everything_that_cannot_be_taken_is_listed_and_nothing_written(folder):
    done = refused(4, GAZE, "import", REFUSED / "many.onnx", "--out", folder / "new", says=["3 of its 4 nodes", "'first', Sin", "Cos", "'last', Sin"])
    assert done.stderr.count("\n") == 4, done.stderr
    assert not (folder / "new").exists()
    refused(4, GAZE, "import", REFUSED / "domain.onnx", "--out", folder / "new", says=["com.microsoft.Relu", "other domains"])
    refused(4, GAZE, "import", CASES / "logarithms-dynamo/model.onnx", "--out", folder / "new", says=["LogSoftmax", "--softmax"])
    refused(4, GAZE, "import", REFUSED / "no-shape.onnx", "--out", folder / "new", says=["input 'x'", "no shape"])
    refused(4, GAZE, "import", REFUSED / "old-opset.onnx", "--out", folder / "new", says=["opset 6", "export it again"])


def sizes_are_checked_before_memory(folder):
    refused(3, GAZE, "import", REFUSED / "huge-tensor.onnx", "--out", folder, says=["'w'", "4 bytes"])
    refused(4, GAZE, "import", REFUSED / "huge-constant.onnx", "--out", folder, says=["Range", "range of"])


def data_outside_the_model_stay_inside_its_folder(folder):
    weights = np.arange(8, dtype=np.float32)
    (folder / "weights.bin").write_bytes(weights.tobytes())
    (folder / "model").mkdir()
    model = folder / "model/m.onnx"
    shutil.copy(REFUSED / "outside.onnx", model)
    refused(3, GAZE, "import", model, "--out", folder / "out", says=["'weights.bin'", "can't be read"])
    for name in ("outside-up", "outside-root", "outside-dots"):
        shutil.copy(REFUSED / f"{name}.onnx", model)
        refused(3, GAZE, "import", model, "--out", folder / "out", says="expected a file in the model's folder")
    shutil.copy(REFUSED / "outside.onnx", model)
    os.symlink("../weights.bin", folder / "model/weights.bin")
    refused(3, GAZE, "import", model, "--out", folder / "out", says="link")
    os.remove(folder / "model/weights.bin")
    os.link(folder / "weights.bin", folder / "model/weights.bin")
    refused(3, GAZE, "import", model, "--out", folder / "out", says="hard link")
    os.remove(folder / "model/weights.bin")
    shutil.copy(folder / "weights.bin", folder / "model/weights.bin")
    imported(model, folder / "out")
    np.save(folder / "x.npy", np.eye(3, dtype=np.float32))
    run(GAZE, "predict", folder / "out/model.json", "--input", folder / "x.npy", "--output", folder / "y.npy", "--reference")
    np.testing.assert_array_equal(np.load(folder / "y.npy"), weights[2:].reshape(3, 2))
    shutil.copy(REFUSED / "outside-long.onnx", model)
    refused(3, GAZE, "import", model, "--out", folder / "out", says="ends before them")


def damaged_files_are_refused_by_name(folder):
    whole = (CASES / "plain-script/model.onnx").read_bytes()
    for at in (0, 1, 10, len(whole) // 2, len(whole) - 1):
        (folder / "cut.onnx").write_bytes(whole[:at])
        refused(3, GAZE, "import", folder / "cut.onnx", "--out", folder / "out", says="cut.onnx")
    deep = b""
    while len(deep) < 100000:  # a type of a sequence of a sequence of ...
        deep = b"\x0a" + varint(len(deep)) + deep
        deep = b"\x22" + varint(len(deep)) + deep
    for tag in (b"\x12", b"\x5a", b"\x3a"):  # TypeProto in ValueInfoProto in GraphProto in ModelProto
        deep = tag + varint(len(deep)) + deep
    (folder / "deep.onnx").write_bytes(deep)
    refused(3, GAZE, "import", folder / "deep.onnx", "--out", folder / "out", says=["deep.onnx", "nested too deep"])


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out) + bytes([n])


def attention_in_parts_becomes_a_layer_with_its_map(folder):
    kinds = {"cross": "multi_head", "decoder": "multi_head", "vision": "multi_head", "text": "dot", "additive-pool": "additive_pool",
             "additive-scale": "additive_scale", "spatial": "spatial", "squeeze": "squeeze_excite",
             "soft-gate": "soft_gate"}
    for name, kind in kinds.items():
        for exporter in ("script", "dynamo"):
            imported(CASES / f"{name}-{exporter}/model.onnx", folder)
            found = [l["kind"] for l in json.loads((folder / "model.json").read_text())["layers"] if l["type"] == "attention"]
            assert found == [kind], f"{name}-{exporter}: {found}"
    imported(CASES / "cross-dynamo/model.onnx", folder)
    maps = run(DUMP, folder / "model.json", "--list").stdout
    assert "multi_head" in maps and "[2,5,7]" in maps.replace(" ", ""), maps


def an_imported_model_is_trained(folder):
    imported(CASES / "residual-dynamo/model.onnx", folder, "--softmax")
    (folder / "data/train").mkdir(parents=True)
    rng = np.random.default_rng(0)
    label = rng.integers(0, 3, 64).astype(np.int32)
    np.save(folder / "data/train/label.npy", label)
    name = json.loads((folder / "model.json").read_text())["inputs"][0]["name"]
    np.save(folder / f"data/train/{name}.npy", (rng.standard_normal((64, 12, 12, 2)) + label[:, None, None, None]).astype(np.float32))
    run(GAZE, "train", folder / "model.json", "--data", f"npy:{folder}/data", "--epochs", "20", "--out", folder / "run", "--seed", "1")
    rows = (folder / "run/log.csv").read_text().splitlines()
    loss = [float(dict(zip(rows[0].split(","), row.split(",")))["loss"]) for row in rows[1:]]
    assert loss[-1] < loss[0] / 2, loss


def open_sizes_are_given_by_name(folder):
    info = imported(CASES / "open-image/model.onnx", folder, "--size", "height=8", "--size", "width=9")
    assert json.loads((folder / "model.json").read_text())["inputs"][0]["shape"] == [8, 9, 2]
    imported(CASES / "open-image/model.onnx", folder)
    assert json.loads((folder / "model.json").read_text())["inputs"][0]["shape"] == [None, None, 2]
    assert info["inputs"][0]["axes"] == [0, 2, 3, 1]
    refused(2, GAZE, "import", CASES / "open-image/model.onnx", "--out", folder, "--size", "width=many", says="expected NAME=N")


def logits_get_a_softmax_where_asked(folder):
    imported(CASES / "residual-dynamo/model.onnx", folder, "--softmax")
    model = json.loads((folder / "model.json").read_text())
    assert model["layers"][-1]["activation"] == "softmax" and model["loss"] == "sparse_categorical_crossentropy", model


if __name__ == "__main__":
    main([every_case_gives_what_onnx_runtime_gives, a_device_gives_the_same, attention_over_any_number_of_steps_keeps_it_open,
          everything_that_cannot_be_taken_is_listed_and_nothing_written, sizes_are_checked_before_memory,
          data_outside_the_model_stay_inside_its_folder, damaged_files_are_refused_by_name,
          attention_in_parts_becomes_a_layer_with_its_map, an_imported_model_is_trained, open_sizes_are_given_by_name,
          logits_get_a_softmax_where_asked])
