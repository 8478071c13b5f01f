#!/usr/bin/env python3
"""Runs the programs on every case in test/golden/cases and compares with vectors made by Keras and NumPy in float64.

    check.py GAZE DUMP_ATTENTION [--reference] [CASE ...]

A case: model.json, weights.safetensors and in.<input>.npy go in; out.npy and map.<map>.npy must come out ('/' is '__');
label.npy and after.safetensors are the labels and the weights after one step of SGD with learning rate 0.5; case.json has
the tolerances. A line is "ok CASE ERROR", the largest error as a part of what is allowed. Ends with "N passed, N failed".
"""
import json
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
DTYPES = {"F32": "<f4", "F64": "<f8", "I32": "<i4"}


def tensors(path):
    raw = path.read_bytes()
    (size,) = struct.unpack("<Q", raw[:8])
    header, data = json.loads(raw[8 : 8 + size]), raw[8 + size :]
    header.pop("__metadata__", None)
    return {
        name: np.frombuffer(data[t["data_offsets"][0] : t["data_offsets"][1]], DTYPES[t["dtype"]]).reshape(t["shape"])
        for name, t in header.items()
    }


def run(*words):
    done = subprocess.run([str(w) for w in words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise AssertionError(f"{Path(str(words[0])).name} ended with {done.returncode}: {done.stderr.strip()}")


def part(what, got, want, allowed):
    """Largest |got - want| / allowed; more than 1, another shape or a value that is not finite fails."""
    assert got.shape == want.shape, f"{what}: shape {got.shape}, expected {want.shape}"
    assert np.isfinite(got).all(), f"{what}: not finite"
    worst = float(np.max(np.abs(got.astype(float) - want.astype(float)) / allowed, initial=0.0))
    assert worst <= 1, f"{what}: {worst:.3g} times the allowed error"
    return worst


class Case:
    def __init__(self, folder, gaze, dump, extra):
        self.folder, self.gaze, self.dump, self.extra = folder, gaze, dump, extra
        self.note = json.loads((folder / "case.json").read_text())
        self.inputs = {f.name[3:-4]: f for f in sorted(folder.glob("in.*.npy"))}
        self.maps = {f.name[4:-4]: f for f in sorted(folder.glob("map.*.npy"))}
        self.model = [folder / "model.json", "--weights", folder / "weights.safetensors"]

    def close(self, what, got, want):
        return part(what, got, want, self.note["atol"] + self.note["rtol"] * np.abs(want.astype(float)))

    def given(self):
        return [w for name, f in self.inputs.items() for w in ("--input", f"{name}={f}")]

    def predict(self, tmp):
        wanted = [w for n in self.maps for w in ("--output-map", f"{n.replace('__', '/')}={tmp / n}.npy")]
        run(self.gaze, "predict", *self.model, *self.given(), "--output", tmp / "out.npy", *wanted, *self.extra)
        yield self.close("out", np.load(tmp / "out.npy"), np.load(self.folder / "out.npy"))
        for n, f in self.maps.items():
            yield self.close(f"map {n}", np.load(tmp / f"{n}.npy"), np.load(f))

    def dumped(self, tmp):
        for n, f in self.maps.items():
            out = tmp / f"dump-{n}"
            run(self.dump, *self.model, *self.given(), "--map", n.replace("__", "/"), "--out", out, *self.extra)
            (array,) = out.glob(f"*.{n}.npy")
            got, about = np.load(array), json.loads(array.with_suffix(".json").read_text())
            yield self.close(f"dumped {n}", got, np.load(f))
            for key, value in (("sum", got.sum(dtype=float)), ("min", got.min()), ("max", got.max())):
                assert np.isclose(about[key], value, rtol=1e-4, atol=1e-5), f"{array.stem}.json: {key} is {about[key]}, expected {value}"

    def trained(self, tmp):
        if not (self.folder / "after.safetensors").exists():
            return
        data = tmp / "data" / "train"
        data.mkdir(parents=True)
        for name, f in self.inputs.items():
            np.save(data / f"{name}.npy", np.load(f))
        labels = np.load(self.folder / "label.npy")
        np.save(data / "label.npy", labels)
        run(self.gaze, "train", *self.model, "--data", f"npy:{tmp / 'data'}", "--steps", 1, "--batch-size", len(labels),
            "--optimizer", "sgd", "--learning-rate", 0.5, "--out", tmp / "run", *self.extra)
        got, before = tensors(tmp / "run" / "weights.safetensors"), tensors(self.folder / "weights.safetensors")
        assert set(got) == set(before), f"trained weights have other names: {sorted(set(got) ^ set(before))}"
        for name, after in tensors(self.folder / "after.safetensors").items():
            rows = slice(None, None, 8) if name.endswith("[::8]") else slice(None)
            name = name.removesuffix("[::8]")
            new, old = got[name], before[name]
            if new.ndim:
                new, old = new[rows], old[rows]
            yield self.close(f"trained {name}", new, after)
            moved, expected = new.astype(float) - old, after.astype(float) - old
            rounding = 8 * 2.0**-23 * np.abs(after).max()
            fixed = name in self.note["no_gradient"]
            limit = 1e-5 + rounding if fixed else self.note["rtol_change"] * np.abs(expected).max() + rounding + 1e-7
            yield part(f"change of {name}", moved, expected, limit)

    def check(self):
        with tempfile.TemporaryDirectory() as tmp:
            tmp = Path(tmp)
            return max([*self.predict(tmp), *self.dumped(tmp), *self.trained(tmp)])


def main(gaze, dump, *rest):
    extra = [w for w in rest if w.startswith("--")]
    names = [w for w in rest if not w.startswith("--")]
    folders = [HERE / "cases" / n for n in names] or sorted(f.parent for f in (HERE / "cases").glob("*/case.json"))
    failed = 0
    for folder in folders:
        try:
            print(f"ok    {folder.name:34} {Case(folder, gaze, dump, extra).check():.3f}", flush=True)
        except (AssertionError, OSError, KeyError, ValueError, subprocess.TimeoutExpired) as error:
            failed += 1
            print(f"FAIL  {folder.name:34} {error}", flush=True)
    print(f"{len(folders) - failed} passed, {failed} failed")
    return 1 if failed or not folders else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
