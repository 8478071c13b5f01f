#!/usr/bin/env python3
"""Kernels and a short training on what stands in for other devices: personalities.py [--whole] NAME...

pocl as it comes, pocl_groups_of_1, pocl_1_gib, and intel_cpu: Intel's runtime, another compiler, scheduler and vectors.
Each is `gaze verify` with its own kernels and with those for GPUs, and a training and a prediction whose results are those of
PoCL within rounding. --whole takes every case, not the quick ones. Environment: GAZE_BUILD, the build folder.
"""
import json
import os
import struct
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy

from lane import GAZE, SOURCE, TOOLS, Failed, counts, end, failures, missing, run

GIB = 1 << 30


@dataclass
class Personality:
    is_it: object  # of what `gaze devices --json` says: did the environment make the device that it should?
    env: dict = field(default_factory=dict)
    further: list = field(default_factory=list)
    forced: tuple = ("gpu", "intel")  # families that quick runs take besides the device's own: memory's size is none's matter


def device(env):
    lines = [json.loads(line) for line in run(GAZE, "devices", "--json", env=env).stdout.splitlines()]
    return next(line for line in lines if line.get("chosen"))


def verify(env, forced, whole):
    """A whole run takes every family, a quick one a processor's."""
    passed = failed = 0
    for family in [{}, *({"GAZE_FAMILY": name} for name in forced if not whole)]:
        done = run(GAZE, "verify", *([] if whole else ["--quick"]), env={**env, **family}, status=None)
        right, wrong = counts(done)
        print(f"gaze verify{' with ' + family['GAZE_FAMILY'] if family else ''}: {right} passed, {wrong} failed", flush=True)
        if wrong:
            print(failures(done))
        passed, failed = passed + right, failed + wrong
    return passed, failed


def tensors(path):
    data = path.read_bytes()
    start = 8 + struct.unpack("<Q", data[:8])[0]
    places = {name: entry["data_offsets"] for name, entry in json.loads(data[8:start]).items() if name != "__metadata__"}
    return {name: numpy.frombuffer(data[start + first:start + end], "<f4") for name, (first, end) in places.items()}


def train(env, folder):
    run(GAZE, "train", SOURCE / "models/patch.json", "--out", folder, "--steps", "20", "--batch-size", "32", "--seed", "1",
        "--quiet", env=env)
    return tensors(folder / "weights.safetensors")


def training_gives_the_same_weights(env, folder):
    """Rounding differs from device to device: 3e-7 is seen between kernels of other widths, 1e-5 is allowed."""
    ours, theirs = train({}, folder / "pocl"), train(env, folder / "other")
    if ours.keys() != theirs.keys() or not ours:
        raise Failed(f"other weights: {sorted(ours)} and {sorted(theirs)}")
    for name, expected in ours.items():
        worst = numpy.abs(theirs[name] - expected).max()
        if not worst <= 1e-5:
            raise Failed(f"after 20 steps '{name}' differs by {worst:g} from PoCL's")


def predict(env, inputs, out):
    run(GAZE, "predict", SOURCE / "models/000-fashion-attention.json", "--input", inputs, "--output", out, env=env)
    return numpy.load(out)


def prediction_gives_the_same_answers(env, folder):
    images = numpy.random.default_rng(1).random((70, 28, 28, 1), numpy.float32)
    numpy.save(folder / "images.npy", images)
    expected = predict({}, folder / "images.npy", folder / "pocl.npy")
    worst = numpy.abs(predict(env, folder / "images.npy", folder / "other.npy") - expected).max()
    if not worst <= 1e-5:
        raise Failed(f"probabilities differ by {worst:g} from PoCL's")


def write_deep(path):
    """24 layers whose values all stay until the gradients are there: 1.5 GiB for 2^20 samples, little to compute."""
    layers = [{"name": f"dense_{i}", "type": "dense", "units": 16, "activation": "tanh"} for i in range(24)]
    path.write_text(json.dumps({
        "gaze_model": 1, "name": "deep", "inputs": [{"name": "x", "shape": [16], "dtype": "float32"}],
        "layers": layers + [{"name": "class", "type": "dense", "units": 2, "activation": "softmax"}],
        "outputs": ["class"], "loss": "sparse_categorical_crossentropy", "optimizer": {"type": "sgd", "learning_rate": 0.1}}))
    return path


def bench(env, folder, batch):
    """(exit status, what it said, most memory that it had in bytes)"""
    words = [GAZE, "bench", write_deep(folder / "deep.json"), "--train", "--batch-size", batch, "--seconds", "0.01"]
    with open(folder / "said", "w+") as said:
        child = subprocess.Popen([str(word) for word in words], stdout=said, stderr=said, env={**os.environ, **env})
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        return child.returncode, said.read(), used.ru_maxrss * 1024


def too_large_is_refused_before_memory_is_taken(env, folder):
    status, said, most = bench(env, folder, 1 << 20)
    if status != 5 or "of device memory" not in said or "there are 1 GiB" not in said or "smaller batch" not in said:
        raise Failed(f"2^20 samples need more than 1 GiB, but: exit status {status}, {said}")
    if most > 0.5 * GIB:
        raise Failed(f"refused, but after {most / GIB:.1f} GiB were taken")


def too_large_a_tensor_is_refused(env, folder):
    status, said, most = bench(env, folder, 5 << 20)
    if status != 5 or "256 MiB at a time" not in said or most > 0.8 * GIB:
        raise Failed(f"a tensor of 320 MiB, but: exit status {status} after {most / GIB:.1f} GiB, {said}")


def what_fits_runs(env, folder):
    status, said, _ = bench(env, folder, 1 << 17)
    if status or "training, batch 131072" not in said:
        raise Failed(f"2^17 samples need less than 1 GiB, but: exit status {status}, {said}")


def intel(folder):
    """The environment that shows Intel's runtime alone."""
    library = TOOLS / "lib/libintelocl.so"
    if not library.exists():
        missing("Intel's OpenCL runtime")
    (folder / "intel.icd").write_text(f"{library}\n")
    return {"OCL_ICD_VENDORS": str(folder), "LD_LIBRARY_PATH": str(library.parent)}


def personalities(folder):
    is_pocl = lambda d: "Portable" in d["platform"]
    return {
        "pocl": lambda: Personality(is_pocl),
        "pocl_groups_of_1": lambda: Personality(lambda d: is_pocl(d) and d["max_group"] == 1, {"POCL_MAX_WORK_GROUP_SIZE": "1"}),
        "pocl_1_gib": lambda: Personality(lambda d: is_pocl(d) and d["global_bytes"] == GIB, {"POCL_MEMORY_LIMIT": "1"},
                                          [too_large_is_refused_before_memory_is_taken, too_large_a_tensor_is_refused, what_fits_runs], ()),
        "intel_cpu": lambda: Personality(lambda d: d["platform"].startswith("Intel"), intel(folder)),
    }


def take(personality, whole):
    """Returns (passed, failed)."""
    found = device(personality.env)
    print(f"{found['platform']}: {found['name']}, driver {found['driver']}, groups up to {found['max_group']}, "
          f"{found['global_bytes'] >> 20} MiB", flush=True)
    if not personality.is_it(found):
        raise Failed("that is not the device that was asked for")
    passed, failed = verify(personality.env, personality.forced, whole)
    for check in [training_gives_the_same_weights, prediction_gives_the_same_answers, *personality.further]:
        with tempfile.TemporaryDirectory() as folder:
            try:
                check(personality.env, Path(folder))
                print(f"ok    {check.__name__}", flush=True)
                passed += 1
            except Failed as failure:
                print(f"FAIL  {check.__name__}: {failure}", flush=True)
                failed += 1
    return passed, failed


def main():
    words = sys.argv[1:]
    whole, names = "--whole" in words, [word for word in words if word != "--whole"]
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        known = personalities(Path(folder))
        for name in names or known:
            if name not in known:
                sys.exit(f"personalities.py: there is no '{name}'; there are {', '.join(known)}")
            try:
                right, wrong = take(known[name](), whole)
            except Failed as failure:
                print(f"FAIL  {name}: {failure}")
                right, wrong = 0, 1
            passed, failed = passed + right, failed + wrong
    end(passed, failed)


if __name__ == "__main__":
    main()
