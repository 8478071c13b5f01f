#!/usr/bin/env python3
"""gaze tune: kernels are measured, kept for later runs, and never taken where they are wrong."""
import json
import os
import shutil
import subprocess
from pathlib import Path

from harness import GAZE, SOURCE, main, refused, run

PATCH = SOURCE / "models/patch.json"
ATTENTION = SOURCE / "models/000-fashion-attention.json"
GPU = {"GAZE_FAMILY": "gpu"}

# The interface of CLBlast that Gaze calls, which multiplies nothing.
BROKEN = """
int CLBlastSgemm(void) { return 0; }
int CLBlastClearCache(void) { return 0; }
"""


# Products that take longer than a launch.
PRODUCTS = {"gaze_model": 1, "inputs": [{"name": "x", "shape": [512]}], "outputs": ["class"], "loss": "sparse_categorical_crossentropy",
            "layers": [{"name": "hidden", "type": "dense", "units": 512, "activation": "relu"},
                       {"name": "class", "type": "dense", "units": 64, "activation": "softmax"}]}


def caches(folder):
    """A folder of the test's own for what is chosen; what PoCL has compiled stays where it is."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return {"XDG_CACHE_HOME": str(folder), "POCL_CACHE_DIR": os.environ.get("POCL_CACHE_DIR") or str(cache / "pocl/kcache")}


def products(folder):
    (folder / "products.json").write_text(json.dumps(PRODUCTS))
    return folder / "products.json"


def lines_of(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def tune(*words, env, status=0):
    *choices, last = lines_of(run(GAZE, "tune", *words, "--json", env=env, status=status))
    return choices, last


def bench(*words, env):
    return lines_of(run(GAZE, "bench", *words, "--seconds", 0.05, "--json", env=env))[-1]


def shown(env):
    return lines_of(run(GAZE, "tune", "--show", "--json", env=env))


def whatever_is_taken_is_kept_shown_and_forgotten(folder):
    env = caches(folder)
    choices, last = tune(ATTENTION, "--batch-size", 8, env=env)
    assert {choice["op"] for choice in choices} >= {"step", "dense", "conv2d_max_pool2d"}, choices
    assert all(len(choice["candidates"]) > 1 for choice in choices), choices
    taken = [choice for choice in choices if choice["taken"] != choice["candidates"][0]["name"]]
    assert last["choices"] == len(choices) and last["taken"] == len(taken) == len(shown(env)) and last["failed"] == 0, last
    assert all(choice["gain_percent"] >= 4 for choice in taken), taken
    used = bench(ATTENTION, "--batch-size", 8, env=env)["tuned"]
    assert {(u["op"], u["by"]) for u in used} == {(c["op"], c["taken"]) for c in taken}, (used, taken)
    run(GAZE, "tune", "--forget", env=env)
    assert shown(env) == [] and bench(ATTENTION, "--batch-size", 8, env=env)["tuned"] == []


def nothing_is_taken_where_time_is_up(folder):
    env = caches(folder)
    choices, last = tune(ATTENTION, "--batch-size", 8, "--budget", 1e-3, env=env)
    assert choices and last["taken"] == 0 and last["before_ms"] == 0, (choices, last)
    assert all(candidate["ms"] == 0 for choice in choices for candidate in choice["candidates"]), choices


def what_is_asked_for_by_name_is_told(folder):
    env = {**caches(folder), "GAZE_CHOICES": "panels"}
    tuned = bench(ATTENTION, "--batch-size", 8, env=env)["tuned"]
    assert tuned and all(t["op"] == "dense" and t["by"] == "panels" and t["layer"] for t in tuned), tuned
    assert "by panels" in run(GAZE, "bench", ATTENTION, "--batch-size", 8, "--seconds", 0.05, env=env).stdout
    run(GAZE, "train", PATCH, "--steps", 2, "--quiet", "--out", folder / "run", env=env)
    tuned = json.loads((folder / "run/run.json").read_text())["tuned"]
    assert tuned and all(t.startswith("training cpu") and t.endswith(": panels") for t in tuned), tuned
    refused(2, GAZE, "tune", PATCH, env=env, says=["GAZE_CHOICES=panels", "unset"])


def a_kernel_that_is_wrong_is_not_taken(folder):
    """A kernel that does nothing is fast."""
    kernels = folder / "cl"
    shutil.copytree(SOURCE / "cl", kernels)
    text = (kernels / "dense.cl").read_text()
    begin = text.index("{", text.index("GAZE_ONE dense_packed("))
    (kernels / "dense.cl").write_text(text[:begin + 1] + "\n    return;" + text[begin + 1:])
    env = {**caches(folder), "GAZE_KERNEL_DIR": str(kernels)}
    choices, last = tune(products(folder), "--train", env=env, status=5)
    failed = [c for choice in choices for c in choice["candidates"] if c["failed"]]
    assert last["failed"] == len(failed) > 0 and all(c["name"] == "panels" and "expected" in c["failed"] for c in failed), choices
    assert all(choice["taken"] != "panels" for choice in choices) and all(s["taken"] != "panels" for s in shown(env)), choices


def products_by_clblast_keep_the_limits(folder):
    for op in "dense", "dense_input_gradient", "dense_kernel_gradient":
        out = run(GAZE, "verify", "--op", op, "--quick", "--json", env={**GPU, "GAZE_CHOICES": "clblast"}).stdout
        last = json.loads(out.splitlines()[-1])
        assert last["failed"] == 0 and last["passed"] >= 40, (op, out)


def a_library_that_is_wrong_is_not_taken(folder):
    (folder / "broken.c").write_text(BROKEN)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", folder / "libclblast.so.1", folder / "broken.c"], check=True)
    env = {**caches(folder), **GPU, "LD_LIBRARY_PATH": str(folder)}
    choices, last = tune(products(folder), env=env, status=5)
    assert last["failed"] > 0 and all(choice["taken"] != "clblast" for choice in choices), choices
    out = run(GAZE, "verify", "--op", "dense", "--json", "--quick", env={**env, "GAZE_CHOICES": "clblast"}, status=5).stdout
    assert json.loads(out.splitlines()[-1])["failed"] > 0, out


def only_a_device_is_tuned(folder):
    refused(2, GAZE, "tune", PATCH, "--reference", says="reference")
    refused(2, GAZE, "tune", PATCH, "--show", says="leave MODEL away")


if __name__ == "__main__":
    main([
        whatever_is_taken_is_kept_shown_and_forgotten,
        nothing_is_taken_where_time_is_up,
        what_is_asked_for_by_name_is_told,
        a_kernel_that_is_wrong_is_not_taken,
        products_by_clblast_keep_the_limits,
        a_library_that_is_wrong_is_not_taken,
        only_a_device_is_tuned,
    ])
